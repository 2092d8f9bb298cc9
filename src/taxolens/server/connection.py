"""Connections: how many at once, how long each may rest, and what is not waited for."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic_core import to_json
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

IDLE = 75.0
"""Seconds in which a connection that had its answer may ask again: longer than the 60 s of usual proxies, which else would
ask on one that is just being closed."""

_UNWELCOME = 1.0
"""Seconds in which a connection that is one too many may ask, to be told so."""

_SILENT = 1.0
"""Seconds after which a connection that has asked nothing since it came may lose its place."""

_HEADERS_WITHIN = 10.0
_LONGEST_HEAD = 512_000
"""Bytes before the body; more than arrive at once, because what belonged to the request before may be among them."""

_READ_WITHIN = 120.0
"""Seconds after which an answer of which nothing more is taken is given up: it would keep its memory for nothing."""


class Guests(ServerState):
    """The connections of a server.

    Args:
        most: at once. Where all places are taken, whoever comes gets that of the connection that never asked anything, else
            of the one that has rested longest.
        told: beyond the most, that are told so; more are just closed.
    """

    def __init__(self, most: int, told: int) -> None:
        super().__init__()
        self._most = most
        self._told = told

    @property
    def crowded(self) -> bool:
        """Whether so many come beyond the most that they cannot even be told."""
        return len(self.connections) > self._most + self._told

    def welcome(self, guest: Connection) -> bool:
        """Whether there is a place for a connection that has just come."""
        if len(self.connections) <= self._most:
            return True
        there = [one for one in self.connections if isinstance(one, Connection) and one.stays]
        if len(there) <= self._most:
            return True
        resting = [one for one in there if one is not guest and one.rests_since is not None]
        if not resting:
            return False
        min(resting, key=lambda one: (one.has_asked, one.rests_since)).transport.close()
        return True


class Connection(HttpToolsProtocol):
    """As uvicorn's, but a request whose headers do not come is not waited for, and errors are JSON."""

    has_asked = False
    """Whether a request has ever begun."""

    _came = 0.0
    _due: asyncio.TimerHandle | None = None
    _head = 0
    _stalled: asyncio.TimerHandle | None = None
    _unwelcome = False

    @property
    def stays(self) -> bool:
        """Whether it has a place and is not about to end."""
        return not (self._unwelcome or self.transport.is_closing())

    @property
    def rests_since(self) -> float | None:
        """When it came or had its last answer, as the loop counts; None while something is asked, or soon may be."""
        if not self.has_asked:
            return self._came if self.loop.time() - self._came > _SILENT else None
        return self.timeout_keep_alive_task.when() - IDLE if self.timeout_keep_alive_task else None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._came = self.loop.time()
        guests = self.server_state
        if isinstance(guests, Guests) and not guests.welcome(self):
            self._unwelcome = True
            if guests.crowded:
                transport.abort()
        self._wait(_UNWELCOME if self._unwelcome else None)

    def data_received(self, data: bytes) -> None:
        if self._unwelcome:
            self._refuse(503, "The server has as many connections as it can take. Try again soon.")
            return
        super().data_received(data)
        self._head = 0 if self._due is None else self._head + len(data)
        if self._head > _LONGEST_HEAD:
            self._refuse(431, "The headers of the request are too long.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.has_asked = True
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

    def _wait(self, seconds: float | None = None) -> None:
        self._due = self.loop.call_later(_HEADERS_WITHIN if seconds is None else seconds, self._late)

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
        head = b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n" % len(body)
        later = b"retry-after: 1\r\n" if status == 503 else b""
        self.transport.write(STATUS_LINE[status] + head + later + b"\r\n" + body)
        self.transport.close()
