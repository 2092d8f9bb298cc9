"""The application: doors, and the gate that all of them lie behind."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from taxolens.core.errors import TaxolensError
from taxolens.core.texts import noted
from taxolens.core.version import VERSION
from taxolens.problems import Problem
from taxolens.recipes.parse import fault_told
from taxolens.server import inference_protocol, rest
from taxolens.server.doors import Doors
from taxolens.server.gate import Gate
from taxolens.server.page.examples import Examples
from taxolens.server.page.router import OPEN_PAGES, page_router
from taxolens.server.refusal import refusal, refusal_of
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
    app = FastAPI(
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
