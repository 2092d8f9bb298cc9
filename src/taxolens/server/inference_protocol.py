"""The doors of the Open Inference Protocol v2, which Triton, KServe and OpenVINO Model Server speak alike.

https://github.com/kserve/open-inference-protocol, with the extensions of Triton for binary tensor data, classification
and the model repository.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic_core import from_json, to_json

from taxolens.core.errors import ModelError
from taxolens.core.version import VERSION
from taxolens.problems import Refused
from taxolens.server.aside import aside
from taxolens.server.body import hold, read_body
from taxolens.server.desk import Served, State, Tensor
from taxolens.server.doors import Doors, doors_of
from taxolens.server.faults import NotReady, UnknownModel
from taxolens.server.growth import json_growth
from taxolens.server.inference_model import infer, inputs_of, outputs_of
from taxolens.server.inference_replies import (
    INDEX_BODY,
    INFER_BODY,
    IndexReply,
    InferReply,
    LiveReply,
    ModelMetadataReply,
    ModelReadyReply,
    ReadyReply,
    ServerReply,
    TensorReply,
)
from taxolens.server.inference_request import LENGTH_HEADER, json_size, read_request
from taxolens.server.inference_response import infer_response
from taxolens.server.replies import errors
from taxolens.server.visit import Visit, visit_of

router = APIRouter(prefix="/v2", tags=["Open Inference Protocol"])
EXTENSIONS = ["binary_tensor_data", "classification", "model_repository"]
_JSON = "application/json"
_LONGEST_ORDER = 100_000
_STATES = {State.READY: "READY", State.LOADING: "LOADING"}
_OF_PROXIES = (b"forwarded", b"x-forwarded-for", b"via")
_HOST = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(:[0-9]*)?")
"""An address, in brackets where it has colons of its own, and a port (RFC 9110, 7.2)."""


def _told(document: Any, status: int = 200) -> Response:
    return Response(document.model_dump_json(), status, media_type=_JSON)


@router.get("", response_model=ServerReply, summary="What the server is")
async def server() -> Response:
    """Name, version and extensions."""
    return _told(ServerReply(name="taxolens", version=VERSION, extensions=EXTENSIONS))


@router.get("/health/live", response_model=LiveReply, responses={503: {"model": LiveReply}})
async def live(request: Request) -> Response:
    """Whether there is a process that could answer."""
    alive = doors_of(request).desk.alive
    return _told(LiveReply(live=alive), 200 if alive else 503)


@router.get("/health/ready", response_model=ReadyReply, responses={503: {"model": ReadyReply}})
async def ready(request: Request) -> Response:
    """Whether the first models are loaded and the server is not about to end."""
    doors = doors_of(request)
    return _told(ReadyReply(ready=doors.ready, live=doors.desk.alive), 200 if doors.ready else 503)


@router.get(
    "/models/{name}", response_model=ModelMetadataReply, responses=errors(400, 401, 404, 503), name="metadata"
)
@router.get(
    "/models/{name}/versions/{version}",
    response_model=ModelMetadataReply,
    responses=errors(400, 401, 404, 503),
    name="metadata of a version",
)
async def metadata(request: Request, name: str, version: str | None = None) -> Response:
    """What a model takes and gives."""
    desk = doors_of(request).desk
    served = desk.find(name, version)
    versions = [one.version for one in desk.models() if one.name == served.name and one.state is State.READY]
    return _told(
        ModelMetadataReply(
            name=served.name,
            versions=versions,
            platform="taxolens_pipeline" if served.kind == "pipeline" else "onnxruntime_onnx",
            inputs=[_described(one) for one in inputs_of(served)],
            outputs=[_described(one) for one in outputs_of(served)],
        )
    )


@router.get(
    "/models/{name}/ready",
    response_model=ModelReadyReply,
    responses={**errors(400, 401, 404), 503: {"model": ModelReadyReply}},
    name="readiness",
)
@router.get(
    "/models/{name}/versions/{version}/ready",
    response_model=ModelReadyReply,
    responses={**errors(400, 401, 404), 503: {"model": ModelReadyReply}},
    name="readiness of a version",
)
async def model_ready(request: Request, name: str, version: str | None = None) -> Response:
    """Whether a model answers."""
    try:
        served = doors_of(request).desk.find(name, version)
    except NotReady:
        return _told(ModelReadyReply(name=name, ready=False), 503)
    return _told(ModelReadyReply(name=served.name, ready=True))


_INFER: dict[str, Any] = {
    "response_model": InferReply,
    "responses": errors(400, 401, 403, 404, 408, 413, 500, 503, 504),
    "openapi_extra": {"requestBody": INFER_BODY},
}


@router.post("/models/{name}/infer", name="infer", **_INFER)
@router.post("/models/{name}/versions/{version}/infer", name="infer by a version", **_INFER)
async def infer_by(request: Request, name: str, version: str | None = None) -> Response:
    """Asks a model: photos as the input "image" of BYTES, or a tensor as its graph takes it."""
    doors, visit = doors_of(request), visit_of(request.scope)
    with doors.desk.hold(name, version) as served:
        body = await read_body(request.receive, visit, doors.limits, doors.traffic)
        return await _inferred(doors, visit, served, body)


async def _inferred(doors: Doors, visit: Visit, served: Served, body: bytes) -> Response:
    length = visit.header(LENGTH_HEADER)
    size = json_size(body, length)
    grown = await aside(size, json_growth, body[:size], doors.limits)
    hold(grown + len(body) - size, visit, doors.limits, doors.traffic)  # data are cut out of the body
    asked = await aside(len(body), read_request, body, length, doors.limits.photos)
    return infer_response(asked, served, await infer(doors, visit, served, asked))


@router.post(
    "/repository/index",
    response_model=list[IndexReply],
    responses=errors(400, 401, 403, 408, 413, 503),
    openapi_extra={"requestBody": INDEX_BODY},
)
async def index(request: Request) -> Response:
    """All versions of all models, or those that are ready."""
    doors = doors_of(request)
    only_ready = (await _object(request)).get("ready", False)
    if not isinstance(only_ready, bool):
        raise Refused(400, "Whether models should be ready is true or false.")
    listed = [
        IndexReply(
            name=one.name,
            version=one.version,
            state=_STATES.get(one.state, "UNAVAILABLE"),
            reason=one.reason,
        ).model_dump()
        for one in doors.desk.models()
        if one.state is State.READY or not only_ready
    ]
    return Response(to_json(listed), media_type=_JSON)


@router.post("/repository/models/{name}/load", responses=errors(400, 401, 403, 404, 408, 413, 503))
async def load(request: Request, name: str) -> Response:
    """Loads the file of a model anew. Until the new one has proven itself, the old one answers."""
    _check_control(request)
    if (await _object(request)).get("parameters"):
        raise Refused(
            400, "Models are loaded from the files that the server was started with; leave out parameters."
        )
    try:
        await doors_of(request).desk.load(name)
    except UnknownModel:
        raise
    except ModelError as error:
        why = error.told(visit_of(request.scope).say)
        raise Refused(400, "The model {name} was not loaded. {why}", name=name, why=why) from error
    return Response("{}", media_type=_JSON)


@router.post("/repository/models/{name}/unload", responses=errors(400, 401, 403, 404, 408, 413, 503))
async def unload(request: Request, name: str) -> Response:
    """Takes a model out of service once what it was asked is answered."""
    _check_control(request)
    await _object(request)
    await doors_of(request).desk.unload(name)
    return Response("{}", media_type=_JSON)


def _described(tensor: Tensor) -> TensorReply:
    return TensorReply(name=tensor.name, datatype=tensor.datatype, shape=list(tensor.shape))


def names_this_machine(host: str) -> bool:
    """Whether a Host header names the very machine: a page of someone else's can have its own name mean this address."""
    match = _HOST.fullmatch(host)
    name = match[1].strip("[]").lower() if match else ""
    with suppress(ValueError):
        return ip_address(name).is_loopback
    return name == "localhost"


def _check_control(request: Request) -> None:
    """Whoever has a key may load and unload; without keys, only programs of this very machine may."""
    doors, visit = doors_of(request), visit_of(request.scope)
    if doors.keys is not None:
        return
    # Behind a proxy on this machine, all requests come from it.
    passed_on = any(map(visit.header, _OF_PROXIES))
    if passed_on or not (doors.local and names_this_machine(visit.header(b"host"))):
        raise Refused(
            403,
            "Models are loaded and unloaded with a key, or from the machine of the server. Add --api-key-file.",
        )
    # A browser on this machine shows pages of anyone, and some of them may ask (--cors).
    if visit.header(b"origin") or visit.header(b"sec-fetch-site") not in ("", "none"):
        raise Refused(403, "Web pages load and unload models with a key alone. Add --api-key-file.")


async def _object(request: Request) -> dict[str, Any]:
    """A small JSON object, or nothing."""
    doors, visit = doors_of(request), visit_of(request.scope)
    limits = replace(doors.limits, body=_LONGEST_ORDER)
    body = await read_body(request.receive, visit, limits, doors.traffic)
    if not body:
        return {}
    hold(json_growth(body, doors.limits), visit, doors.limits, doors.traffic)
    try:
        document = from_json(body)
    except ValueError as error:
        raise Refused(400, "The request is no JSON: {why}.", why=error) from None
    if not isinstance(document, dict):
        raise Refused(400, "The request is no JSON object.")
    return document
