from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from taxolens.core.texts import plain
from taxolens.inference.forecast import duration, forecast


class Listener:
    def __init__(self) -> None:
        self.notes: list[str] = []

    def track(self, items: Iterable[int], *, what: str, total: int | None = None) -> Iterator[int]:
        yield from items

    def note(self, text: str) -> None:
        self.notes.append(text)


def told(total: int, done: int, seconds_each: float) -> list[str]:
    listener, now = Listener(), [100.0]
    for _ in forecast(range(done), total=total, progress=listener, say=plain, clock=lambda: now[0]):
        now[0] += seconds_each
    return listener.notes


@pytest.mark.parametrize(
    ("total", "done", "seconds_each", "notes"),
    [
        (10_000, 100, 0.5, ["10000 photos at 2.0 a second: about 1 h 23 min to go."]),
        (300, 300, 0.5, ["300 photos at 2.0 a second: about 2 min to go."]),
        (100, 100, 0.5, []),
        (10_000, 19, 10.0, []),
        (1_000_000, 100, 0.01, []),
    ],
)
def test_it_is_said_once_when_it_is_known_and_worth_saying(
    total: int, done: int, seconds_each: float, notes: list[str]
) -> None:
    assert told(total, done, seconds_each) == notes


def test_the_items_pass_unchanged() -> None:
    assert list(forecast([3, 1, 2], total=3, progress=Listener(), say=plain)) == [3, 1, 2]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1, "1 min"), (59 * 60, "59 min"), (3600, "1 h 0 min"), (3 * 3600 + 120, "3 h 2 min")],
)
def test_times_are_for_people(seconds: float, text: str) -> None:
    assert duration(seconds, plain) == text
