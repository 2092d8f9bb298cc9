"""Requests of the Open Inference Protocol v2, read from JSON with or without bytes behind it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json

from taxolens.problems import Refused
from taxolens.server import inference_tensor as tensors
from taxolens.server.inference_tensor import BYTES, NUMBERS, Tensor

LENGTH_HEADER = b"inference-header-content-length"
PHOTO = "image"
_MOST_SIZES, _MOST_TENSORS = 8, 64
_MOST_VALUES = 2**31
_MOST_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """An output that is asked for.

    Attributes:
        name: of the output.
        binary: its data come as bytes; None: as the whole request says.
        classes: so many best classes as "score:index:label" instead of numbers; 0: numbers.
    """

    name: str
    binary: bool | None = None
    classes: int = 0


@dataclass(frozen=True, slots=True)
class InferRequest:
    """What is asked of a model.

    Attributes:
        inputs: at least one.
        outputs: that are asked for; empty: all.
        id: is given back; None: none was sent.
        binary: data of outputs come as bytes, where an output does not say otherwise.
        parameters: of the request.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Wanted, ...] = ()
    id: str | None = None
    binary: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)


def read_request(body: bytes, length: str, most: int) -> InferRequest:
    """Reads a request.

    Args:
        most: elements of BYTES that an input may have, each of which is a photo.
        length: the header of that name: so many bytes of the body are JSON, the rest is data; empty: all are JSON;
            "0": all are the bytes of one photo.

    Raises:
        Refused: it is none.
    """
    size = json_size(body, length)
    if length and not size:
        return InferRequest((Tensor(PHOTO, BYTES, (1,), (body,)),))
    document = _document(body[:size])
    data = _Data(body, size)
    inputs = tuple(_input(one, data, most) for one in _list(document, "inputs"))
    if not inputs:
        raise Refused(400, "The request has no inputs.")
    data.end()
    given = document.get("id")
    if given is not None and not isinstance(given, str):
        raise Refused(400, "The id of a request is a text.")
    parameters = _parameters(document)
    return InferRequest(
        inputs,
        tuple(_output(one) for one in _list(document, "outputs")),
        given,
        parameters.get("binary_data_output") is True,
        parameters,
    )


def check_photos(count: int, most: int) -> None:
    """Checks how many photos a request has.

    Raises:
        Refused: none (400), or too many (413).
    """
    if not 1 <= count <= most:
        raise Refused(
            400 if not count else 413,
            "A request holds 1 to {most} photos, and this one {count}.",
            most=most,
            count=count,
        )


def json_size(body: bytes, length: str) -> int:
    """How many bytes of a body are JSON; see `read_request`.

    Raises:
        Refused: the header says nothing that can be.
    """
    if not length:
        return len(body)
    if not (length.isascii() and length.isdigit()) or len(length) > _MOST_DIGITS:
        raise Refused(400, "The header Inference-Header-Content-Length is no number.")
    if int(length) > len(body):
        raise Refused(400, "The header Inference-Header-Content-Length says more bytes than were sent.")
    return int(length)


class _Data:
    """The bytes behind the JSON, which inputs take one after the other."""

    def __init__(self, body: bytes, place: int) -> None:
        self._body, self._place = body, place

    def take(self, name: str, size: object) -> bytes:
        """The next bytes."""
        if isinstance(size, bool) or not isinstance(size, int) or size < 0:
            raise Refused(400, "The binary_data_size of {name} is no number.", name=name)
        if self._place + size > len(self._body):
            raise Refused(400, "The request ends before the data of {name} do.", name=name)
        self._place += size
        return self._body[self._place - size : self._place]

    def end(self) -> None:
        """Refuses bytes that belong to no input."""
        if self._place != len(self._body):
            raise Refused(
                400,
                "The request holds {count} bytes more than its inputs.",
                count=len(self._body) - self._place,
            )


def _document(raw: bytes) -> dict[str, Any]:
    try:
        document = from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise Refused(400, "The request is no JSON: {why}.", why=error) from None
    if not isinstance(document, dict):
        raise Refused(400, "The request is no JSON object.")
    return document


def _list(document: Mapping[str, Any], name: str) -> list[Any]:
    values = document.get(name)
    if values is None:
        return []
    if not isinstance(values, list) or len(values) > _MOST_TENSORS:
        raise Refused(400, "The {name} of a request are a list of objects.", name=name)
    if not all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in values):
        raise Refused(400, "Each of the {name} is an object with a name.", name=name)
    return values


def _parameters(document: Mapping[str, Any]) -> Mapping[str, Any]:
    parameters = document.get("parameters")
    if parameters is None:
        return {}
    if not isinstance(parameters, dict):
        raise Refused(400, "Parameters are an object.")
    return parameters


def _input(given: Mapping[str, Any], data: _Data, most: int) -> Tensor:
    name, datatype = given["name"], given.get("datatype")
    if datatype != BYTES and (not isinstance(datatype, str) or datatype not in NUMBERS):
        raise Refused(
            400,
            "The input {name} has the datatype {datatype}, which the protocol does not know.",
            name=name,
            datatype=json.dumps(datatype),
        )
    shape = _shape(name, given.get("shape"))
    if datatype == BYTES:
        check_photos(math.prod(shape), most)
    parameters = _parameters(given)
    if "shared_memory_region" in parameters:
        raise Refused(
            400, "Shared memory is not offered. Send the data of {name} with the request.", name=name
        )
    if "binary_data_size" in parameters:
        return tensors.from_bytes(name, datatype, shape, data.take(name, parameters["binary_data_size"]))
    return tensors.from_json(name, datatype, shape, given.get("data"))


def _shape(name: str, given: object) -> tuple[int, ...]:
    if isinstance(given, list) and len(given) <= _MOST_SIZES:
        sizes = [one for one in given if type(one) is int and 0 <= one < _MOST_VALUES]
        if len(sizes) == len(given) and math.prod(sizes) < _MOST_VALUES:
            return tuple(sizes)
    raise Refused(400, "The shape of {name} is a list of whole numbers from 0.", name=name)


def _output(given: Mapping[str, Any]) -> Wanted:
    parameters = _parameters(given)
    binary, classes = parameters.get("binary_data"), parameters.get("classification", 0)
    if isinstance(classes, bool) or not isinstance(classes, int) or classes < 0:
        raise Refused(400, "The classification of {name} is a number of classes.", name=given["name"])
    return Wanted(given["name"], binary if isinstance(binary, bool) else None, classes)
