"""CIFAR-10 as its author publishes it: Python batches or binary batches.

Binary: records of 3,073 bytes: class, then 32 x 32 red, green and blue values, row by row. Python: pickled
dictionaries with the same values as an array, the classes and the original file names.
Source: https://www.cs.toronto.edu/~kriz/cifar.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from taxolens.core.errors import DataError
from taxolens.core.records import Part
from taxolens.formats.archive import safe_place
from taxolens.formats.members import Member
from taxolens.formats.public.item import Content, Item, Opened, Wanted
from taxolens.formats.public.pickled import read_pickled

_SIDE = 32
_PIXELS = 3 * _SIDE * _SIDE
_BATCH = re.compile(r"(data_batch_\d+|test_batch)(\.bin)?")
_NAMES = ("batches.meta", "batches.meta.txt")
_PARTS = {"data": Part.TRAIN, "test": Part.TEST}
_MOST_BYTES = 64 << 20
_MOST_CLASSES = 1000


def read_cifar(sources: Iterable[Opened], wanted: Wanted) -> Iterator[Content]:
    """The images of CIFAR-10 with the authors' split, losslessly as PNG.

    Raises:
        DataError: batches or names of classes are missing or damaged, or a class is none of the ten.
    """
    opened = tuple(sources)
    classes = _classes(opened)
    wanted.choose(classes)
    for member in _named(opened, _BATCH):
        yield from _contents(member, classes, wanted)


def _named(opened: Iterable[Opened], pattern: re.Pattern[str]) -> Iterator[Member]:
    for source in opened:
        for member in source():
            if pattern.fullmatch(member.place.name) and member.size <= _MOST_BYTES:
                yield member


def _classes(opened: Iterable[Opened]) -> tuple[str, ...]:
    for member in _named(opened, re.compile("|".join(map(re.escape, _NAMES)))):
        data = member.read()
        if member.place.suffix == ".txt":
            names = [line.strip() for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
        else:
            names = [_text(name, member) for name in _list(_fields(data, member), "label_names", member)]
        if names:
            return tuple(names)
    raise DataError(
        "This is not CIFAR-10: it lacks {file}, which names its classes. Name the original archive or the folder "
        "that it was unpacked to.",
        file=_NAMES[0],
    )


def _contents(member: Member, classes: tuple[str, ...], wanted: Wanted) -> Iterator[Content]:
    data = member.read()
    batch = member.place.name.removesuffix(".bin")
    read = _binary if member.place.suffix == ".bin" else _python
    labels, pixels, names = read(data, batch, member)
    known = (labels >= 0) & (labels < len(classes))
    if not (len(labels) == len(pixels) == len(names) and known.all()):
        raise _damaged(member)
    for label, row, name in zip(labels.tolist(), pixels, names, strict=True):
        if wanted.takes(classes[label]):
            item = Item(PurePosixPath(name), classes[label], _PARTS[batch[:4]])
            yield Content(item, lambda row=row: _png(row))  # type: ignore[misc]


_Batch = tuple[NDArray[np.int64], NDArray[np.uint8], list[str]]
"""int64 [n] classes, uint8 [n, 3072] pixels, n file names."""


def _binary(data: bytes, batch: str, member: Member) -> _Batch:
    if not data or len(data) % (_PIXELS + 1):
        raise _damaged(member)
    records = np.frombuffer(data, np.uint8).reshape(-1, _PIXELS + 1)
    names = [f"{batch}_{number:05d}.png" for number in range(len(records))]
    return records[:, 0].astype(np.int64), records[:, 1:], names


def _python(data: bytes, batch: str, member: Member) -> _Batch:
    fields = _fields(data, member)
    pixels = fields.get("data")
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.shape[1:] != (_PIXELS,):
        raise _damaged(member)
    numbers = _list(fields, "labels", member)
    if not all(isinstance(number, int) and 0 <= number < _MOST_CLASSES for number in numbers):
        raise _damaged(member)
    files = [_text(name, member) for name in _list(fields, "filenames", member)]
    names = [safe_place(file, Path(member.place.name)).name or batch for file in files]
    return np.array(numbers, np.int64), pixels, names


def _fields(data: bytes, member: Member) -> dict[str, object]:
    values = read_pickled(data, member.place)
    if not isinstance(values, dict):
        raise _damaged(member)
    return {_text(key, member): value for key, value in values.items()}


def _list(fields: dict[str, object], name: str, member: Member) -> list[object]:
    values = fields.get(name)
    if not isinstance(values, list):
        raise _damaged(member)
    return values


def _text(value: object, member: Member) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if not isinstance(value, str):
        raise _damaged(member)
    return value


def _damaged(member: Member) -> DataError:
    return DataError("{file} is no batch of CIFAR-10, or damaged. Get the archive again.", file=member.place)


def _png(row: NDArray[np.uint8]) -> bytes:
    file = BytesIO()
    pixels = np.ascontiguousarray(row.reshape(3, _SIDE, _SIDE).transpose(1, 2, 0))
    Pillow.fromarray(pixels).save(file, "PNG")
    return file.getvalue()
