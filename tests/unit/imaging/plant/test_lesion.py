"""Diseased areas of painted leaves."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxolens.imaging.plant.lesion import find_lesions, highlighted
from taxolens.imaging.plant.mask import leaf_mask
from tests.unit.imaging.plant.painting import ellipse, photo

SIZE = (256, 256)
LEAF = ellipse(SIZE, (128, 128), (100, 70), 20)
SPOTS = ((90, 140, 9), (150, 120, 12), (128, 160, 7))


def spots(scale: float = 1.0) -> np.ndarray:
    return np.logical_or.reduce([ellipse(SIZE, (x, y), (r * scale, r * scale)) for x, y, r in SPOTS])


def test_a_sound_leaf_has_none() -> None:
    found = find_lesions(photo(LEAF), LEAF)
    assert found.share < 0.001 and len(found.boxes) == len(found.areas)


@settings(max_examples=12)
@given(scale=st.floats(0.6, 1.6))
def test_the_share_is_that_of_the_painted_spots(scale: float) -> None:
    lesions = spots(scale)
    found = find_lesions(photo(LEAF, lesions=lesions), LEAF)
    assert found.share == pytest.approx(lesions.sum() / LEAF.sum(), rel=0.2)
    assert found.mask[lesions].mean() > 0.85
    assert not (found.mask & ~LEAF).any()


def test_each_spot_has_a_box_largest_first() -> None:
    found = find_lesions(photo(LEAF, lesions=spots()), LEAF)
    assert len(found.boxes) == 3
    assert (np.diff(found.areas) <= 0).all() and found.areas.sum() == found.mask.sum()
    for (left, top, right, bottom), (x, y, r) in zip(
        found.boxes, sorted(SPOTS, key=lambda s: -s[2]), strict=True
    ):
        assert (left, top, right, bottom) == pytest.approx((x - r, y - r, x + r, y + r), abs=2.5)


def test_a_shadow_on_the_paper_is_no_disease() -> None:
    shadow = ellipse(SIZE, (140, 140), (100, 70), 20)
    pixels = photo(LEAF, shadow=shadow)
    assert find_lesions(pixels, leaf_mask(pixels)).share < 0.01


def test_a_dry_half_is_found_whole() -> None:
    dry = LEAF & (np.arange(256) < 128)
    assert find_lesions(photo(LEAF, lesions=dry), LEAF).share == pytest.approx(0.5, abs=0.06)


def test_a_large_photo_has_the_same_share() -> None:
    large = np.kron(photo(LEAF, lesions=spots()), np.ones((5, 5, 1), np.uint8))
    found = find_lesions(large, LEAF.repeat(5, axis=0).repeat(5, axis=1))
    assert found.mask.shape == (1280, 1280)
    assert found.share == pytest.approx(spots().sum() / LEAF.sum(), rel=0.2)


def test_without_a_leaf_there_is_no_share() -> None:
    found = find_lesions(photo(LEAF), np.zeros_like(LEAF))
    assert math.isnan(found.share) and not found.mask.any() and found.boxes.shape == (0, 4)


def test_only_lesions_and_their_boxes_are_drawn_over() -> None:
    pixels = photo(LEAF, lesions=spots())
    before = pixels.copy()
    found = find_lesions(pixels, LEAF)
    shown = highlighted(pixels, found, (255, 0, 255))
    changed = (shown != pixels).any(axis=2)
    near = np.zeros_like(changed)
    for left, top, right, bottom in found.boxes.astype(int):
        near[top - 1 : bottom + 1, left - 1 : right + 1] = True
    assert changed[found.mask].all() and not changed[~near].any()
    assert (pixels == before).all()
