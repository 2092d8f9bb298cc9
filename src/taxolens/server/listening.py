"""What listens: a socket, and a server that leaves nobody unanswered when it ends."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from taxolens.server.connection import IDLE, Connection, Guests
from taxolens.server.open_files import room_for

_TOLD = 100
"""Connections beyond the most that are told so."""

_FAREWELL = 1.0
"""Seconds in which connections that wait for nothing may still ask: their question may be on its way."""

_TWICE = 1.0
"""Seconds after which a second request to stop is meant: some programs send a signal to a process and to its group."""


class Listener(uvicorn.Server):
    """Serves an application on a socket until it is told to stop.

    Args:
        app: of ASGI.
        patience: seconds that answers may take once it is told to stop.
        closing: called when it is told to stop.
        connections: at once, as far as the system allows open files for them.
    """

    def __init__(self, app: Any, *, patience: float, closing: Callable[[], None], connections: int) -> None:
        room = room_for(connections, _TOLD)
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                ws="none",
                lifespan="off",
                loop="asyncio",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=round(IDLE),
                timeout_graceful_shutdown=max(1, round(patience)),
                backlog=room.backlog,
            )
        )
        self.server_state = Guests(room.stay, room.told)
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
        return Connection(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)


def _in_line(listener: socket.socket) -> Iterator[socket.socket]:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        yield connection
