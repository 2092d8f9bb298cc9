"""Segments side by side: a row by its place, with the memory of a few segments."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from taxolens.core.errors import OutputError
from taxolens.inference.answered import Place
from taxolens.inference.row import Row, line_to_row
from taxolens.inference.segments import SegmentDamaged, read_segment

_CACHE_BYTES = 32_000_000


class Rows(Protocol):
    """What holds rows."""

    def row(self, place: Place) -> Row:
        """The row at a place.

        Raises:
            OutputError: its segment has gone or changed since.
        """
        ...


class Shelf:
    """Segments in an order that gives each a number; those read last are kept, up to a fixed number of bytes."""

    def __init__(self, segments: Iterable[Path] = ()) -> None:
        self.segments = list(segments)
        self._cache: OrderedDict[int, list[bytes]] = OrderedDict()
        self._cached_bytes = 0

    def __len__(self) -> int:
        return len(self.segments)

    def add(self, segment: Path) -> None:
        """Puts a segment behind the others."""
        self.segments.append(segment)

    def row(self, place: Place) -> Row:
        """The row at a place, once its segment is written.

        Raises:
            OutputError: its segment has gone or changed since.
        """
        return line_to_row(self._lines(place >> 32)[place & 0xFFFFFFFF])

    def _lines(self, segment: int) -> list[bytes]:
        if segment in self._cache:
            self._cache.move_to_end(segment)
            return self._cache[segment]
        path = self.segments[segment]
        try:
            _, lines = read_segment(path)
        except SegmentDamaged as error:
            raise OutputError(
                "The results in {path} changed while they were read. Run the same command again.", path=path
            ) from error
        self._cache[segment] = lines
        self._cached_bytes += _size(lines)
        while self._cached_bytes > _CACHE_BYTES and len(self._cache) > 1:
            self._cached_bytes -= _size(self._cache.popitem(last=False)[1])
        return lines


def place_of(segment: int, line: int) -> Place:
    """Where a line of a segment lies."""
    return segment << 32 | line


def _size(lines: list[bytes]) -> int:
    return sum(len(line) + 64 for line in lines)
