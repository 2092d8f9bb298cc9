"""Where the leaf is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxolens.imaging.plant.mask import leaf_mask
from tests.unit.imaging.plant.painting import Bool, ellipse, overlap, photo

SIZE = (256, 256)
LEAF = ellipse(SIZE, (128, 120), (80, 55), 30)


def test_a_painted_leaf_is_found() -> None:
    assert overlap(leaf_mask(photo(LEAF)), LEAF) > 0.98


def test_its_shadow_stays_out() -> None:
    shadow = ellipse(SIZE, (150, 142), (80, 55), 30)
    found = leaf_mask(photo(LEAF, shadow=shadow))
    assert overlap(found, LEAF) > 0.97
    assert (found & shadow & ~LEAF).sum() < 0.03 * (shadow & ~LEAF).sum()


def test_a_shadow_without_a_leaf_is_no_leaf() -> None:
    assert not leaf_mask(photo(np.zeros_like(LEAF), shadow=LEAF)).any()


def test_lesions_stay_in_even_at_the_rim() -> None:
    lesions = ellipse(SIZE, (110, 120), (14, 14)) | ellipse(SIZE, (190, 84), (16, 12))
    assert (lesions & LEAF).sum() > 800
    found = leaf_mask(photo(LEAF, lesions=lesions))
    assert found[lesions & LEAF].mean() > 0.97


def test_a_leaf_that_reaches_the_border_is_found_whole() -> None:
    leaf = ellipse(SIZE, (128, 230), (60, 100))
    assert overlap(leaf_mask(photo(leaf)), leaf) > 0.97


def test_of_two_leaves_the_larger_is_taken() -> None:
    large, small = ellipse(SIZE, (80, 120), (60, 50)), ellipse(SIZE, (210, 120), (30, 30))
    found = leaf_mask(photo(large | small))
    assert overlap(found, large) > 0.97
    assert not found[small].any()


def test_a_hole_counts_as_leaf() -> None:
    hole = ellipse(SIZE, (128, 120), (12, 12))
    found = leaf_mask(photo(LEAF & ~hole))
    assert found[hole].all()


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (40, 60)])
def test_in_a_photo_of_one_colour_nothing_is_found(level: int, size: tuple[int, int]) -> None:
    found = leaf_mask(np.full((*size, 3), level, np.uint8))
    assert found.shape == size and found.dtype == np.bool_ and not found.any()


def test_in_noise_nothing_is_found() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    assert not leaf_mask(noise).any()


def test_a_speck_is_no_leaf() -> None:
    assert not leaf_mask(photo(ellipse(SIZE, (100, 100), (8, 8)))).any()


@settings(max_examples=15)
@given(
    quarters=st.integers(1, 3), angle=st.floats(0, 180), half=st.tuples(st.floats(40, 90), st.floats(30, 60))
)
def test_turning_the_photo_keeps_the_area(quarters: int, angle: float, half: tuple[float, float]) -> None:
    pixels = photo(ellipse(SIZE, (125, 130), half, angle))
    area = leaf_mask(pixels).sum()
    turned = leaf_mask(np.ascontiguousarray(np.rot90(pixels, quarters))).sum()
    assert turned == pytest.approx(area, rel=0.01)


@settings(max_examples=10)
@given(angle=st.floats(0, 180), factor=st.integers(2, 5))
def test_a_larger_photo_has_a_leaf_that_is_larger_by_the_square(angle: float, factor: int) -> None:
    def painted(times: int) -> Bool:
        size, centre = (200 * times, 160 * times), (100.0 * times, 80.0 * times)
        return leaf_mask(photo(ellipse(size, centre, (60.0 * times, 40.0 * times), angle)))

    large = painted(factor)
    assert large.shape == (160 * factor, 200 * factor)
    assert large.sum() == pytest.approx(factor**2 * painted(1).sum(), rel=0.03)
