"""JSON documents too large to be held at once: their members, and the items of one list, one at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from json import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import Any, TextIO

from taxolens.core.errors import DataError

_CHUNK = 1 << 18
_SPACE = " \t\r\n"


BEGIN = object()
"""Comes before the items of a large list, which may have none."""


def members(path: Path, items_of: Collection[str]) -> Iterator[tuple[str, Any]]:
    """The members of a document, with the items of its large lists one at a time.

    Args:
        items_of: members that are large lists; each comes as a pair with BEGIN, then one for each of its items.
            So does a document that is a list itself, whose items come under the name "".

    Raises:
        DataError: the file cannot be read or is no JSON.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from _Stream(file).members(items_of)
    except (OSError, UnicodeDecodeError, RecursionError, JSONDecodeError) as error:
        raise DataError(
            "{path} cannot be read as JSON: {why}. Get it again from the program that wrote it.",
            path=path,
            why=error,
        ) from error


class _Stream:
    """Reads a document in pieces; holds no more than the value that is read, and the pieces it lies in."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._ended = False
        self._decoder = JSONDecoder()

    def members(self, items_of: Collection[str]) -> Iterator[tuple[str, Any]]:
        """See the function of this name."""
        if self._next() == "[":
            yield from (("", item) for item in self._items())
            return
        self._take("{")
        while self._next() != "}":
            key = self._value()
            self._take(":")
            if key in items_of and self._next() == "[":
                yield from ((key, item) for item in self._items())
            else:
                yield str(key), self._value()
            self._comma("}")

    def _items(self) -> Iterator[Any]:
        self._take("[")
        yield BEGIN
        while self._next() != "]":
            yield self._value()
            self._comma("]")
        self._take("]")

    def _comma(self, end: str) -> None:
        if self._next() != end:
            self._take(",")
            if self._next() == end:
                raise JSONDecodeError("a value is missing", self._text, self._at)

    def _take(self, sign: str) -> None:
        if self._next() != sign:
            raise JSONDecodeError(f"{sign} is missing", self._text, self._at)
        self._at += 1

    def _next(self) -> str:
        """The next sign that is no space, which is not taken; empty at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _SPACE:
                    return self._text[self._at]
                self._at += 1
            if not self._fill():
                return ""

    def _value(self) -> Any:
        self._next()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except JSONDecodeError:
                if not self._fill():
                    raise
                continue
            # A number that ends with the piece may go on in the next one
            if end == len(self._text) and self._fill():
                continue
            self._at = end
            return value

    def _fill(self) -> bool:
        """Reads a piece, as long again as what is held; False at the end of the file."""
        if self._ended:
            return False
        left = self._text[self._at :]
        piece = self._file.read(max(_CHUNK, len(left)))
        self._ended = not piece
        self._text, self._at = left + piece, 0
        return bool(piece)
