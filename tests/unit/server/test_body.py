"""Bodies, received within limits."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, cast

import pytest
from starlette.types import Scope, Send

from taxolens.problems import Refused
from taxolens.server.body import Receive, hold, read_body
from taxolens.server.desk import Desk
from taxolens.server.doors import Doors, Limits, Traffic
from taxolens.server.gate import Gate
from taxolens.server.keys import Keys
from taxolens.server.visit import Visit, visit_of

LIMITS = Limits(body=100, held=300, silence=0.1, grace=0.0, rate=0)


def _visit() -> Visit:
    return Visit.of({"method": "POST", "path": "/predict", "headers": []})


def _sending(chunks: Iterable[bytes], *, end: bool = True) -> Receive:
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks
    ]
    if end:
        messages[-1]["more_body"] = False
    messages.append({"type": "http.disconnect"})
    waiting = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(waiting)

    return receive


def _read(
    receive: Receive, limits: Limits = LIMITS, visit: Visit | None = None, traffic: Traffic | None = None
) -> bytes:
    return asyncio.run(read_body(receive, visit or _visit(), limits, traffic or Traffic()))


def test_chunks_are_one_body() -> None:
    visit, traffic = _visit(), Traffic()
    assert _read(_sending([b"ab", b"", b"cd"]), visit=visit, traffic=traffic) == b"abcd"
    assert (visit.received, visit.whole, traffic.held) == (4, True, 4)


@pytest.mark.parametrize(
    ("receive", "limits", "held", "status"),
    [
        (_sending([b"x" * 60, b"x" * 60]), LIMITS, 0, 413),
        (_sending([b"x" * 60]), LIMITS, 280, 503),
        (_sending([b"x"], end=False), LIMITS, 0, 400),
        (_sending([b"x", b"y"]), replace(LIMITS, rate=10**9), 0, 408),
        (_sending([b"x", b"y"]), replace(LIMITS, longest=0.0), 0, 408),
    ],
    ids=["too large", "too much for others", "broken off", "too slow on average", "a trickle without end"],
)
def test_what_will_not_be_read_is_refused(receive: Receive, limits: Limits, held: int, status: int) -> None:
    visit = _visit()
    with pytest.raises(Refused) as refused:
        _read(receive, limits, visit, Traffic(held=held))
    assert refused.value.status == status
    assert not visit.whole


def test_silence_is_not_waited_for() -> None:
    async def silent() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {}

    with pytest.raises(Refused) as refused:
        _read(silent)
    assert refused.value.status == 408


def test_what_a_request_holds_is_let_go_at_its_end() -> None:
    traffic = Traffic(held=7)
    doors = Doors(cast(Desk, None), limits=LIMITS, traffic=traffic)
    held: list[int] = []

    async def grows(scope: Scope, receive: Receive, send: Send) -> None:
        visit = visit_of(scope)
        await read_body(receive, visit, LIMITS, traffic)
        hold(200, visit, LIMITS, traffic)
        held.append(traffic.held)
        hold(200, visit, LIMITS, traffic)

    async def send(message: Any) -> None:
        held.append(message.get("status", 0))

    scope = {"type": "http", "method": "POST", "path": "/predict", "headers": []}
    asyncio.run(Gate(grows, doors)(scope, _sending([b"x" * 50]), send))
    assert held[:2] == [257, 503]
    assert traffic.held == 7


def test_whoever_has_shown_no_key_yet_leaves_memory_to_those_who_have() -> None:
    doors = Doors(cast(Desk, None), limits=LIMITS, keys=Keys({hashlib.sha256(b"mine").digest(): "me"}))
    held: list[tuple[int, int]] = []

    async def stays(scope: Scope, receive: Receive, send: Send) -> None:
        await read_body(receive, visit_of(scope), LIMITS, doors.traffic)
        held.append((doors.traffic.held, doors.traffic.strange_held))
        await asyncio.sleep(0.1)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    gate = Gate(stays, doors, ("/",))

    async def status(**headers: str) -> int:
        sent: list[int] = []

        async def send(message: Any) -> None:
            sent.append(message.get("status", 0))

        named = [(name.encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": "POST", "path": "/", "headers": named}
        await gate(scope, _sending([b"x" * 50]), send)
        return sent[0]

    async def crowd() -> list[int]:
        return list(await asyncio.gather(status(), status(), status(authorization="Bearer mine")))

    assert asyncio.run(crowd()) == [200, 503, 200]
    assert held == [(50, 50), (100, 50)]
    assert (doors.traffic.held, doors.traffic.strange_held) == (0, 0)
