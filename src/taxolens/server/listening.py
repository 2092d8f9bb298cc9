"""What listens: a socket, and a server that leaves nobody unanswered when it ends."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from pydantic_core import to_json
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from taxolens.server.address import BACKLOG

_FAREWELL = 1.0
"""Seconds in which connections that wait for nothing may still ask: their question may be on its way."""

_TWICE = 1.0
"""Seconds after which a second request to stop is meant: some programs send a signal to a process and to its group."""

_HEADERS_WITHIN = 10.0
_LONGEST_HEAD = 512_000
"""Bytes before the body; more than arrive at once, because what belonged to the request before may be among them."""

_READ_WITHIN = 120.0
"""Seconds after which an answer of which nothing more is taken is given up: it would keep its memory for nothing."""


class _Connection(HttpToolsProtocol):
    """As uvicorn's, but a request whose headers do not come is not waited for, and errors are JSON."""

    _due: asyncio.TimerHandle | None = None
    _head = 0
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._head = 0 if self._due is None else self._head + len(data)
        if self._head > _LONGEST_HEAD:
            self._refuse(431, "The headers of the request are too long.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head = 0
        if self._due is None:
            self._wait()

    def on_headers_complete(self) -> None:
        self._rest()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        self._taken()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self._taken()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, "This is no HTTP request.")

    def _wait(self) -> None:
        self._due = self.loop.call_later(_HEADERS_WITHIN, self._late)

    def _rest(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _watch(self, left: int) -> None:
        """Looks later whether anything was read of what was left to be sent."""
        self._stalled = self.loop.call_later(_READ_WITHIN, self._look, left)

    def _look(self, before: int) -> None:
        left = self.transport.get_write_buffer_size()
        if left < before:
            self._watch(left)
        else:
            self.transport.abort()

    def _taken(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _late(self) -> None:
        self._due = None
        if self.transport.is_closing():
            return
        if self.cycle and not self.cycle.response_complete:
            self._wait()  # an answer comes first
            return
        if self.headers is None:
            self.transport.close()  # nothing was asked
        else:
            self._refuse(408, "The request came too slowly.")

    def _refuse(self, status: int, sentence: str) -> None:
        self._rest()
        body = to_json({"error": sentence})
        head = b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(
            body
        )
        self.transport.write(STATUS_LINE[status] + head + body)
        self.transport.close()


class Listener(uvicorn.Server):
    """Serves an application on a socket until it is told to stop.

    Args:
        app: of ASGI.
        patience: seconds that answers may take once it is told to stop.
        closing: called when it is told to stop.
    """

    def __init__(self, app: Any, *, patience: float, closing: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=_Connection,
                ws="none",
                lifespan="off",
                loop="asyncio",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=max(1, round(patience)),
                backlog=BACKLOG,
            )
        )
        self._closing = closing
        self._stopped = 0.0

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals to whoever runs the loop."""
        yield

    @property
    def answered_all(self) -> bool:
        """Whether it was not told to leave requests unanswered."""
        return not self.force_exit

    def stop(self) -> None:
        """Takes no more requests, answers those that are there; told again a second later, it does not wait for them."""
        if not self.should_exit:
            self._stopped = time.monotonic()
            self._closing()
            self.should_exit = True
        elif time.monotonic() - self._stopped >= _TWICE:
            self.force_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends without losing a request.

        The system has shaken hands already with those that stand in line at the socket: they are let in before it
        closes. Connections that are kept open are told to come back elsewhere with their next answer.
        """
        waiting = [connection for one in sockets or () for connection in _in_line(one)]
        for server in self.servers:
            server.close()
        loop = asyncio.get_running_loop()
        for connection in waiting:
            await loop.connect_accepted_socket(self._connection, connection)
        until = time.monotonic() + _FAREWELL
        while self.server_state.connections and time.monotonic() < until and not self.force_exit:
            await asyncio.sleep(0.02)
        async with asyncio.TaskGroup() as group:
            breaking = group.create_task(self._break_off())
            await super().shutdown(sockets)
            breaking.cancel()

    async def _break_off(self) -> None:
        """Lets go of all connections once nobody is to be waited for: the loop would wait for them."""
        while not self.force_exit:
            await asyncio.sleep(0.02)
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    def _connection(self) -> asyncio.Protocol:
        return _Connection(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)


def _in_line(listener: socket.socket) -> Iterator[socket.socket]:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        yield connection
