"""Servers that are told to stop."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import pytest
from starlette.types import Receive, Scope, Send

from taxolens.server import listening as rules
from tests.unit.server.listeners import ASK, connected, is_answered, listener, listening, slow


def test_a_signal_that_comes_twice_at_once_breaks_nothing_off() -> None:
    server = listener(slow, patience=20)
    with listening(server) as address, connected(address) as connection:
        connection.sendall(ASK)
        time.sleep(0.2)
        server.stop()
        server.stop()
        assert is_answered(connection)
    assert server.answered_all


def test_told_again_later_it_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "_TWICE", 0.2)

    async def never(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(30)

    server = listener(never, patience=20)
    with listening(server) as address, connected(address) as connection:
        connection.sendall(ASK)
        time.sleep(0.2)
        server.stop()
        time.sleep(0.3)
        server.stop()
        with suppress(ConnectionError):
            assert connection.recv(4096) == b""
    assert not server.answered_all
