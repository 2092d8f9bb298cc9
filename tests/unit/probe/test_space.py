from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxolens.probe.space import space_of


@given(st.integers(20, 60), st.integers(1, 90), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_turning_keeps_all_distances_between_standardised_rows(n: int, d: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32) * 5 + 3

    found = space_of(vectors)

    rows = (vectors - vectors.mean(axis=0)) / vectors.std(axis=0)
    wanted = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    assert np.linalg.norm(found.rows[:, None] - found.rows[None], axis=2) == pytest.approx(wanted, abs=1e-2)
    assert found.explained.sum() == pytest.approx(1.0, abs=1e-5)
    assert (np.diff(found.explained) <= 1e-9).all()


def test_equal_rows_lie_in_one_place() -> None:
    assert (space_of(np.ones((4, 3), dtype=np.float32)).rows == 0).all()


def test_a_space_is_taken_as_it_is() -> None:
    found = space_of(np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32))

    assert space_of(found) is found
