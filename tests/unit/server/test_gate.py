"""What the gate lets in, and what takes a place."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import MutableMapping
from typing import Any, cast

import pytest
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from taxolens.server import inference_protocol, rest
from taxolens.server.desk import Desk
from taxolens.server.doors import Doors, Limits
from taxolens.server.gate import Gate
from taxolens.server.keys import Keys
from taxolens.server.page.router import page_router
from taxolens.server.places import is_order, takes_place
from taxolens.server.visit import Visit

_DESK = cast(Desk, None)  # the gate does not ask it
Message = MutableMapping[str, Any]


def _scope(**headers: str) -> Scope:
    named = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http", "method": "POST", "path": "/predict", "headers": named}


async def _status(gate: Gate, scope: Scope) -> int:
    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.sleep(0.2)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await gate(scope, receive, send)
    return int(sent[0]["status"])


async def _answers(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    "origin", ["https://elsewhere.example", "http://localhost:3000", "null", "http://[", "é"]
)
def test_pages_of_others_are_not_let_in(site: str, origin: str) -> None:
    gate = Gate(_answers, Doors(_DESK))
    assert asyncio.run(_status(gate, _scope(sec_fetch_site=site, origin=origin))) == 403


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_the_page_itself_is_let_in(site: str) -> None:
    assert asyncio.run(_status(Gate(_answers, Doors(_DESK)), _scope(sec_fetch_site=site))) == 200


def test_who_is_refused_takes_no_place_from_those_with_a_key() -> None:
    keys = Keys({})
    doors = Doors(_DESK, limits=Limits(places=1), keys=keys)
    gate = Gate(_answers, doors)

    async def both() -> list[int]:
        # The body of neither comes: their refusals wait for it a moment.
        return list(await asyncio.gather(*(_status(gate, _scope(x_api_key="wrong")) for _ in range(2))))

    assert asyncio.run(both()) == [401, 401]
    seen = []

    async def looks(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(doors.traffic.places)
        await _answers(scope, receive, send)

    async def one_beside_a_refusal() -> int:
        open_gate = Gate(looks, Doors(_DESK, limits=Limits(places=1), traffic=doors.traffic))
        refused = asyncio.create_task(_status(gate, _scope(x_api_key="wrong")))
        await asyncio.sleep(0.05)
        status = await _status(open_gate, _scope())
        await refused
        return status

    assert asyncio.run(one_beside_a_refusal()) == 200
    assert seen == [1]
    assert doors.traffic.places == 0


def test_forms_that_bring_their_key_in_the_body_leave_places_to_others() -> None:
    doors = Doors(_DESK, limits=Limits(places=8), keys=Keys({hashlib.sha256(b"mine").digest(): "me"}))

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.3)
        await _answers(scope, receive, send)

    gate = Gate(slow, doors, ("/",))

    async def crowd() -> list[int]:
        forms = [_status(gate, {**_scope(), "path": "/"}) for _ in range(4)]
        return list(await asyncio.gather(*forms, _status(gate, _scope(x_api_key="mine"))))

    assert asyncio.run(crowd()) == [200, 200, 503, 503, 200]
    assert (doors.traffic.places, doors.traffic.strangers) == (0, 0)


def test_orders_about_models_leave_the_places_to_photos() -> None:
    doors = Doors(_DESK, limits=Limits(places=1))

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.1)
        await _answers(scope, receive, send)

    gate = Gate(slow, doors)
    load = {**_scope(), "path": "/v2/repository/models/moths/load"}
    nowhere = {**_scope(), "path": "/nowhere"}

    async def crowd() -> list[int]:
        orders = [_status(gate, dict(load)) for _ in range(5)]
        return list(await asyncio.gather(*orders, _status(gate, nowhere), _status(gate, _scope())))

    assert asyncio.run(crowd()) == [200, 200, 200, 200, 503, 200, 200]
    assert (doors.traffic.places, doors.traffic.orders) == (0, 0)


def test_every_door_that_takes_a_body_is_counted() -> None:
    routers = (rest.router, inference_protocol.router, page_router(Doors(_DESK)))
    routes = [one for router in routers for one in router.routes if isinstance(one, Route)]
    paths = {one.path for one in routes if "POST" in (one.methods or ())}
    visits = [Visit.of({**_scope(), "path": path}) for path in sorted(paths)]
    assert len(visits) == 9
    assert all(takes_place(visit) != is_order(visit) for visit in visits)
