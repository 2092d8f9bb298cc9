"""How long it will take, said once, after the first photos."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from taxolens.core.progress import Progress
from taxolens.core.texts import Say

Item = TypeVar("Item")

_ENOUGH_ITEMS = 20
_ENOUGH_SECONDS = 3.0
_WORTH_SAYING_SECONDS = 60.0


def forecast(
    items: Iterable[Item],
    *,
    total: int,
    progress: Progress,
    say: Say,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Item]:
    """Yields the items; says how long the rest will take once the rate is known.

    Says nothing about work of less than a minute.
    """
    began = clock()
    told = False
    for done, item in enumerate(items, start=1):
        yield item
        seconds = clock() - began
        if told or done < _ENOUGH_ITEMS or seconds < _ENOUGH_SECONDS:
            continue
        told = True
        left = seconds / done * (total - done)
        if left >= _WORTH_SAYING_SECONDS:
            progress.note(
                say("{total} photos at {rate:.1f} a second: about {duration} to go.").format(
                    total=total, rate=done / seconds, duration=duration(left, say)
                )
            )


def duration(seconds: float, say: Say) -> str:
    """A time for people: hours and minutes, or minutes alone."""
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return say("{minutes} min").format(minutes=minutes)
    return say("{hours} h {minutes} min").format(hours=minutes // 60, minutes=minutes % 60)
