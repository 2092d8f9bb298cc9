"""Our own doors: photos in, answers out, and what models are there."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from taxolens.recipes.parse import refusal
from taxolens.server.answering import Asked, answer_photos
from taxolens.server.body import hold, read_body
from taxolens.server.doors import Doors, doors_of
from taxolens.server.measures import CONTENT_TYPE
from taxolens.server.model_replies import model_reply
from taxolens.server.reading import FIELD, read_photos
from taxolens.server.refusal import PREDICT
from taxolens.server.replies import SMALL_PHOTO, ModelReply, ModelsReply, PredictReply, errors
from taxolens.server.visit import Visit, visit_of

router = APIRouter()
_NO_WISHES = Asked()
_JSON = "application/json"

_PIXELS = {
    "description": "Rows of pixels of three numbers, 0..1 or 0..255; several photos have an axis more.",
    "type": "array",
    "items": {},
    "minItems": 1,
}
_BASE64 = {"type": "string", "contentEncoding": "base64", "description": "The bytes of a photo."}
_DOCUMENT = {
    "oneOf": [
        {"type": "object", "required": ["image"], "properties": {"image": {"anyOf": [_BASE64, _PIXELS]}}},
        {
            "type": "object",
            "required": ["images"],
            "properties": {
                "images": {"type": "array", "items": {"anyOf": [_BASE64, _PIXELS]}, "minItems": 1},
            },
        },
        {
            "type": "object",
            "required": ["data"],
            "properties": {"data": _PIXELS, "range": {"enum": [1, 255], "description": "What white is."}},
        },
    ]
}
_FORM = {
    "type": "object",
    "required": [FIELD],
    "properties": {
        FIELD: {
            "type": "array",
            "items": {"type": "string", "format": "binary"},
            "minItems": 1,
            "description": "Photos: JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, HEIC.",
        }
    },
}
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {"schema": _FORM},
        "image/jpeg": _BYTES,
        "image/png": _BYTES,
        "application/octet-stream": _BYTES,
        _JSON: {
            "schema": _DOCUMENT,
            "examples": {
                "file": {"value": {"image": SMALL_PHOTO}},
                "pixels": {"value": {"data": [[[0.1, 0.5, 0.2], [0.9, 0.4, 0.1]]]}},
            },
        },
    },
}


@router.post(
    PREDICT,
    response_model=PredictReply,
    responses=errors(400, 401, 403, 404, 408, 413, 415, 422, 500, 503, 504),
    openapi_extra={"requestBody": _BODY},
    summary="Name what is in photos",
)
async def predict(request: Request, asked: Annotated[Asked, Query()]) -> Response:
    """Photos come as a form (field `file`, as often as one likes), as the bytes of one, or as JSON.

    A single photo that cannot be read is refused; among several it has a `failure`, and the others are answered.
    """
    return await predicted(doors_of(request), visit_of(request.scope), request.receive, asked)


async def predict_directly(doors: Doors, scope: Scope, receive: Receive, send: Send) -> None:
    """The same route without what a framework does around it, which for small networks is half of the work."""
    said = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    try:
        asked = Asked.model_validate(dict(said)) if said else _NO_WISHES
    except ValidationError as error:
        raise refusal(str(error.errors()[0]["loc"][-1]), error) from error
    response = await predicted(doors, visit_of(scope), receive, asked)
    await response(scope, receive, send)


async def predicted(doors: Doors, visit: Visit, receive: Receive, asked: Asked) -> Response:
    """What a model says of the photos of a request."""
    with doors.desk.hold(asked.model, asked.version) as served:
        body = await read_body(receive, visit, doors.limits, doors.traffic)
        hold_more = partial(hold, visit=visit, limits=doors.limits, traffic=doors.traffic)
        uploads = await read_photos(body, visit.header(b"content-type"), doors.limits, hold_more)
        reply = await answer_photos(doors, visit, served, uploads, asked)
    return Response(reply.model_dump_json(), media_type=_JSON)


@router.get("/models", response_model=ModelsReply, responses=errors(401), summary="What is served")
async def models(request: Request) -> Response:
    """All versions of all models, and what their cards say."""
    language = visit_of(request.scope).language
    served = doors_of(request).desk.models()
    reply = ModelsReply(models=[model_reply(one, language) for one in served])
    return Response(reply.model_dump_json(), media_type=_JSON)


@router.get(
    "/models/{name}", response_model=ModelReply, responses=errors(401, 404, 422, 503), summary="One model"
)
async def model(request: Request, name: str) -> Response:
    """The version of a model that answers."""
    served = doors_of(request).desk.find(name)
    reply = model_reply(served, visit_of(request.scope).language)
    return Response(reply.model_dump_json(), media_type=_JSON)


@router.get(
    "/metrics",
    responses={
        200: {"content": {"text/plain": {}}, "description": "Text format of Prometheus."},
        **errors(401),
    },
    response_class=Response,
    summary="What was counted",
)
async def metrics(request: Request) -> Response:
    """Requests, waiting, working, memory, for Prometheus."""
    doors = doors_of(request)
    return Response(await doors.measures.page(doors.desk), headers={"content-type": CONTENT_TYPE})
