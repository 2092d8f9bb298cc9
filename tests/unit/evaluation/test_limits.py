from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from taxolens.evaluation.limits import f1_limits, mean_limits, wilson


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_limits_of_a_share_are_those_of_scipy(case: tuple[int, int]) -> None:
    right, n = case
    expected = binomtest(right, n).proportion_ci(0.95, method="wilson")

    low, high = wilson(np.array(float(right)), np.array(float(n)))

    assert (float(low), float(high)) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_a_share_of_nothing_can_be_anything() -> None:
    low, high = wilson(np.array([0.0]), np.array([0.0]))

    assert (low.tolist(), high.tolist()) == ([0.0], [1.0])


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 200))
def test_limits_of_f1_enclose_it(right: int, wrongly_called: int, missed: int) -> None:
    called, support = np.array(float(right + wrongly_called)), np.array(float(right + missed))

    low, high = f1_limits(np.array(float(right)), called, support)

    f1 = 2 * right / max(2 * right + wrongly_called + missed, 1)
    assert 0 <= low <= f1 + 1e-12
    assert f1 - 1e-12 <= high <= 1


def test_the_mean_of_many_figures_is_surer_than_each() -> None:
    values, low, high = np.full(16, 0.8), np.full(16, 0.6), np.full(16, 0.9)

    assert mean_limits(values, low, high) == pytest.approx((0.75, 0.825))
