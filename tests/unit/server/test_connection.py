"""Connections of those who mean no good, and too many of them."""

from __future__ import annotations

import socket
import time
from contextlib import suppress

import pytest

from taxolens.server import connection as rules
from taxolens.server import listening as server_rules
from tests.unit.server.listeners import (
    ASK,
    HELLO,
    LARGE,
    connected,
    is_answered,
    large,
    listener,
    listening,
    short,
    slow,
)


def _read(connection: socket.socket) -> int:
    count = 0
    while got := connection.recv(1 << 20):
        count += len(got)
    return count


def test_endless_headers_are_refused_after_half_a_megabyte() -> None:
    with listening(listener(large)) as address, connected(address) as connection:
        connection.sendall(HELLO + b"X-Endless: ")
        sent = 0
        with pytest.raises(ConnectionError):
            while sent < 1000:
                connection.sendall(b"a" * 100_000)
                sent += 1
        assert sent < 300  # the system holds some megabytes that nobody looks at


def test_an_answer_that_nobody_reads_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "_READ_WITHIN", 0.3)
    with listening(listener(large)) as address, connected(address) as connection:
        connection.sendall(ASK)
        time.sleep(2)
        with suppress(ConnectionError):
            assert _read(connection) < LARGE


def test_an_answer_that_is_read_arrives_whole() -> None:
    with listening(listener(large)) as address, connected(address) as connection:
        connection.sendall(HELLO + b"Connection: close\r\n\r\n")
        assert _read(connection) > LARGE


def test_whoever_comes_gets_the_place_of_the_connection_that_has_rested_longest() -> None:
    with (
        listening(listener(short, connections=2)) as address,
        connected(address) as first,
        connected(address) as second,
    ):
        for one in (first, second):
            one.sendall(ASK)
            assert is_answered(one)
        with connected(address) as third:
            third.sendall(ASK)
            assert is_answered(third)
            assert first.recv(4096) == b""
            second.sendall(ASK)
            assert is_answered(second)


def test_whoever_comes_gets_the_place_of_a_connection_that_never_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules, "_SILENT", 0.2)
    with listening(listener(short, connections=2)) as address, connected(address) as asked:
        asked.sendall(ASK)
        assert is_answered(asked)
        with connected(address) as silent:
            silent.sendall(b"\r\n")  # no request begins with it
            time.sleep(0.4)
            with connected(address) as third:
                third.sendall(ASK)
                assert is_answered(third)
            assert silent.recv(4096) == b""
            asked.sendall(ASK)
            assert is_answered(asked)


def test_a_connection_that_has_just_come_keeps_its_place() -> None:
    with listening(listener(short, connections=1)) as address, connected(address) as first:
        time.sleep(0.1)
        with connected(address) as second:
            second.sendall(ASK)
            assert second.recv(4096).startswith(b"HTTP/1.1 503 ")
        first.sendall(ASK)
        assert is_answered(first)


def test_where_all_connections_wait_for_answers_the_next_is_told_to_come_again() -> None:
    with listening(listener(slow, connections=1)) as address, connected(address) as first:
        first.sendall(ASK)
        time.sleep(0.2)
        with connected(address) as second:
            second.sendall(ASK)
            told = second.recv(4096)
            assert told.startswith(b"HTTP/1.1 503 ")
            assert b"retry-after: 1\r\n" in told
            assert b'{"error":' in told
            assert second.recv(4096) == b""
        assert is_answered(first)


def test_connections_without_end_are_not_even_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_rules, "_TOLD", 0)
    with listening(listener(slow, connections=1)) as address, connected(address) as first:
        first.sendall(ASK)
        time.sleep(0.2)
        with connected(address) as second, suppress(ConnectionError):
            assert second.recv(4096) == b""
        assert is_answered(first)


def test_a_connection_that_asks_no_more_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_rules, "IDLE", 1)
    with listening(listener(short)) as address, connected(address) as connection:
        connection.sendall(ASK)
        assert is_answered(connection)
        connection.settimeout(10)
        assert connection.recv(4096) == b""
