"""The photos of a request, in whatever way it sends them."""

from __future__ import annotations

import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json

from taxolens.problems import Refused
from taxolens.server.aside import aside
from taxolens.server.doors import Limits
from taxolens.server.growth import json_growth
from taxolens.server.multipart import read_form
from taxolens.server.nested import photos_of

FIELD = "file"
_IMAGES, _DATA = ("image", "images"), "data"
_Reader = Callable[[bytes, str, Limits], "tuple[Upload, ...]"]


@dataclass(frozen=True, slots=True)
class Upload:
    """One photo of a request.

    Attributes:
        name: what the asker calls it, else "photo 1", "photo 2", ...
        photo: an encoded file's bytes, or uint8 [height, width, 3].
    """

    name: str
    photo: bytes | NDArray[np.uint8]


async def read_photos(
    body: bytes, content_type: str, limits: Limits, hold: Callable[[int], None]
) -> tuple[Upload, ...]:
    """The photos of a body, at least one: a form, JSON, or the bytes of a single photo.

    Args:
        content_type: the header; empty: the bytes of a photo.
        hold: is told, before the body is read, how many bytes more that takes; raises Refused where they are too many.

    Raises:
        Refused: no photo, too many, or what is sent cannot be read as what it says it is.
    """
    read = _reader(content_type.partition(";")[0].strip().lower())
    hold(await aside(len(body), _growth, read, body, limits))
    uploads = await aside(len(body), read, body, content_type, limits)
    if not uploads:
        raise Refused(400, "There is no photo in the request. Send one as the field {field}.", field=FIELD)
    check_count(len(uploads), limits)
    return uploads


def check_count(count: int, limits: Limits) -> None:
    """Checks that a request holds no more photos than it may.

    Raises:
        Refused: too many (413).
    """
    if count > limits.photos:
        raise Refused(
            413,
            "The request holds {count} photos, and {most} are allowed at once. Send the others in another.",
            count=count,
            most=limits.photos,
        )


def _reader(kind: str) -> _Reader:
    if kind == "multipart/form-data":
        return _form
    if kind == "application/json" or kind.endswith("+json"):
        return _json
    if not kind or kind == "application/octet-stream" or kind.startswith("image/"):
        return _raw
    raise Refused(
        415,
        "Photos come as multipart/form-data, as image/* or as application/json, not as {kind}.",
        kind=kind,
    )


def _growth(read: _Reader, body: bytes, limits: Limits) -> int:
    """Bytes that a body takes once it is read, beside its own."""
    if read is _json:
        return json_growth(body, limits)
    return len(body) if read is _form else 0


def _raw(body: bytes, content_type: str, limits: Limits) -> tuple[Upload, ...]:
    del content_type, limits
    return (Upload("photo 1", body),)


def _form(body: bytes, content_type: str, limits: Limits) -> tuple[Upload, ...]:
    del limits
    parts = [part for part in read_form(body, content_type) if part.name == FIELD]
    # A form that is sent without a chosen file has one field with neither name nor content (HTML, 4.10.21).
    chosen = [part for part in parts if part.content or part.filename]
    return tuple(
        Upload(part.filename or f"photo {number}", part.content)
        for number, part in enumerate(chosen, start=1)
    )


def _json(body: bytes, content_type: str, limits: Limits) -> tuple[Upload, ...]:
    del content_type
    try:
        document = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Refused(400, "The request is no JSON: {why}.", why=error) from None
    if not isinstance(document, dict):
        raise _no_document()
    photos = _listed(document, limits)
    return tuple(Upload(f"photo {number}", photo) for number, photo in enumerate(photos, start=1))


def _listed(document: Mapping[str, Any], limits: Limits) -> list[bytes | NDArray[np.uint8]]:
    """The photos of a JSON document, which has one of the three fields."""
    given = [name for name in (*_IMAGES, _DATA) if name in document]
    if len(given) != 1:
        raise _no_document()
    value, largest = document[given[0]], document.get("range")
    if largest not in (None, 1, 255) or isinstance(largest, bool):
        raise Refused(422, "The range of colours is 1 or 255, not {given}.", given=largest)
    if given[0] == "images":
        if not isinstance(value, list):
            raise _no_document()
        check_count(len(value), limits)
        return [photo for one in value for photo in _one(one, largest, limits)]
    return _one(value, largest, limits)


def _one(value: Any, largest: int | None, limits: Limits) -> list[bytes | NDArray[np.uint8]]:
    if isinstance(value, str):
        return [_decoded(value)]
    if isinstance(value, list):
        photos = photos_of(value, largest)
        check_count(len(photos), limits)
        return [*photos]
    raise _no_document()


def _decoded(text: str) -> bytes:
    """The bytes behind base64, also of a `data:` address (RFC 2397)."""
    if not text.isascii():  # said before it is cut, which would take as much memory again
        raise _no_base64()
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        raise _no_base64() from None


def _no_base64() -> Refused:
    return Refused(422, "The photo is no base64. Encode the bytes of the file.")


def _no_document() -> Refused:
    return Refused(
        422,
        'The JSON holds no photo. Send {"image": "<base64>"}, {"images": [...]} or {"data": [[[r, g, b], ...], ...]}.',
    )
