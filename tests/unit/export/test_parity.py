from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from taxolens.core.errors import ParityError
from taxolens.export.parity import compare, prove

RANDOM = np.random.default_rng(0).dirichlet(np.ones(4), 50)


def test_equal_answers_agree() -> None:
    parity = prove(RANDOM, RANDOM.astype(np.float32))
    assert (parity.n, parity.agreement) == (50, 1.0)
    assert parity.largest < 1e-6


def test_one_other_name_in_fifty_is_refused() -> None:
    other = RANDOM.copy()
    other[7] = np.roll(other[7], 1)
    assert compare(RANDOM, other).agreement == 0.98
    with pytest.raises(ParityError, match="98"):
        prove(RANDOM, other)


def test_the_same_names_with_other_scores_are_refused() -> None:
    with pytest.raises(ParityError):
        prove(RANDOM, RANDOM * 0.999 + 0.00025)


def test_a_tie_may_fall_either_way() -> None:
    tie = np.array([[0.5 + 1e-6, 0.5 - 1e-6]])
    assert prove(tie, tie[:, ::-1]).agreement == 1.0


def test_answers_that_are_no_numbers_are_refused() -> None:
    broken = RANDOM.copy()
    broken[3, 0] = np.nan
    with pytest.raises(ParityError):
        prove(RANDOM, broken)


def test_nothing_to_compare_agrees() -> None:
    assert compare(np.empty((0, 3)), np.empty((0, 3))).agreement == 1


def test_nothing_proves_nothing() -> None:
    with pytest.raises(ParityError, match="no photo"):
        prove(np.empty((0, 3)), np.empty((0, 3)))


@given(arrays(np.float64, (6, 3), elements=st.floats(0, 1)))
def test_comparing_is_symmetric_in_the_difference(values: np.ndarray) -> None:
    assert compare(RANDOM[:6, :3], values).largest == compare(values, RANDOM[:6, :3]).largest
