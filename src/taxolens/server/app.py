"""The application: doors, and the gate that all of them lie behind."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from taxolens.core.errors import TaxolensError
from taxolens.core.texts import noted
from taxolens.core.version import VERSION
from taxolens.problems import Problem
from taxolens.recipes.parse import fault_told
from taxolens.server import inference_protocol, rest
from taxolens.server.doors import Doors
from taxolens.server.gate import OPEN, Gate
from taxolens.server.page.examples import Examples
from taxolens.server.page.router import OPEN_PAGES, page_router
from taxolens.server.refusal import PREDICT, refusal, refusal_of
from taxolens.server.visit import Visit, visit_of

_ABOUT = "Names what is in photos, with the model files of Taxolens."
_OF_HTTP = {
    404: noted("There is nothing at {path}. The doors are listed at /openapi.json."),
    405: noted("{path} does not answer {method}. The doors are listed at /openapi.json."),
}


def make_app(doors: Doors, examples: Examples | None = None) -> ASGIApp:
    """The application, to be run by a server of ASGI.

    Args:
        examples: photos that the page offers; None: none.
    """
    app = _Application(
        title="Taxolens",
        version=VERSION,
        description=_ABOUT,
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.doors = doors
    app.include_router(rest.router)
    app.include_router(inference_protocol.router)
    app.include_router(page_router(doors, examples))
    app.add_exception_handler(TaxolensError, _told)
    app.add_exception_handler(RequestValidationError, _misused)
    app.add_exception_handler(HTTPException, _of_http)
    gate = Gate(app, doors, OPEN_PAGES)
    if not doors.origins:
        return gate
    return CORSMiddleware(
        gate,
        allow_origins=doors.origins,
        allow_methods=("GET", "POST"),
        allow_headers=("*",),
        expose_headers=("X-Request-ID", "Retry-After", "Inference-Header-Content-Length"),
    )


class _Application(FastAPI):
    """Describes itself as it is: with the keys that it asks for, and its own kind of errors."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope.get("path") == PREDICT and scope.get("method") == "POST":
            await rest.predict_directly(self.state.doors, scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        if self.openapi_schema is None:
            document = super().openapi()
            keyed = self.state.doors.keys is not None
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            if keyed:
                document["components"]["securitySchemes"] = _WAYS
            for path, operations in document["paths"].items():
                for operation in operations.values():
                    _describe(operation, asks_key=keyed and path not in OPEN)
        return self.openapi_schema or {}


_WAYS = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


def _describe(operation: dict[str, Any], *, asks_key: bool) -> None:
    """Takes out the error that FastAPI adds, and adds who may ask."""
    invalid = operation["responses"].get("422", {})
    if "HTTPValidationError" in str(invalid):
        del operation["responses"]["422"]
    if asks_key:
        operation["security"] = [{way: []} for way in _WAYS]
    else:
        operation["responses"].pop("401", None)


async def _told(request: Request, error: Any) -> Response:
    return refusal_of(error, visit_of(request.scope))


async def _misused(request: Request, error: Any) -> Response:
    first = error.errors()[0]
    where = str(first["loc"][-1])
    return refusal_of(fault_told(where, first), visit_of(request.scope))


async def _of_http(request: Request, error: Any) -> Response:
    visit: Visit = visit_of(request.scope)
    text = _OF_HTTP.get(error.status_code)
    sentence = visit.say(text).format(path=visit.path, method=visit.method) if text else str(error.detail)
    return refusal(Problem(error.status_code, sentence), visit, error.headers)
