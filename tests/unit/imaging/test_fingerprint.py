"""Perceptual hashes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from taxolens.imaging.fingerprint import dhash, phash

SEEDS = st.integers(0, 2**32 - 1)


def _picture(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 200, (height, width))


@given(SEEDS, st.floats(0.2, 5), st.floats(-50, 50))
def test_light_and_contrast_change_no_bit(seed: int, gain: float, offset: float) -> None:
    square, wide = _picture(seed, 32, 32), _picture(seed, 8, 9)
    assert (phash(square) ^ phash(square * gain + offset)).bit_count() <= 1  # at most a tie with the median
    assert dhash(wide) == dhash(wide * gain + offset)


@given(SEEDS)
def test_half_of_the_frequencies_are_above_their_median(seed: int) -> None:
    assert phash(_picture(seed, 32, 32)).bit_count() == 32


@given(SEEDS)
def test_the_mirrored_picture_has_the_opposite_differences(seed: int) -> None:
    wide = _picture(seed, 8, 9)
    rows, mirrored = _rows(dhash(wide)), _rows(dhash(wide[:, ::-1]))
    assert (mirrored == ~rows[:, ::-1]).all()


def test_pictures_without_relation_differ_in_about_half_of_the_bits() -> None:
    hashes = [phash(_picture(seed, 32, 32)) for seed in range(60)]
    apart = [(a ^ b).bit_count() for i, a in enumerate(hashes) for b in hashes[:i]]
    assert min(apart) >= 14
    assert 31 < np.mean(apart) < 33


def test_a_picture_that_grows_lighter_to_the_right_has_all_bits() -> None:
    assert dhash(np.tile(np.arange(9.0), (8, 1))) == 2**64 - 1
    assert dhash(np.tile(np.arange(9.0)[::-1], (8, 1))) == 0


def _rows(bits: int) -> np.ndarray:
    return (
        np.unpackbits(np.array([bits], np.uint64).view(np.uint8), bitorder="little")
        .reshape(8, 8)
        .astype(bool)
    )
