"""Connections of those who mean no good."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from taxolens.server import listening
from taxolens.server.listening import Listener

_LARGE = 50_000_000
_HELLO = b"GET / HTTP/1.1\r\nHost: x\r\n"


async def _large(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with more than a connection holds."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": bytes(_LARGE)})


async def _slow(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers after a while."""
    await asyncio.sleep(0.8)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"whole"})


@contextmanager
def _running(server: Listener) -> Iterator[socket.socket]:
    """A connection to a server."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([door])))
        thread.start()
        try:
            with socket.create_connection(door.getsockname(), timeout=20) as connection:
                yield connection
        finally:
            server.stop()
            thread.join(30)


def _server(app: ASGIApp, patience: float = 1) -> Listener:
    return Listener(app, patience=patience, closing=lambda: None)


@contextmanager
def _listening() -> Iterator[socket.socket]:
    """A connection to a server with large answers."""
    with _running(_server(_large)) as connection:
        yield connection


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


def test_a_signal_that_comes_twice_at_once_breaks_nothing_off() -> None:
    server = _server(_slow, patience=20)
    with _running(server) as connection:
        connection.sendall(_HELLO + b"\r\n")
        time.sleep(0.2)
        server.stop()
        server.stop()
        assert b"whole" in connection.recv(4096)
    assert server.answered_all


def test_told_again_later_it_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "_TWICE", 0.2)

    async def never(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(30)

    server = _server(never, patience=20)
    with _running(server) as connection:
        connection.sendall(_HELLO + b"\r\n")
        time.sleep(0.2)
        server.stop()
        time.sleep(0.3)
        server.stop()
        with suppress(ConnectionError):
            assert connection.recv(4096) == b""
    assert not server.answered_all
