"""Widening and narrowing."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from taxolens.imaging.plant.disc import closed, narrowed, opened, widened
from tests.unit.imaging.plant.painting import ellipse

masks = st.builds(lambda seed: np.random.default_rng(seed).random((30, 40)) < 0.5, st.integers(0, 10_000))


@given(mask=masks, radius=st.floats(0, 8))
def test_opened_lies_within_and_closed_without(mask: np.ndarray, radius: float) -> None:
    assert not (opened(mask, radius) & ~mask).any()
    assert not (mask & ~closed(mask, radius)).any()
    assert not (narrowed(mask, radius) & ~mask).any()
    assert not (mask & ~widened(mask, radius)).any()


def test_a_disc_grows_by_the_radius() -> None:
    grown = widened(ellipse((100, 100), (50, 50), (20, 20)), 10)
    assert abs(grown.sum() - np.pi * 30**2) < 0.03 * np.pi * 30**2


def test_what_is_cut_off_by_the_photo_is_not_narrowed_there() -> None:
    mask = np.zeros((20, 20), np.bool_)
    mask[:, :10] = True
    assert narrowed(mask, 3)[:, :6].all() and not narrowed(mask, 3)[:, 8:].any()


def test_nothing_and_everything_stay_so() -> None:
    for mask in (np.zeros((5, 5), np.bool_), np.ones((5, 5), np.bool_)):
        for change in (widened, narrowed, opened, closed):
            assert (change(mask, 2) == mask).all()
