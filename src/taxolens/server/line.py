"""Work that waits for a worker: first come, first served, and no longer than it may be."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from taxolens.server.done import Done
from taxolens.server.faults import Busy
from taxolens.server.work import Work

Taker = TypeVar("Taker")


@dataclass(frozen=True, slots=True)
class Worked:
    """What a job gave.

    Attributes:
        waited: seconds in the line.
    """

    done: Done
    waited: float


@dataclass(slots=True, eq=False)
class Job:
    """A piece of work on its way.

    Attributes:
        number: of the model, as workers know it.
        asked: time of the loop when it came.
        answer: what became of it; cancelled where nobody waits for it any more.
    """

    number: int
    work: Work
    asked: float
    answer: asyncio.Future[Worked] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def fail(self, error: Exception) -> None:
        """Ends it with an error, if somebody waits for it."""
        if not self.answer.done():
            self.answer.set_exception(error)

    def finish(self, worked: Worked) -> None:
        """Ends it with an answer, if somebody waits for it."""
        if not self.answer.done():
            self.answer.set_result(worked)


class Line(Generic[Taker]):
    """A bounded queue of jobs and the takers that have nothing to do.

    Args:
        most: jobs that may wait.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._jobs: deque[Job] = deque()
        self._idle: dict[Taker, asyncio.Future[Job | None]] = {}

    def __len__(self) -> int:
        return len(self._jobs)

    def put(self, job: Job) -> None:
        """Hands a job to a taker that waits, or has it wait.

        Raises:
            Busy: there is no place.
        """
        if self._idle:
            self._wake(next(iter(self._idle)), job)
        elif len(self._jobs) < self._most:
            self._jobs.append(job)
        else:
            raise Busy(
                "The server is busy: {waiting} photos wait already. Try again soon.", waiting=len(self._jobs)
            )

    def leave(self, job: Job) -> None:
        """Takes out a job that nobody waits for any more."""
        if job in self._jobs:
            self._jobs.remove(job)

    def clear(self) -> list[Job]:
        """Takes out all jobs."""
        jobs = list(self._jobs)
        self._jobs.clear()
        return jobs

    async def next(self, taker: Taker) -> Job | None:
        """The next job for a taker; None where `wake` was called for it."""
        if self._jobs:
            return self._jobs.popleft()
        waiting: asyncio.Future[Job | None] = asyncio.get_running_loop().create_future()
        self._idle[taker] = waiting
        try:
            return await waiting
        except asyncio.CancelledError:
            job = waiting.result() if waiting.done() and not waiting.cancelled() else None
            if job is not None:
                self.put_back(job)
            raise
        finally:
            self._idle.pop(taker, None)

    def put_back(self, job: Job) -> None:
        """Has a job that was not begun wait at the front, if somebody waits for it."""
        if not job.answer.done():
            self._jobs.appendleft(job)

    def wake(self, taker: Taker) -> None:
        """Has a taker that waits look for something else."""
        if taker in self._idle:
            self._wake(taker, None)

    def _wake(self, taker: Taker, job: Job | None) -> None:
        waiting = self._idle.pop(taker)
        if not waiting.done():
            waiting.set_result(job)
