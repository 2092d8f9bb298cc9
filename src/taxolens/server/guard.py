"""Limits that a process sets itself: how long and in how much memory it works at one thing."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_STATE = Path("/proc/self/statm")


class Guard:
    """Limits of a worker, held by the system: a decoder that hangs or swallows memory cannot pass them.

    Where the system does not tell how much a process has (outside Linux), memory is not limited.

    Args:
        seconds: after which the process ends where it answers.
        opening: likewise, where it opens a model.
        memory: bytes of address space that an answer may take beside what is taken.
    """

    def __init__(self, *, seconds: float, opening: float, memory: int) -> None:
        self._seconds = seconds
        self._opening = opening
        self._memory = memory

    @contextmanager
    def answering(self) -> Iterator[None]:
        """While a piece of work is done."""
        with _alarm(self._seconds):
            yield

    @contextmanager
    def opening(self) -> Iterator[None]:
        """While models come and go; sets the limit of memory anew."""
        most = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        with _alarm(self._opening):
            yield
        taken = _taken()
        if taken is not None:
            limit = taken + self._memory
            limit = limit if most == resource.RLIM_INFINITY else min(limit, most)
            resource.setrlimit(resource.RLIMIT_AS, (limit, most))


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Has the system end this process unless the block ends in time."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _taken() -> int | None:
    """Bytes of address space that this process has."""
    with suppress(OSError):
        return int(_STATE.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    return None
