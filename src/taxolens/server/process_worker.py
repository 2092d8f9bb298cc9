"""A worker that is a process, as the event loop sees it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from taxolens.server.admitted import Admitted
from taxolens.server.done import Done
from taxolens.server.kept import Kept, Source
from taxolens.server.nursery import Nursery
from taxolens.server.wire import packed, unpacked
from taxolens.server.work import Work
from taxolens.server.worker import Died, NotBegun

log = logging.getLogger(__name__)


class ProcessWorker(asyncio.Protocol):
    """Calls `taxolens.server.holder.Holder` in a process, one call at a time; see `taxolens.server.worker.Worker`."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        loop = asyncio.get_running_loop()
        self.pid = pid
        self.held: set[int] = set()
        self.gone: asyncio.Future[None] = loop.create_future()
        self._nursery = nursery
        self._transport: asyncio.WriteTransport | None = None
        self._arrived = bytearray()
        self._begun = True
        self._outcome: asyncio.Future[tuple[bool, Any]] | None = None

    @classmethod
    async def start(cls, nursery: Nursery) -> ProcessWorker:
        """A new process.

        Raises:
            Died: none can be started.
        """
        pid, connection = await _forked(nursery)
        connection.setblocking(False)
        worker = cls(nursery, pid)
        try:
            await asyncio.get_running_loop().create_unix_connection(lambda: worker, sock=connection)
        except BaseException:
            connection.close()
            raise
        return worker

    async def admit(self, source: Source, folder: Path) -> Admitted:
        """See `Worker.admit`."""
        return cast(Admitted, await self._called("admit", source, folder))

    async def open(self, number: int, kept: Kept) -> str:
        """See `Worker.open`."""
        proof = cast(str, await self._called("open", number, kept))
        self.held.add(number)
        return proof

    async def drop(self, number: int) -> None:
        """See `Worker.drop`."""
        self.held.discard(number)
        await self._called("drop", number)

    async def answer(self, number: int, work: Work) -> Done:
        """See `Worker.answer`."""
        return cast(Done, await self._called("answer", number, work))

    async def end(self) -> None:
        """See `Worker.end`."""
        with suppress(OSError):
            os.kill(self.pid, signal.SIGKILL)
        if self._transport is not None:
            self._transport.abort()
        code = await asyncio.to_thread(self._nursery.bury, self.pid)
        if code not in (0, -signal.SIGKILL):
            log.warning("Worker %d had ended with code %d.", self.pid, code)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The process can be called."""
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        """A part of an outcome arrived."""
        self._arrived += data
        outcome = unpacked(self._arrived)
        if outcome is not None and self._outcome is not None and not self._outcome.done():
            self._outcome.set_result(outcome)

    def eof_received(self) -> None:
        """The process ended; what it was to get may not have gone out whole."""
        if self._transport is not None and self._transport.get_write_buffer_size():
            self._begun = False

    def connection_lost(self, error: Exception | None) -> None:
        """The process is no more.

        Args:
            error: Linux gives one where the process left unread what it was given.
        """
        if not self.gone.done():
            self.gone.set_result(None)
        if self._outcome is not None and not self._outcome.done():
            begun = self._begun and error is None
            self._outcome.set_exception(Died("It died at its work.") if begun else NotBegun("It was dead."))

    async def _called(self, name: str, *arguments: object) -> Any:
        if self.gone.done() or self._transport is None:
            raise NotBegun("It was dead.")
        self._outcome = asyncio.get_running_loop().create_future()
        self._transport.write(packed((name, arguments)))
        succeeded, result = await self._outcome
        if not succeeded:
            raise result
        return result


async def _forked(nursery: Nursery) -> tuple[int, socket.socket]:
    forking = asyncio.create_task(asyncio.to_thread(nursery.fork))
    try:
        return await asyncio.shield(forking)
    except OSError as error:
        raise Died(
            "No process for photos can be started: {why}.", why=error.strerror or str(error)
        ) from error
    except asyncio.CancelledError:
        # A thread cannot be stopped. A worker ends where its connection does.
        with suppress(OSError):
            (await forking)[1].close()
        raise
