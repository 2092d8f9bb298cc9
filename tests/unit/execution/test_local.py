from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxolens.execution import local
from taxolens.execution.local import default_workers, ordered_map


def ours() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("taxolens")]


@settings(max_examples=60, deadline=None)
@given(
    items=st.lists(st.integers(), max_size=60),
    workers=st.integers(1, 5),
    window=st.integers(1, 12),
    slow=st.integers(0, 3),
)
def test_results_come_in_the_order_of_the_items(
    items: list[int], workers: int, window: int, slow: int
) -> None:
    def double(item: int) -> int:
        if item % 4 < slow:
            time.sleep(0.0005)
        return item * 2

    assert list(ordered_map(double, items, workers=workers, window=window)) == [item * 2 for item in items]


@settings(max_examples=40, deadline=None)
@given(workers=st.integers(1, 4), window=st.integers(1, 9), count=st.integers(0, 50))
def test_no_more_than_the_window_is_taken_ahead(workers: int, window: int, count: int) -> None:
    taken = 0

    def source() -> object:
        nonlocal taken
        for item in range(count):
            taken += 1
            yield item

    for yielded, item in enumerate(ordered_map(lambda item: item, source(), workers=workers, window=window)):
        assert item == yielded
        assert taken <= yielded + 1 + window
    assert taken == count


@settings(max_examples=30, deadline=None)
@given(count=st.integers(1, 30), bad=st.integers(0, 29), workers=st.integers(1, 4))
def test_an_exception_comes_at_its_items_turn_and_no_thread_stays(count: int, bad: int, workers: int) -> None:
    def fragile(item: int) -> int:
        if item == bad:
            raise KeyError(item)
        return item

    seen = []
    results = ordered_map(fragile, range(count), workers=workers, window=4)
    if bad < count:
        with pytest.raises(KeyError):
            seen.extend(results)
    else:
        seen.extend(results)
    assert seen == list(range(min(bad, count)))
    assert not ours()


def test_an_exception_of_the_source_propagates_and_no_thread_stays() -> None:
    def source() -> object:
        yield 1
        raise OSError("the card was pulled out")

    with pytest.raises(OSError, match="pulled out"):
        list(ordered_map(lambda item: item, source(), workers=2, window=3))
    assert not ours()


def test_closing_early_drops_what_has_not_begun() -> None:
    begun: list[int] = []

    def slow(item: int) -> int:
        begun.append(item)
        time.sleep(0.01)
        return item

    results = ordered_map(slow, range(1000), workers=2, window=100)
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]
    assert len(begun) < 10
    assert not ours()


def test_an_interrupt_while_waiting_leaves_no_thread() -> None:
    def interrupted(item: int) -> int:
        if item == 3:
            raise KeyboardInterrupt
        return item

    with pytest.raises(KeyboardInterrupt):
        list(ordered_map(interrupted, range(10), workers=2, window=4))
    assert not ours()


def test_pieces_really_run_side_by_side() -> None:
    both = threading.Barrier(2, timeout=5)
    assert len(list(ordered_map(lambda _: both.wait(), range(2), workers=2, window=2))) == 2


@pytest.mark.parametrize(("workers", "window"), [(0, 1), (1, 0), (-1, 5)])
def test_wrong_counts_are_refused_at_once(workers: int, window: int) -> None:
    with pytest.raises(ValueError, match="start at 1"):
        ordered_map(str, [], workers=workers, window=window)


def test_there_is_always_a_worker() -> None:
    assert default_workers() >= 1


@pytest.mark.parametrize(
    ("text", "processors"),
    [
        ("max 100000\n", None),
        ("200000 100000\n", 2),
        ("50000 100000\n", 1),
        ("350000 100000", 4),
        ("", None),
        ("1 0", None),
    ],
)
def test_the_containers_share_of_processors_is_read(
    tmp_path: Path, text: str, processors: int | None
) -> None:
    (tmp_path / "cpu.max").write_text(text)
    assert local._quota(tmp_path / "cpu.max") == processors


def test_a_machine_without_control_groups_withholds_nothing(tmp_path: Path) -> None:
    assert local._quota(tmp_path / "absent") is None
