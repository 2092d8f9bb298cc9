"""Tensors of the Open Inference Protocol, as JSON lists and as bytes (its extension for binary data).

Numbers lie row by row, the lowest byte first. An element of BYTES is its length in four bytes, and then itself.
"""

from __future__ import annotations

import binascii
import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taxolens.problems import Refused
from taxolens.server.nested import holds_numbers

BYTES = "BYTES"
NUMBERS: Mapping[str, str] = MappingProxyType(
    {
        "BOOL": "?",
        "UINT8": "u1",
        "UINT16": "<u2",
        "UINT32": "<u4",
        "UINT64": "<u8",
        "INT8": "i1",
        "INT16": "<i2",
        "INT32": "<i4",
        "INT64": "<i8",
        "FP16": "<f2",
        "FP32": "<f4",
        "FP64": "<f8",
    }
)
"""The protocol's names of numbers, as numpy calls them."""

_LENGTH = struct.Struct("<I")

Values = NDArray[Any] | tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Tensor:
    """A named tensor.

    Attributes:
        name: of an input or output.
        datatype: a key of `NUMBERS`, or `BYTES`.
        shape: as it was sent or is told.
        values: an array of that shape, or the elements of BYTES, row by row.
    """

    name: str
    datatype: str
    shape: tuple[int, ...]
    values: Values


def from_json(name: str, datatype: str, shape: tuple[int, ...], data: Any) -> Tensor:
    """A tensor whose data came as a JSON list, flat or nested. BYTES come as base64.

    Raises:
        Refused: values that are not what datatype and shape say.
    """
    if not isinstance(data, list):
        raise Refused(400, "The input {name} has no data. Send a list, or bytes after the JSON.", name=name)
    if datatype == BYTES:
        texts = _flat(data)
        _check_count(name, shape, len(texts))
        if not all(isinstance(text, str) for text in texts):
            raise Refused(400, "The data of {name} are no base64 texts.", name=name)
        return Tensor(name, BYTES, shape, tuple(_decoded(name, text) for text in texts))
    if not holds_numbers(data):
        raise Refused(400, "The data of {name} are no {datatype}.", name=name, datatype=datatype)
    try:
        numbers = np.asarray(data)
        if datatype == "UINT64" and numbers.dtype.kind == "f":  # what is beyond INT64 would be rounded
            numbers = _whole(data)
    except (ValueError, TypeError, OverflowError):
        raise Refused(400, "The lists of {name} have different lengths.", name=name) from None
    if numbers.dtype.kind not in ("b" if datatype == "BOOL" else "iuf") or not _fits(numbers, datatype):
        raise Refused(400, "The data of {name} are no {datatype}.", name=name, datatype=datatype)
    return _of_numbers(name, datatype, shape, numbers.astype(NUMBERS[datatype]).ravel())


def from_bytes(name: str, datatype: str, shape: tuple[int, ...], raw: bytes) -> Tensor:
    """A tensor whose data came as bytes.

    Raises:
        Refused: more or fewer bytes than datatype and shape ask for.
    """
    if datatype == BYTES:
        elements = tuple(_elements(name, math.prod(shape), raw))
        _check_count(name, shape, len(elements))
        return Tensor(name, BYTES, shape, elements)
    kind = np.dtype(NUMBERS[datatype])
    if len(raw) % kind.itemsize:
        raise _other_count(name, shape, len(raw) // kind.itemsize)
    return _of_numbers(name, datatype, shape, np.frombuffer(raw, kind))


def to_bytes(tensor: Tensor) -> bytes:
    """The data of a tensor as bytes."""
    if isinstance(tensor.values, tuple):
        return b"".join(_LENGTH.pack(len(one)) + one for one in tensor.values)
    return np.ascontiguousarray(tensor.values, NUMBERS[tensor.datatype]).tobytes()


def to_list(tensor: Tensor) -> list[Any]:
    """The data of a tensor as a flat list for JSON; BYTES of ours are texts."""
    if isinstance(tensor.values, tuple):
        return [one.decode("utf-8", "replace") for one in tensor.values]
    flat: list[Any] = tensor.values.ravel().tolist()
    return flat


def texts(name: str, shape: tuple[int, ...], values: Sequence[str]) -> Tensor:
    """A tensor of texts."""
    return Tensor(name, BYTES, shape, tuple(one.encode("utf-8") for one in values))


def _check_count(name: str, shape: tuple[int, ...], count: int) -> None:
    if count != math.prod(shape):
        raise _other_count(name, shape, count)


def _of_numbers(name: str, datatype: str, shape: tuple[int, ...], flat: NDArray[Any]) -> Tensor:
    _check_count(name, shape, flat.size)
    return Tensor(name, datatype, shape, flat.reshape(shape))


def _other_count(name: str, shape: tuple[int, ...], count: int) -> Refused:
    return Refused(
        400,
        "The input {name} has {count} values, and the shape {shape} asks for {wanted}.",
        name=name,
        count=count,
        shape=list(shape),
        wanted=math.prod(shape),
    )


def _fits(numbers: NDArray[Any], datatype: str) -> bool:
    kind = np.dtype(NUMBERS[datatype])
    if kind.kind == "b" or not numbers.size:
        return True
    if kind.kind == "f":
        with np.errstate(over="ignore"):
            return not (np.isinf(numbers.astype(kind)) & np.isfinite(numbers)).any()
    limits = np.iinfo(kind)
    whole = numbers.dtype.kind != "f" or bool((numbers == np.floor(numbers)).all())
    return whole and int(numbers.min()) >= limits.min and int(numbers.max()) <= limits.max


def _whole(data: list[Any]) -> NDArray[Any]:
    """Whole numbers up to 64 bits, exactly; as they were where they are none."""
    exact = np.asarray(data, object)
    whole = all(isinstance(one, int) and 0 <= one < 2**64 for one in exact.ravel())
    return exact.astype(np.uint64) if whole else exact


def _flat(data: list[Any]) -> list[Any]:
    while data and isinstance(data[0], list):
        data = [one for row in data if isinstance(row, list) for one in row]
    return data


def _decoded(name: str, text: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError):
        raise Refused(400, "The data of {name} are no base64 texts.", name=name) from None


def _elements(name: str, wanted: int, raw: bytes) -> Iterator[bytes]:
    """The elements of BYTES, of which no more are looked for than are wanted: an empty one takes four bytes, and ten times
    as many where it is listed.
    """
    place = count = 0
    while place < len(raw):
        if count == wanted:
            raise Refused(400, "The input {name} has more values than its shape asks for.", name=name)
        if place + _LENGTH.size > len(raw):
            raise Refused(400, "The bytes of {name} end within an element.", name=name)
        (length,) = _LENGTH.unpack_from(raw, place)
        place += _LENGTH.size
        if place + length > len(raw):
            raise Refused(400, "The bytes of {name} end within an element.", name=name)
        yield raw[place : place + length]
        place += length
        count += 1
