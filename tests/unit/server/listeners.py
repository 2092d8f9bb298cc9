"""Servers of small applications that really listen, in a thread of the test."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp, Receive, Scope, Send

from taxolens.server.listening import Listener

HELLO = b"GET / HTTP/1.1\r\nHost: x\r\n"
ASK = HELLO + b"\r\n"
LARGE = 50_000_000


async def large(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with more than a connection holds."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": bytes(LARGE)})


async def slow(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers after a while."""
    await asyncio.sleep(0.8)
    await short(scope, receive, send)


async def short(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers at once."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"whole"})


def listener(app: ASGIApp, *, patience: float = 1, connections: int = 50) -> Listener:
    """A server that does not listen yet."""
    return Listener(app, patience=patience, closing=lambda: None, connections=connections)


@contextmanager
def listening(server: Listener) -> Iterator[tuple[str, int]]:
    """The address of a server, which ends with the block."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([door])))
        thread.start()
        try:
            yield door.getsockname()
        finally:
            server.stop()
            thread.join(30)


def connected(address: tuple[str, int]) -> socket.socket:
    """A connection."""
    return socket.create_connection(address, timeout=20)


def is_answered(connection: socket.socket) -> bool:
    """Whether the answer of `short` arrives, whole."""
    arrived = b""
    while not arrived.endswith(b"whole"):
        got = connection.recv(4096)
        if not got:
            return False
        arrived += got
    return arrived.startswith(b"HTTP/1.1 200 ")
