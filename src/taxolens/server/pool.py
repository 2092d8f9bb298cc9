"""Workers that do jobs, each one at a time; one that dies is replaced, and only the job that it died of fails."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from taxolens.core.errors import ModelError, TaxolensError
from taxolens.server.admitted import Admitted
from taxolens.server.faults import NotReady, TooLate, WorkerDied
from taxolens.server.kept import Source
from taxolens.server.line import Job, Line, Worked
from taxolens.server.options import LONGEST_OPENING
from taxolens.server.work import Work
from taxolens.server.worker import Died, NotBegun, Worker

log = logging.getLogger(__name__)

Starter = Callable[[], Awaitable[Worker]]
"""Starts a worker that holds no model yet."""

_Chore = Callable[[Worker], Awaitable[None]]

_PAUSES = (0.0, 0.2, 1.0, 5.0)
"""Seconds before a worker is started that could not be started so often before."""


@dataclass(slots=True, eq=False)
class _Place:
    """Where one worker after the other works.

    Attributes:
        chores: what its worker must do before the next job, and who waits for that.
        busy: a job is being done.
        failures: how often in a row no worker could be started.
    """

    worker: Worker | None = None
    chores: deque[tuple[_Chore, asyncio.Future[None]]] = field(default_factory=deque)
    busy: bool = False
    failures: int = 0


class Pool:
    """Does jobs with several workers. For one event loop.

    Args:
        start: starts a worker.
        workers: how many, at least 1.
        max_queue: jobs that may wait beside those that are being done.
        seconds: longest that a job may take; its worker is ended then.
    """

    def __init__(self, start: Starter, *, workers: int, max_queue: int, seconds: float) -> None:
        self.restarts = 0
        self._start = start
        self._seconds = seconds
        self._line: Line[_Place] = Line(max_queue)
        self._places = [_Place() for _ in range(workers)]
        self._models: dict[int, Admitted] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = self._closed = False

    @property
    def alive(self) -> bool:
        """Whether a worker lives or is just being replaced."""
        return not self._closed and any(
            place.worker or place.failures < len(_PAUSES) for place in self._places
        )

    @property
    def waiting(self) -> int:
        """Jobs in the queue."""
        return len(self._line)

    @property
    def running(self) -> int:
        """Jobs that are being done."""
        return sum(place.busy for place in self._places)

    @property
    def pids(self) -> tuple[int, ...]:
        """Of the workers that live."""
        return tuple(place.worker.pid for place in self._places if place.worker)

    def begin(self) -> None:
        """Starts the workers; jobs wait until they have."""
        self._tasks = [asyncio.create_task(self._keep(place)) for place in self._places]

    async def admit(self, source: Source, folder: Path) -> Admitted:
        """Has a worker that does nothing else copy a model and try it, so that nobody suffers if it dies of that.

        Raises:
            TaxolensError: the model cannot be served; says why.
        """
        worker = await self._started()
        try:
            async with asyncio.timeout(LONGEST_OPENING):
                return await worker.admit(source, folder)
        except (Died, TimeoutError) as error:
            raise ModelError(
                "The model {file} ended the process that tried it. Get the model file again or train it anew.",
                file=source.path,
            ) from error
        finally:
            await worker.end()

    async def open(self, number: int, admitted: Admitted, *, together: bool = False) -> None:
        """Has every worker hold a model, one worker after the other unless all together.

        Raises:
            ModelError: a worker cannot open it, or does not answer as the others.
        """
        self._models[number] = admitted
        try:
            if together:
                await asyncio.gather(*(self._tell(place, self._opening(number)) for place in self._places))
            else:
                for place in self._places:
                    await self._tell(place, self._opening(number))
        except BaseException:
            self._forget(number)
            raise

    async def drop(self, number: int) -> None:
        """Has every worker let a model go."""
        await asyncio.gather(*self._forget(number), return_exceptions=True)

    async def do(self, number: int, work: Work, *, deadline: float) -> Worked:
        """Does a job.

        Args:
            number: of a model that was opened.
            deadline: seconds from now; later nobody waits.

        Raises:
            Busy: there is no place in the queue.
            TooLate: the deadline passed.
            WorkerDied: the worker died of it.
            NotReady: the pool is closing.
            TaxolensError: whatever the model says of the work.
        """
        if self._closing:
            raise _closing()
        job = Job(number, work, asyncio.get_running_loop().time())
        self._line.put(job)
        try:
            async with asyncio.timeout(deadline):
                return await job.answer
        except TimeoutError as error:
            raise TooLate(
                "There was no answer within {seconds:g} seconds. Try again, or allow more.", seconds=deadline
            ) from error
        finally:
            self._line.leave(job)

    async def close(self, *, patience: float) -> None:
        """Takes no more jobs, does those that are there for up to `patience` seconds, ends the workers."""
        self._closing = True
        until = asyncio.get_running_loop().time() + patience
        while (self.waiting or self.running) and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._closed = True
        for place in self._places:
            _fail_chores(place, _closing())
        for job in self._line.clear():
            job.fail(_closing())

    async def _keep(self, place: _Place) -> None:
        """Has a worker at a place, always."""
        while True:
            await asyncio.sleep(_PAUSES[min(place.failures, len(_PAUSES) - 1)])
            try:
                worker = await self._ready_worker()
            except Exception as error:
                place.failures += 1
                log.error("A worker could not be started: %s", error)
                _fail_chores(place, _unopened(error))
                continue
            place.worker, place.failures = worker, 0
            worker.gone.add_done_callback(partial(self._wake, place))
            try:
                await self._work(place, worker)
            except Exception as error:
                self.restarts += 1
                log.warning("Worker %d is replaced: %s", worker.pid, error)
            finally:
                place.worker, place.busy = None, False
                await worker.end()

    async def _started(self) -> Worker:
        try:
            return await self._start()
        except Died as error:
            raise WorkerDied(error.template, **error.fields) from error

    async def _ready_worker(self) -> Worker:
        worker = await self._started()
        try:
            async with asyncio.timeout(LONGEST_OPENING):
                for number in list(self._models):
                    await self._opening(number)(worker)
        except BaseException:
            await worker.end()
            raise
        return worker

    async def _work(self, place: _Place, worker: Worker) -> None:
        while True:
            while place.chores:
                await _do_chore(place, worker)
            job = await self._line.next(place)
            if job is not None:
                place.busy = True
                await self._do(worker, job)
                place.busy = False
            elif worker.gone.done():
                raise Died("It died while it had nothing to do.")

    async def _do(self, worker: Worker, job: Job) -> None:
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(self._seconds):
                done = await worker.answer(job.number, job.work)
        except TimeoutError as error:
            job.fail(
                TooLate(
                    "The photo took longer than {seconds:g} seconds. Send a smaller one.",
                    seconds=self._seconds,
                )
            )
            raise Died("It took too long.") from error
        except asyncio.CancelledError:
            job.fail(_closing())
            raise
        except NotBegun:
            self._line.put_back(job)
            raise
        except Exception as error:
            if isinstance(error, TaxolensError) and not isinstance(error, Died):
                job.fail(error)
                return
            job.fail(
                WorkerDied("The photo ended the process that worked on it. Save it anew as JPEG or PNG.")
            )
            raise
        job.finish(Worked(done, began - job.asked))

    def _wake(self, place: _Place, _: asyncio.Future[None]) -> None:
        self._line.wake(place)

    def _opening(self, number: int) -> _Chore:
        async def open_it(worker: Worker) -> None:
            admitted = self._models.get(number)
            if admitted is None or number in worker.held:
                return
            if await worker.open(number, admitted.kept) != admitted.proof:
                raise ModelError(
                    "The model answers the same picture differently in each process. Get the model file again."
                )

        return open_it

    def _forget(self, number: int) -> list[Awaitable[None]]:
        async def drop_it(worker: Worker) -> None:
            if number in worker.held:
                await worker.drop(number)

        self._models.pop(number, None)
        return [self._tell(place, drop_it) for place in self._places]

    def _tell(self, place: _Place, chore: _Chore) -> asyncio.Future[None]:
        """Has the worker of a place do something before its next job."""
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        place.chores.append((chore, told))
        self._line.wake(place)
        return told


async def _do_chore(place: _Place, worker: Worker) -> None:
    chore, told = place.chores.popleft()
    try:
        async with asyncio.timeout(LONGEST_OPENING):
            await chore(worker)
    except (Died, TimeoutError) as error:
        # The worker that replaces this one opens what is to be held, and then finds this done.
        place.chores.appendleft((chore, told))
        raise Died("It died while a model was opened or dropped.") from error
    except TaxolensError as error:
        _fail(told, error)
    except asyncio.CancelledError:
        _fail(told, _closing())
        raise
    else:
        if not told.done():
            told.set_result(None)


def _unopened(error: Exception) -> TaxolensError:
    if isinstance(error, TaxolensError) and not isinstance(error, Died):
        return error
    return ModelError(
        "The model ended the processes that opened it. Get the model file again or train it anew."
    )


def _fail_chores(place: _Place, error: Exception) -> None:
    while place.chores:
        _fail(place.chores.popleft()[1], error)


def _fail(told: asyncio.Future[None], error: Exception) -> None:
    if not told.done():
        told.set_exception(error)
        # Whoever does not look at it is not told again.
        told.exception()


def _closing() -> NotReady:
    return NotReady("The server is closing. Ask again when it is back.")
