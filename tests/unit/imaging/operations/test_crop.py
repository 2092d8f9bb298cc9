"""Crops: the middle, or the object."""

from __future__ import annotations

import numpy as np
import pytest

from taxolens.core.geometry import Box
from taxolens.imaging.operations.apply import apply_steps
from taxolens.imaging.operations.picture import Picture
from taxolens.imaging.operations.registry import parse_step


def photo(*boxes: Box, masked: bool = False) -> Picture:
    pixels = np.arange(100 * 200 * 3, dtype=np.uint32).reshape(100, 200, 3).astype(np.uint8)
    mask = np.zeros((100, 200), np.bool_)
    mask[40:60, 150:170] = True
    return Picture.of(pixels, boxes, mask if masked else None)


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("crop:share=0.5", (50, 25, 150, 75)),
        ("crop:width=60,height=300", (70, 0, 130, 100)),
        ("crop:share=1,square=yes", (50, 0, 150, 100)),
        ("crop:at=object,margin=0", (20, 10, 120, 40)),
        ("crop:at=object,margin=0.1", (10, 7, 130, 43)),
        ("crop:at=object,margin=0,square=yes", (20, 0, 120, 100)),
    ],
)
def test_a_crop_keeps_the_right_window(text: str, window: tuple[int, int, int, int]) -> None:
    picture = photo(Box(0.1, 0.1, 0.1, 0.1), Box(0.5, 0.2, 0.1, 0.2))
    after = apply_steps(picture, [parse_step(text)])
    left, top, right, bottom = window
    assert np.array_equal(after.pixels, picture.pixels[top:bottom, left:right])


def test_the_object_is_found_by_its_mask_before_its_boxes() -> None:
    after = apply_steps(photo(Box(0, 0, 0.1, 0.1), masked=True), [parse_step("crop:at=object,margin=0")])
    assert after.pixels.shape == (20, 20, 3) and after.mask is not None and after.mask.all()
    assert len(after.boxes) == 0


def test_without_an_object_the_photo_stays_as_it_is() -> None:
    assert apply_steps(photo(), [parse_step("crop:at=object")]).pixels.shape == (100, 200, 3)


def test_an_object_at_the_edge_keeps_its_margin_on_the_other_sides() -> None:
    after = apply_steps(photo(Box(0.9, 0.8, 0.1, 0.2)), [parse_step("crop:at=object,margin=0.5")])
    assert after.pixels.shape[1] >= 20 and after.pixels.shape[0] >= 20
    assert after.boxes[0, 2:].tolist() == [after.width, after.height]
