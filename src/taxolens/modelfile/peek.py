"""The card of a large model file without its weights, for lists; nothing here makes a file safe to run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from google.protobuf.message import DecodeError

from taxolens.core.errors import ModelError
from taxolens.modelfile.card import MOST_CARD_BYTES, Card
from taxolens.modelfile.protobuf import parse_model
from taxolens.modelfile.verify import card_of

# Numbers of the protobuf encoding and of the fields of onnx.ModelProto.
_VARINT, _LENGTH = 0, 2
_METADATA = 14
_LONGEST_VARINT = 10


def peek_card(path: Path) -> Card | None:
    """The card that a model file carries, if any; its weights are passed over.

    Raises:
        ModelError: it cannot be read, or is damaged as far as was looked.
    """
    try:
        with path.open("rb") as file:
            entries = b"".join(_metadata(file, os.fstat(file.fileno()).st_size))
        return card_of(parse_model(entries), path)
    except OSError as error:
        raise ModelError("The model {file} cannot be read: {why}.", file=path, why=error.strerror) from error
    except (DecodeError, ValueError) as error:
        raise ModelError(
            "The model {file} is damaged or cut short. Copy or download it again.", file=path
        ) from error


def _metadata(file: BinaryIO, end: int) -> Iterator[bytes]:
    """The fields of metadata as they stand in the file.

    Raises:
        ValueError: the fields do not fill the file exactly, or a length cannot be meant.
    """
    while file.tell() < end:
        start = file.tell()
        number, kind = divmod(_varint(file), 8)
        if kind not in (_VARINT, _LENGTH) or not number:
            raise ValueError("no field of a model")
        length = _varint(file)
        after = file.tell() + (length if kind == _LENGTH else 0)
        if after > end or (number == _METADATA and length > MOST_CARD_BYTES):
            raise ValueError("a field is longer than the file")
        if number == _METADATA:
            file.seek(start)
            yield file.read(after - start)
        file.seek(after)


def _varint(file: BinaryIO) -> int:
    value = 0
    for position in range(_LONGEST_VARINT):
        byte = file.read(1)
        if not byte:
            break
        value |= (byte[0] & 0x7F) << 7 * position
        if not byte[0] & 0x80:
            return value
    raise ValueError("a number is cut short")
