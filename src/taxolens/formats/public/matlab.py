"""Lists of texts out of a MATLAB file (level 5), which is how some authors publish their splits.

Source: "MAT-File Format", The MathWorks, level 5.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

from taxolens.core.errors import DataError

_HEADER = 128
_COMPRESSED, _MATRIX = 15, 14
_CELL, _CHAR = 1, 4
_ENCODINGS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16"}  # by data type
_MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class _Element:
    """A piece of the file: its data type (table 1-1) and its bytes."""

    kind: int
    data: bytes


def read_text_lists(data: bytes, source: PurePath) -> dict[str, list[str]]:
    """The cell arrays of texts in a file, by name; everything else in it is passed over.

    Raises:
        DataError: it is no MATLAB file of level 5, or damaged.
    """
    try:
        order = {b"IM": "<", b"MI": ">"}[data[126:128]]
        found = [_cell_of(one, order) for one in _elements(data[_HEADER:], order)]
    except (KeyError, ValueError, struct.error, zlib.error, UnicodeDecodeError, IndexError) as error:
        raise DataError("{file} is damaged, or no MATLAB file.", file=source) from error
    return dict(one for one in found if one is not None)


def _elements(data: bytes, order: str, *, packed: bool = False) -> Iterator[_Element]:
    """The elements of the file or of one of its elements; `packed`: of a compressed one, which holds no other."""
    place = 0
    while place + 8 <= len(data):
        kind, size = struct.unpack_from(f"{order}II", data, place)
        if kind >> 16:  # a small element: size and type share four bytes, the data follow in four more
            kind, size, begin, place = kind & 0xFFFF, kind >> 16, place + 4, place + 8
        else:
            begin = place + 8
            # Compressed elements alone are not padded to eight bytes.
            place = begin + (size if kind == _COMPRESSED else -(-size // 8) * 8)
        content = data[begin : begin + size]
        if len(content) != size:
            raise ValueError("cut short")
        if packed and kind == _COMPRESSED:
            raise ValueError("compressed twice")
        yield from _unpacked(_Element(kind, content), order)
    if place < len(data):
        raise ValueError("cut short")


def _unpacked(element: _Element, order: str) -> Iterator[_Element]:
    if element.kind != _COMPRESSED:
        yield element
        return
    machine = zlib.decompressobj()
    content = machine.decompress(element.data, _MOST_BYTES)
    if machine.unconsumed_tail:
        raise ValueError("too large")
    yield from _elements(content, order, packed=True)


def _cell_of(element: _Element, order: str) -> tuple[str, list[str]] | None:
    """Name and texts of a cell array; None for any other variable."""
    if element.kind != _MATRIX:
        return None
    flags, _, name, *cells = _elements(element.data, order)
    if struct.unpack_from(f"{order}I", flags.data)[0] & 0xFF != _CELL:
        return None
    texts = [_text_of(cell, order) for cell in cells]
    known = [text for text in texts if text is not None]
    return (name.data.decode("ascii"), known) if len(known) == len(texts) else None


def _text_of(element: _Element, order: str) -> str | None:
    flags, _, _, content = [*_elements(element.data, order), None, None, None, None][:4]
    if flags is None or content is None or struct.unpack_from(f"{order}I", flags.data)[0] & 0xFF != _CHAR:
        return None
    encoding = _ENCODINGS[content.kind]
    if encoding == "utf-16":
        encoding = "utf-16-le" if order == "<" else "utf-16-be"
    return content.data.decode(encoding)
