"""Photos in even light."""

from __future__ import annotations

import numpy as np
import pytest

from taxolens.imaging.plant.shadow import without_shadow
from tests.unit.imaging.plant.painting import BROWN, PAPER, ellipse, photo

SIZE = (256, 256)
LEAF = ellipse(SIZE, (120, 120), (80, 55), 30)
SHADOW = ellipse(SIZE, (150, 145), (80, 55), 30) & ~LEAF
PIXELS = photo(LEAF, shadow=SHADOW)
EMPTY = np.zeros_like(LEAF)


def test_paper_in_shadow_becomes_as_light_as_lit_paper() -> None:
    even = without_shadow(PIXELS, LEAF)
    lit = ~LEAF & ~SHADOW
    assert np.abs(PIXELS[SHADOW].mean(axis=0) - PAPER).min() > 100
    assert even[SHADOW].mean(axis=0) == pytest.approx(even[lit].mean(axis=0), abs=8)
    assert even[lit].mean(axis=0) == pytest.approx(PAPER, abs=6)


def test_an_evenly_lit_leaf_stays_as_it_is() -> None:
    even = without_shadow(PIXELS, LEAF)
    assert even[LEAF].mean(axis=0) == pytest.approx(PIXELS[LEAF].mean(axis=0), abs=6)


def test_a_line_of_shadow_in_the_mask_does_not_frame_the_leaf_but_brown_tissue_stays() -> None:
    wide = ellipse(SIZE, (120, 120), (82, 57), 30)
    rim = wide & ~LEAF & SHADOW
    spot = ellipse(SIZE, (120, 176), (8, 8)) & LEAF
    even = without_shadow(photo(LEAF, shadow=SHADOW, lesions=spot), wide)
    assert rim.sum() > 100
    assert np.median(even[rim].mean(axis=1)) > 0.8 * np.mean(PAPER)
    assert even[spot].mean(axis=0) == pytest.approx(BROWN, abs=25)


def test_a_leaf_half_in_shade_becomes_more_even() -> None:
    pixels = PIXELS.copy()
    shaded = LEAF & (np.arange(256) < 110)
    pixels[shaded] = (pixels[shaded] * 0.5).astype(np.uint8)
    even = without_shadow(pixels, LEAF)

    def step(photo: np.ndarray) -> float:
        return float(photo[LEAF & ~shaded].mean() - photo[shaded].mean())

    assert step(even) < 0.7 * step(pixels)


def test_strength_nought_changes_nothing_but_rounding() -> None:
    assert np.abs(without_shadow(PIXELS, LEAF, 0.0).astype(int) - PIXELS).max() <= 1


def test_half_the_strength_takes_part_of_it_off() -> None:
    half, whole = (without_shadow(PIXELS, LEAF, strength)[SHADOW].mean() for strength in (0.5, 1.0))
    assert PIXELS[SHADOW].mean() + 20 < half < whole - 20


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (64, 64)])
def test_any_photo_without_a_leaf_is_taken(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (*size, 3), dtype=np.uint8)
    even = without_shadow(pixels, np.zeros(size, np.bool_))
    assert even.shape == pixels.shape and even.dtype == np.uint8


def test_a_scene_without_a_leaf_becomes_more_even() -> None:
    slope = np.linspace(40, 200, 256)[None, :, None].repeat(256, axis=0).repeat(3, axis=2).astype(np.uint8)
    even = without_shadow(slope, EMPTY)
    assert even.std() < 0.75 * slope.std()


def test_a_large_photo_becomes_as_even_as_a_small_one() -> None:
    large = np.kron(PIXELS, np.ones((6, 6, 1), np.uint8))
    leaf = LEAF.repeat(6, axis=0).repeat(6, axis=1)
    even = without_shadow(large, leaf)
    assert even.shape == large.shape
    assert even[3::6, 3::6][SHADOW].mean() == pytest.approx(
        without_shadow(PIXELS, LEAF)[SHADOW].mean(), abs=6
    )
