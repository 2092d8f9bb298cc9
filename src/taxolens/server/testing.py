"""A desk without processes, for tests of what stands before it: the same line, versions and words, with threads."""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from taxolens.server.admitted import Admitted
from taxolens.server.done import Done
from taxolens.server.holder import Holder
from taxolens.server.kept import Kept, Source
from taxolens.server.model_desk import ModelDesk
from taxolens.server.options import DeskOptions
from taxolens.server.pool import Pool
from taxolens.server.work import PhotoWork, Work
from taxolens.server.worker import Died, NotBegun

P = ParamSpec("P")
Result = TypeVar("Result")

DEADLY = b"deadly"
"""A photo of these bytes ends the worker that looks at it."""


class ThreadWorker:
    """A worker that is a thread of this process.

    Args:
        delay: seconds that each piece of work takes beside what it takes.
    """

    def __init__(self, options: DeskOptions, delay: float) -> None:
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.held: set[int] = set()
        self.pid = os.getpid()
        self._holder = Holder(options.max_megapixels)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="twin-worker")
        self._delay = delay

    async def admit(self, source: Source, folder: Path) -> Admitted:
        """See `Worker.admit`."""
        return await self._do(self._holder.admit, source, folder)

    async def open(self, number: int, kept: Kept) -> str:
        """See `Worker.open`."""
        proof = await self._do(self._holder.open, number, kept)
        self.held.add(number)
        return proof

    async def drop(self, number: int) -> None:
        """See `Worker.drop`."""
        self.held.discard(number)
        await self._do(self._holder.drop, number)

    async def answer(self, number: int, work: Work) -> Done:
        """See `Worker.answer`."""
        if isinstance(work, PhotoWork) and isinstance(work.photo, bytes) and work.photo == DEADLY:
            self._mark_gone()
            raise Died("It died at its work.")
        return await self._do(self._slowly, number, work)

    async def end(self) -> None:
        """See `Worker.end`; a thread cannot be ended, so it finishes what it does for nobody."""
        self._mark_gone()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _slowly(self, number: int, work: Work) -> Done:
        time.sleep(self._delay)
        return self._holder.answer(number, work)

    async def _do(self, function: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        if self.gone.done():
            raise NotBegun("The worker is dead.")
        result = asyncio.wrap_future(self._thread.submit(function, *args, **kwargs))
        both: tuple[asyncio.Future[Any], ...] = (result, self.gone)
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not result.done():
            raise Died("The worker is dead.")
        return result.result()

    def _mark_gone(self) -> None:
        if not self.gone.done():
            self.gone.set_result(None)


def inline_desk(options: DeskOptions, *, delay: float = 0.0) -> ModelDesk:
    """A desk with the behaviour of one with processes, workers, queue, deadlines and reloads alike, in this process.

    Args:
        delay: seconds that each piece of work takes beside what it takes.
    """

    async def start() -> ThreadWorker:
        return ThreadWorker(options, delay)

    folder = Path(tempfile.mkdtemp(prefix="taxolens-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    pool = Pool(start, workers=options.workers or 1, max_queue=options.max_queue, seconds=options.seconds)
    return ModelDesk(options, pool, folder)
