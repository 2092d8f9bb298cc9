from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.evaluation.limits import wilson
from taxolens.probe.share import share_right


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(1, 5))
def test_a_share_lies_within_its_limits(right: list[bool], size: int) -> None:
    found = share_right(np.array(right), np.arange(len(right)) // size)

    assert 0 <= found.interval[0] <= found.value <= found.interval[1] <= 1


def test_photos_that_stand_alone_have_wilsons_limits() -> None:
    right = np.arange(50) % 5 > 0

    low, high = wilson(np.array(40.0), np.array(50.0))

    assert share_right(right).interval == pytest.approx((float(low), float(high)))


def test_photos_that_fall_together_count_as_one() -> None:
    right, groups = np.repeat(np.arange(20) % 4 > 0, 10), np.repeat(np.arange(20), 10)

    alone, together = share_right(right), share_right(right, groups)

    one_each = share_right(np.arange(20) % 4 > 0, np.arange(20))
    assert together.interval == pytest.approx(one_each.interval, abs=1e-9)
    assert np.diff(together.interval) > 2 * np.diff(alone.interval)


def test_no_photo_says_nothing() -> None:
    assert share_right(np.empty(0, dtype=bool)).interval == (0.0, 1.0)
