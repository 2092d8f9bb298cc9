"""Classes made equally large."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.errors import DataError
from taxolens.data.balance import Balanced, Photos, balance
from taxolens.recipes.prepare import BalanceTo


def photos(counts: list[int], doubtful: set[int] = frozenset(), seed: int = 0) -> Photos:  # type: ignore[assignment]
    """Photos of classes of these sizes, in a random order."""
    rng = np.random.default_rng(seed)
    label = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    flags = np.array([row in doubtful for row in range(len(label))], np.bool_)
    return Photos(label, rng.permutation(len(label)).astype(np.uint64), flags)


def sizes(some: Photos, done: Balanced) -> list[int]:
    """Photos of each class afterwards."""
    weights = done.kept.astype(np.int64) + done.copies
    return [int(weights[some.label == one].sum()) for one in range(int(some.label.max()) + 1)]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(0, 5))
def test_the_largest_class_decides_and_all_are_equal(counts: list[int], seed: int) -> None:
    some = photos(counts, seed=seed)
    done = balance(some, BalanceTo.MAX, cut=False)
    assert done.target == max(counts) and sizes(some, done) == [max(counts)] * len(counts)
    assert done.kept.all()
    for label, count in enumerate(counts):
        of_class = done.copies[some.label == label]
        assert of_class.max() - of_class.min() <= 1, "no photo counts for much more than another"
        assert of_class.sum() == max(counts) - count


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(1, 60), st.booleans())
def test_a_number_fills_up_and_cuts_only_when_asked(counts: list[int], target: int, cut: bool) -> None:
    some = photos(counts)
    if target < min(counts) and not cut:
        with pytest.raises(DataError, match="larger number"):
            balance(some, target, cut=cut)
        return
    done = balance(some, target, cut=cut)
    assert sizes(some, done) == [target if cut else max(count, target) for count in counts]
    assert not (done.copies[~done.kept]).any()


def test_the_middle_class_decides_and_larger_ones_are_kept_whole() -> None:
    some = photos([2, 10, 30])
    assert sizes(some, balance(some, BalanceTo.MEDIAN, cut=False)) == [10, 10, 30]
    assert sizes(some, balance(some, BalanceTo.MEDIAN, cut=True)) == [10, 10, 10]


def test_nothing_changes_where_nothing_is_asked() -> None:
    some = photos([2, 10])
    assert sizes(some, balance(some, BalanceTo.NONE, cut=True)) == [2, 10]


def test_a_photo_whose_label_is_doubtful_is_not_multiplied() -> None:
    some = photos([4, 12])
    rare = np.flatnonzero(some.label == 0)
    some = photos([4, 12], doubtful={int(rare[0])})
    done = balance(some, BalanceTo.MAX, cut=False)
    assert done.copies[rare[0]] == 0 and sizes(some, done) == [12, 12]


def test_no_photos_need_no_copies() -> None:
    none = Photos(np.empty(0, np.int64), np.empty(0, np.uint64), np.empty(0, np.bool_))
    assert balance(none, BalanceTo.MAX, cut=False).copies.shape == (0,)
