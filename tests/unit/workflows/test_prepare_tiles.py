"""Photos with boxes cut into tiles."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image as Pillow

from taxolens.core.errors import DataError, UsageError
from taxolens.core.geometry import Box
from taxolens.data.dataset import Dataset, load_dataset
from taxolens.imaging.operations.picture import Picture
from taxolens.imaging.tiling import Tiling
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.prepare import PrepareRecipe
from taxolens.recipes.source import SourceRecipe
from taxolens.workflows.prepare import prepare
from taxolens.workflows.prepare_tiles import cut
from tests.conftest import write_class_folders

PLACES = ((5, 5), (95, 40), (150, 100))


def recipe(data: Path, out: Path, **given: object) -> PrepareRecipe:
    return parse_recipe(PrepareRecipe, {"source.data": data, "out": out, **given})


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def traps(tmp_path: Path) -> Path:
    """Six photos of 200 by 140 pixels, each with three bright squares of 20 pixels in boxes."""
    root = tmp_path / "traps"
    (root / "images").mkdir(parents=True)
    (root / "labels").mkdir()
    (root / "classes.txt").write_text("springtail\n")
    for number in range(6):
        pixels = np.full((140, 200, 3), number, np.uint8)
        lines = []
        for left, top in PLACES:
            pixels[top : top + 20, left : left + 20] = 250
            lines.append(f"0 {(left + 10) / 200} {(top + 10) / 140} 0.1 {20 / 140}\n")
        Pillow.fromarray(pixels).save(root / "images" / f"{number}.png")
        (root / "labels" / f"{number}.txt").write_text("".join(lines))
    return root


def loaded(out: Path, home: Path) -> Dataset:
    return load_dataset(SourceRecipe(out), home=home)


def pixels_of(path: Path) -> NDArray[np.uint8]:
    with Pillow.open(path) as photo:
        return np.asarray(photo.convert("L"))


def test_every_box_of_a_tile_lies_where_its_animal_is(traps: Path, tmp_path: Path, home: Path) -> None:
    out = tmp_path / "ready"
    prepare(recipe(traps, out, **{"tile.size": 100, "allow_missing": True}), home=home)
    whole = 0
    for image in loaded(out, home).images:
        pixels = pixels_of(image.path)
        bright = pixels == 250
        assert pixels.shape == (100, 100)
        for one in image.annotations or ():
            left, top = round(one.box.x * 100), round(one.box.y * 100)
            width, height = round(one.box.width * 100), round(one.box.height * 100)
            assert bright[top : top + height, left : left + width].all()
            whole += (width, height) == (20, 20)
    assert whole >= 6 * len(PLACES)


def test_all_tiles_of_a_photo_are_in_one_part_and_one_sequence(
    traps: Path, tmp_path: Path, home: Path
) -> None:
    out = tmp_path / "ready"
    prepare(recipe(traps, out, **{"tile.size": 100, "allow_missing": True}), home=home)
    parts, sequences = defaultdict(set), defaultdict(set)
    with (out / "photos.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            parts[row["source"]].add(row["split"])
            sequences[row["source"]].add(row["sequence"])
            assert not row["copy_of"]
    assert len(parts) == 6
    assert {len(one) for one in (*parts.values(), *sequences.values())} == {1}
    assert len({one for some in sequences.values() for one in some}) == 6


def test_a_photo_no_larger_than_a_tile_is_copied_byte_for_byte(
    traps: Path, tmp_path: Path, home: Path
) -> None:
    out = tmp_path / "ready"
    summary = prepare(recipe(traps, out, **{"tile.size": 200, "allow_missing": True}), home=home)
    assert summary.photos == 6
    written = {path.name: path.read_bytes() for path in (out / "images").rglob("*.png")}
    assert written == {path.name: path.read_bytes() for path in (traps / "images").iterdir()}


def test_steps_change_the_tiles_not_the_photos(traps: Path, tmp_path: Path, home: Path) -> None:
    out = tmp_path / "ready"
    step = "letterbox:width=64,height=64"
    prepare(recipe(traps, out, **{"tile.size": 100, "transform": [step], "allow_missing": True}), home=home)
    images = loaded(out, home).images
    assert len(images) == 6 * 6
    assert {pixels_of(image.path).shape for image in images} == {(64, 64)}


def test_a_photo_that_cannot_be_read_is_one_failure_and_not_one_for_each_tile(
    traps: Path, tmp_path: Path, home: Path
) -> None:
    photo = traps / "images" / "3.png"
    photo.write_bytes(photo.read_bytes()[:200])
    summary = prepare(
        recipe(traps, tmp_path / "ready", **{"tile.size": 100, "allow_missing": True}), home=home
    )
    assert (summary.photos, summary.failed) == (5 * 6, 1)


def test_tiles_are_for_photos_with_boxes(tmp_path: Path, home: Path) -> None:
    photos = write_class_folders(tmp_path / "photos", per_class=8)
    with pytest.raises(DataError, match="Leave out --tile"):
        prepare(recipe(photos, tmp_path / "ready", **{"tile.size": 100}), home=home)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"tile.size": 10}, "Mend --tile"),
        ({"tile.size": 100, "tile.overlap": 0.7}, "0 to 0.5"),
        ({"tile.size": 100, "tile.visible": 0}, "--tile-visible"),
        ({"tile.overlap": 0.3}, "Add --tile"),
        ({"tile.size": 100, "files": "none"}, "--files none"),
        ({"tile.size": 100, "balance.to": "max"}, "--balance"),
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, object], told: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=told):
        recipe(tmp_path, tmp_path / "out", **given)


@given(
    st.floats(0, 0.9),
    st.floats(0, 0.9),
    st.floats(0.01, 1),
    st.floats(0.01, 1),
    st.floats(0.1, 0.9),
)
def test_a_box_stays_in_a_tile_exactly_where_enough_of_it_is_seen(
    x: float, y: float, width: float, height: float, least: float
) -> None:
    box = Box(x, y, min(width, 1 - x), min(height, 1 - y))
    picture = Picture.of(np.zeros((90, 130, 3), np.uint8), [box])
    for left, top, across, down in Tiling(50).windows(130, 90):
        tile = cut(picture, (left, top, across, down), least=least)
        seen = _common(box.x * 130, box.width * 130, left, across) * _common(
            box.y * 90, box.height * 90, top, down
        )
        share = seen / (box.width * 130 * box.height * 90)
        if abs(share - least) > 1e-9:
            assert len(tile.boxes) == (share >= least)
        assert (tile.boxes >= 0).all()
        assert (tile.boxes <= 50).all()


def _common(start: float, length: float, other: int, side: int) -> float:
    return max(0.0, min(start + length, other + side) - max(start, other))
