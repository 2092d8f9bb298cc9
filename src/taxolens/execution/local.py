"""Work on several pieces at once, on this computer, with memory that does not grow with their number."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def ordered_map(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int, window: int
) -> Iterator[Result]:
    """Applies a function to every item in threads; results come in the order of the items.

    Threads pay where the function spends its time outside the interpreter's lock, as decoders and
    onnxruntime do. At most `window` items are taken from `items` ahead of the result that is yielded
    next, so memory stays flat over any number of items.

    Args:
        function: called from several threads at once.
        items: consumed in the caller's thread.
        workers: threads, at least 1.
        window: items under way or waiting to be yielded, at least 1.

    Returns:
        An iterator. Closing it early, or an interrupt while it waits, drops what has not begun and
        returns once the pieces under way are finished: no thread outlives it.

    Raises:
        ValueError: fewer than one worker or an empty window.
        Exception: whatever `function` or `items` raises, at that item's turn.
    """
    if workers < 1 or window < 1:
        raise ValueError(f"workers and window start at 1: {workers}, {window}")
    return _ordered_map(function, items, workers, window)


def _ordered_map(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int, window: int
) -> Iterator[Result]:
    pool = ThreadPoolExecutor(workers, thread_name_prefix="taxolens")
    waiting: deque[Future[Result]] = deque()
    source = iter(items)
    try:
        waiting.extend(pool.submit(function, item) for item in islice(source, window))
        while waiting:
            result = waiting.popleft().result()
            waiting.extend(pool.submit(function, item) for item in islice(source, 1))
            yield result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def default_workers() -> int:
    """Processors that this process may use: those of the machine, less what its container withholds."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, _quota(_QUOTA) or allowed))


def _quota(file: Path) -> int | None:
    """Whole processors granted by Linux control group v2; None where nothing is withheld."""
    try:
        quota, period = file.read_text(encoding="ascii").split()
        return None if quota == "max" else max(1, round(int(quota) / int(period)))
    except (OSError, ValueError, ZeroDivisionError):
        return None
