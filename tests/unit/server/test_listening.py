"""Connections of those who mean no good."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from starlette.types import Receive, Scope, Send

from taxolens.server import listening
from taxolens.server.listening import Listener

_LARGE = 50_000_000
_HELLO = b"GET / HTTP/1.1\r\nHost: x\r\n"


async def _large(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with more than a connection holds."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": bytes(_LARGE)})


@contextmanager
def _listening() -> Iterator[socket.socket]:
    """A connection to a server with large answers."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = Listener(_large, patience=1, closing=lambda: None)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([door])))
        thread.start()
        try:
            with socket.create_connection(door.getsockname(), timeout=20) as connection:
                yield connection
        finally:
            server.stop()
            thread.join(30)


def _read(connection: socket.socket) -> int:
    count = 0
    while got := connection.recv(1 << 20):
        count += len(got)
    return count


def test_endless_headers_are_refused_after_half_a_megabyte() -> None:
    with _listening() as connection:
        connection.sendall(_HELLO + b"X-Endless: ")
        sent = 0
        with pytest.raises(ConnectionError):
            while sent < 1000:
                connection.sendall(b"a" * 100_000)
                sent += 1
        assert sent < 300  # the system holds some megabytes that nobody looks at


def test_an_answer_that_nobody_reads_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "_READ_WITHIN", 0.3)
    with _listening() as connection:
        connection.sendall(_HELLO + b"\r\n")
        time.sleep(2)
        with suppress(ConnectionError):
            assert _read(connection) < _LARGE


def test_an_answer_that_is_read_arrives_whole() -> None:
    with _listening() as connection:
        connection.sendall(_HELLO + b"Connection: close\r\n\r\n")
        assert _read(connection) > _LARGE
