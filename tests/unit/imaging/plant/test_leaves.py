"""Real leaves: apple and grape, healthy and diseased."""

from __future__ import annotations

import io
import zipfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from taxolens.imaging.operations.picture import Mask, Pixels
from taxolens.imaging.plant.disc import widened
from taxolens.imaging.plant.lesion import find_lesions
from taxolens.imaging.plant.mask import leaf_mask
from taxolens.imaging.plant.shadow import without_shadow
from taxolens.imaging.plant.shape import shape_of

pytestmark = [pytest.mark.shared_data, pytest.mark.slow]
EACH = 16
Leaves = Mapping[str, list[tuple[Pixels, Mask]]]


@pytest.fixture(scope="module")
def leaves(shared_data: Path) -> Leaves:
    """`EACH` photos of each class, evenly drawn, with their masks."""
    names: dict[str, list[str]] = defaultdict(list)
    found: dict[str, list[tuple[Pixels, Mask]]] = {}
    with zipfile.ZipFile(shared_data / "leaves8" / "leaves8_train.zip") as archive:
        for name in sorted(archive.namelist()):
            if name.lower().endswith(".jpg"):
                names[name.split("/")[-2]].append(name)
        for label, members in names.items():
            chosen = members[:: len(members) // EACH][:EACH]
            photos = [np.array(Image.open(io.BytesIO(archive.read(name))).convert("RGB")) for name in chosen]
            found[label] = [(pixels, leaf_mask(pixels)) for pixels in photos]
    return found


def shares(leaves: Leaves, label: str) -> list[float]:
    return [find_lesions(pixels, mask).share for pixels, mask in leaves[label]]


def test_each_photo_has_a_leaf_of_a_plausible_size(leaves: Leaves) -> None:
    assert len(leaves) == 8
    sizes = [float(mask.mean()) for photos in leaves.values() for _, mask in photos]
    assert min(sizes) > 0.1 and max(sizes) < 0.85
    assert 0.35 < np.median(sizes) < 0.6


def test_leaves_are_compact_and_hardly_touch_the_border(leaves: Leaves) -> None:
    masks = [mask for photos in leaves.values() for _, mask in photos]
    border = [np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).mean() for mask in masks]
    assert np.median(border) < 0.02 and np.quantile(border, 0.95) < 0.25
    solid = [shape.solidity for shape in map(shape_of, masks) if shape is not None]
    assert np.quantile(solid, 0.05) > 0.7


def test_what_is_left_out_is_paper_without_green(leaves: Leaves) -> None:
    """Outside the mask hardly any pixel is greener than it is red and blue."""
    green = []
    for photos in leaves.values():
        for pixels, mask in photos:
            red, green_, blue = np.moveaxis(pixels.astype(int), -1, 0)
            outside = ~widened(mask, 3)
            green.append(float((green_ > np.maximum(red, blue) + 12)[outside].mean()))
    assert np.quantile(green, 0.9) < 0.01


def test_diseased_leaves_have_a_larger_diseased_share(leaves: Leaves) -> None:
    healthy = np.array(shares(leaves, "Apple_healthy") + shares(leaves, "Grape_healthy"))
    ill = [label for label in leaves if not label.endswith("healthy")]
    diseased = np.array([share for label in ill for share in shares(leaves, label)])
    wins = (diseased[:, None] > healthy).mean() + 0.5 * (diseased[:, None] == healthy).mean()
    assert wins > 0.93
    assert np.median(healthy) < 0.005
    for label in ill:
        assert np.median(shares(leaves, label)) > 0.008, label


def test_shadow_removal_evens_out_the_paper(leaves: Leaves) -> None:
    before, after = [], []
    for photos in leaves.values():
        for pixels, mask in photos[:3]:
            outside = ~widened(mask, 4)
            before.append(float(pixels[outside].mean(axis=1).std()))
            after.append(float(without_shadow(pixels, mask)[outside].mean(axis=1).std()))
    assert np.median(after) < 0.5 * np.median(before)
