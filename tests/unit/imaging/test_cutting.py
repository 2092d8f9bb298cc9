from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from taxolens.core.errors import ImageError
from taxolens.core.geometry import Box
from taxolens.imaging.cutting import cut_out, was_cut_scaled
from taxolens.imaging.photograph import Photograph
from taxolens.imaging.preprocess import Fit, Preprocess
from taxolens.imaging.region import CropRule, region

RULE = Preprocess(64, 64)
CROP = CropRule()
SIZE = (1200, 900)


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A noisy JPEG of 1200 x 900, stored on its side."""
    rng = np.random.default_rng(3)
    coarse = Image.fromarray(rng.integers(0, 255, (90, 120, 3), dtype=np.uint8)).resize(SIZE)
    path = tmp_path_factory.mktemp("photo") / "noise.jpg"
    turned = Image.Exif()
    turned[0x0112] = 6
    coarse.transpose(Image.Transpose.ROTATE_90).save(path, quality=90, exif=turned)
    return path


SHARE = st.floats(0, 0.9)
BOXES = st.builds(
    lambda x, y, w, h: Box(x, y, max(0.01, w * (1 - x)), max(0.01, h * (1 - y))),
    *(SHARE, SHARE, st.floats(0.01, 1), st.floats(0.01, 1)),
)


@given(boxes=st.lists(BOXES, min_size=1, max_size=5), fit=st.sampled_from([Fit.SQUASH, Fit.LETTERBOX]))
def test_a_crop_depends_on_its_own_box_alone(photo: Path, boxes: list[Box], fit: Fit) -> None:
    rule = Preprocess(64, 64, fit=fit)
    together = dict(cut_out(photo, boxes, CROP, rule))
    assert sorted(together) == list(range(len(boxes)))
    for number, box in enumerate(boxes):
        ((_, alone),) = cut_out(photo, [box], CROP, rule)
        assert np.array_equal(together[number], alone)


def test_a_crop_is_what_a_cascade_cuts_out(photo: Path) -> None:
    box = Box(0.3, 0.4, 0.2, 0.1)
    ((_, pixels),) = cut_out(photo, [box], CROP, RULE)
    (seen,) = Photograph(photo).crops([region(box, SIZE, CROP)], RULE)
    assert np.array_equal(pixels, seen)


def test_a_torn_photo_is_told(tmp_path: Path) -> None:
    torn = tmp_path / "torn.jpg"
    torn.write_bytes(b"\xff\xd8\xff\xe0 torn")
    with pytest.raises(ImageError):
        list(cut_out(torn, [Box(0, 0, 1, 1)], CROP, RULE))


def test_only_large_boxes_of_jpegs_are_cut_from_fewer_pixels(photo: Path, tmp_path: Path) -> None:
    large, small = Box(0, 0, 1, 1), Box(0.5, 0.5, 0.05, 0.05)
    assert was_cut_scaled(photo, large, CROP, RULE)
    assert not was_cut_scaled(photo, small, CROP, RULE)
    assert not was_cut_scaled(photo, large, CROP, Preprocess(64, 64, scaled_decode=0))
    png = tmp_path / "photo.png"
    Image.open(photo).save(png)
    assert not was_cut_scaled(png, large, CROP, RULE)
