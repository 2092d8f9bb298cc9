"""Errors as answers: JSON with one sentence."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from taxolens.core.errors import TaxolensError
from taxolens.problems import Problem, Statuses, problem_of
from taxolens.server.faults import Busy, NotReady, TooLate, UnknownModel, WorkerDied
from taxolens.server.visit import Visit, visit_of

OF_FAULTS: Statuses = {Busy: 503, NotReady: 503, TooLate: 504, WorkerDied: 422, UnknownModel: 404}
PREDICT, PROTOCOL = "/predict", "/v2"
_LEAST_LINGERING = 65_536
_LINGERING_SECONDS = 2.0
_LIKE_TRITON = {413: 413, 415: 400, 422: 400}


class Refusal(Response):
    """An answer that tells why there is none.

    A body that nobody reads is let in for a moment and thrown away: a connection that is closed while its other end
    still sends, is reset, and then the answer is lost too (RFC 9112, 9.6).
    """

    media_type = "application/json"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the answer."""
        visit = visit_of(scope)
        announced = visit.announced
        if visit.whole or (announced is not None and announced - visit.received <= _LEAST_LINGERING):
            await super().__call__(scope, receive, send)
            return
        headers = [*self.raw_headers, (b"connection", b"close")]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": bytes(self.body), "more_body": True})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGERING_SECONDS):
                while (await receive()).get("more_body", False):
                    pass
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def refusal_of(error: TaxolensError, visit: Visit) -> Refusal:
    """The answer to an error, in the asker's language."""
    return refusal(problem_of(error, visit.say, also=OF_FAULTS), visit)


def refusal(problem: Problem, visit: Visit, headers: dict[str, str] | None = None) -> Refusal:
    """The answer that tells a problem. The inference protocol knows fewer statuses than our own doors."""
    status = problem.status
    if visit.path.startswith(PROTOCOL):
        status = _LIKE_TRITON.get(status, status)
    said: dict[str, Any] = dict(headers or {})
    if problem.retry_after is not None:
        said["Retry-After"] = str(problem.retry_after)
    if status == 401:
        said["WWW-Authenticate"] = "Bearer"
    return Refusal(to_json({"error": problem.sentence}), status, said)
