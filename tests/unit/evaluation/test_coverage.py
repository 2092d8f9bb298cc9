from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.evaluation.coverage import automatic_point, coverage_curve


@given(st.integers(0, 1000), st.integers(1, 600), st.booleans())
def test_every_point_is_what_accepting_at_its_threshold_gives(seed: int, n: int, tied: bool) -> None:
    rng = np.random.default_rng(seed)
    score = rng.integers(1, 9, n) / 10 if tied else rng.random(n)
    right = rng.random(n) < score

    points = coverage_curve(score, right)

    assert len(points) <= 200
    assert points[0].coverage == 1.0
    assert points[0].accuracy == pytest.approx(right.mean())
    assert [one.threshold for one in points] == sorted({one.threshold for one in points})
    for point in points[:: max(1, len(points) // 20)]:
        accepted = score >= point.threshold
        assert point.coverage == pytest.approx(accepted.mean())
        assert point.accuracy == pytest.approx(right[accepted].mean())


def test_the_automatic_point_accepts_as_much_as_the_precision_allows() -> None:
    score, right = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True])

    found = automatic_point(score, right, 0.75)
    strict = automatic_point(score, right, 0.9)

    assert found is not None and (found.threshold, found.coverage, found.accuracy) == (0.6, 1.0, 0.75)
    assert strict is not None and (strict.threshold, strict.coverage, strict.accuracy) == (0.8, 0.5, 1.0)


def test_where_no_threshold_is_good_enough_there_is_no_automatic_point() -> None:
    assert automatic_point(np.array([0.9, 0.8]), np.array([False, True]), 0.9) is None
