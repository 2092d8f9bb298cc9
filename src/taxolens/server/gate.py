"""What every request passes: who asks, how much, may it be now; and what is kept of it."""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from taxolens.core.errors import TaxolensError
from taxolens.core.texts import noted
from taxolens.problems import Problem, Refused
from taxolens.server.body import let_go, too_large
from taxolens.server.doors import Doors
from taxolens.server.places import check_orders, check_room, enter, is_order, leave, takes_place
from taxolens.server.refusal import PREDICT, refusal, refusal_of
from taxolens.server.visit import Visit, visit_of
from taxolens.server.visit_log import log_visit

OPEN = frozenset({"/v2", "/v2/health/live", "/v2/health/ready", "/openapi.json"})
"""What answers without a key: whoever starts and stops servers has none, and nothing of a model is told."""

_WENT_WRONG = noted("Something went wrong in the server. Its log tells more, under the id {id}.")
_POLICY = b"default-src 'self'; img-src 'self' blob: data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", _POLICY),
)
_log = logging.getLogger("taxolens.server")


class Gate:
    """The outermost part of the application, in plain ASGI.

    Args:
        app: what answers.
        doors: what is allowed and what goes on.
        open_pages: paths that answer without a key beside `OPEN`; those that end in "/" with all below them.
    """

    def __init__(self, app: ASGIApp, doors: Doors, open_pages: tuple[str, ...] = ()) -> None:
        self._app = app
        self._doors = doors
        self._open = OPEN | frozenset(open_pages)
        self._below = tuple(page for page in open_pages if page.endswith("/") and page != "/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets one request in, or says why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit, traffic = Visit.of(scope), self._doors.traffic

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                visit.status = message["status"]
                message["headers"] = [*message.get("headers", ()), *self._added(visit)]
            await send(message)

        try:
            await self._let_in(scope, receive, answer)
        finally:
            let_go(visit, traffic)
            self._doors.measures.count_visit(visit, _route(scope))
            log_visit(visit)

    async def _let_in(self, scope: Scope, receive: Receive, answer: Send) -> None:
        visit = visit_of(scope)
        try:
            self._check(visit)
            await self._admitted(visit, scope, receive, answer)
        except TaxolensError as error:
            await refusal_of(error, visit)(scope, receive, answer)
        except Exception:
            _log.exception("request %s failed", visit.id)
            if not visit.status:
                sentence = visit.say(_WENT_WRONG).format(id=visit.id)
                await refusal(Problem(500, sentence), visit)(scope, receive, answer)

    async def _admitted(self, visit: Visit, scope: Scope, receive: Receive, answer: Send) -> None:
        """Has a request answered. Its photos take a place; those of requests that are refused at the gate take none."""
        traffic, works, orders = self._doors.traffic, takes_place(visit), is_order(visit)
        visit.strange = works and self._is_strange(visit)
        traffic.strangers += visit.strange
        traffic.orders += orders
        if works:
            enter(self._doors, visit)
        try:
            await self._app(scope, receive, answer)
        finally:
            leave(self._doors, visit)
            traffic.strangers -= visit.strange
            traffic.orders -= orders

    def _is_strange(self, visit: Visit) -> bool:
        return self._doors.keys is not None and not visit.asker

    def _added(self, visit: Visit) -> tuple[tuple[bytes, bytes], ...]:
        own = (*_HEADERS, (b"x-request-id", visit.id.encode("latin-1")))
        return (*own, (b"connection", b"close")) if self._doors.traffic.closing else own

    def _check(self, visit: Visit) -> None:
        """Refuses, before a byte of its body is read, what will not be answered."""
        self._check_key(visit)
        if visit.method != "POST":
            return
        self._check_page(visit)
        if is_order(visit):
            check_orders(self._doors)
        if takes_place(visit):
            check_room(self._doors, strange=self._is_strange(visit))
            self._check_body(visit)

    def _check_body(self, visit: Visit) -> None:
        limits = self._doors.limits
        if (visit.announced or 0) > limits.body:
            raise too_large(limits)
        if visit.header(b"content-encoding") not in ("", "identity"):
            raise Refused(415, "The request is compressed. Send photos as they are.")

    def _check_key(self, visit: Visit) -> None:
        keys = self._doors.keys
        if keys is None:
            return
        scheme, _, token = visit.header(b"authorization").partition(" ")
        key = token.strip() if scheme.lower() == "bearer" else visit.header(b"x-api-key")
        owner = keys.owner(key) if key else None
        if owner is not None:
            visit.asker = owner
        elif not (visit.path in self._open or visit.path.startswith(self._below or "\0")):
            raise Refused(
                401,
                "This server answers with a key alone. Send it as the header X-API-Key or as a bearer token.",
            )

    def _check_page(self, visit: Visit) -> None:
        """Refuses what a browser sends on behalf of a page of someone else's, be it of this very machine."""
        if visit.header(b"sec-fetch-site") not in ("cross-site", "same-site"):
            return
        origins, origin = self._doors.origins, visit.header(b"origin")
        if "*" not in origins and origin not in origins:
            raise Refused(
                403,
                "Pages of {origin} may not ask this server. Allow them with --cors.",
                origin=origin.partition("://")[2] or "another address",
            )


def _route(scope: Scope) -> str:
    """The route that answered, as it is written in the code."""
    route = scope.get("route")
    if route is None:
        return PREDICT if scope["path"] == PREDICT else "other"
    return getattr(route, "path", "other")
