"""The body of a request, received whole, within limits of size and patience."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from taxolens.problems import Refused
from taxolens.server.doors import MEGABYTE, Limits, Traffic
from taxolens.server.visit import Visit

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


def too_large(limits: Limits) -> Refused:
    """The refusal of a body of too many bytes."""
    return Refused(
        413,
        "The request is larger than {limit} MB. Send fewer or smaller photos at once.",
        limit=f"{limits.body / MEGABYTE:g}",
    )


async def read_body(receive: Receive, visit: Visit, limits: Limits, traffic: Traffic) -> bytes:
    """All bytes of a body.

    The bytes count as held until the visit ends; the gate lets go of them. So does what they grow to; see `hold`.

    Raises:
        Refused: too large (413), too slow (408), broken off (400), or too much is held for others (503).
    """
    chunks: list[bytes] = []
    while True:
        message = await _next(receive, limits)
        chunk = message.get("body", b"")
        visit.received += len(chunk)
        if visit.received > limits.body:
            raise too_large(limits)
        hold(len(chunk), visit, limits, traffic)
        chunks.append(chunk)
        if not message.get("more_body", False):
            visit.whole = True
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)
        slow = visit.received < (visit.seconds - limits.grace) * limits.rate
        if slow or visit.seconds > limits.longest:
            raise _too_slow()


def hold(count: int, visit: Visit, limits: Limits, traffic: Traffic) -> None:
    """Counts bytes as held for a request until it ends; see `let_go`.

    Raises:
        Refused: too much is held for others (503). Whoever has shown no key yet cannot take all from those who have.
    """
    crowded = visit.strange and traffic.strange_held + count > limits.held // 4
    if crowded or traffic.held + count > limits.held:
        raise Refused(503, "The server holds as many photos as it can. Try again soon.", retry_after=2)
    visit.held += count
    traffic.held += count
    if visit.strange:
        traffic.strange_held += count


def let_go(visit: Visit, traffic: Traffic) -> None:
    """Holds nothing more for a request."""
    traffic.held -= visit.held
    if visit.strange:
        traffic.strange_held -= visit.held
    visit.held = 0


async def _next(receive: Receive, limits: Limits) -> MutableMapping[str, Any]:
    """The next part of a body; slow ones would keep a place for nothing."""
    try:
        async with asyncio.timeout(limits.silence):
            message = await receive()
    except TimeoutError:
        raise _too_slow() from None
    if message["type"] == "http.disconnect":
        raise Refused(400, "The request broke off before its end.")
    return message


def _too_slow() -> Refused:
    return Refused(408, "The request came too slowly. Send it again over a better connection.")
