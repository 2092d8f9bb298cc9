"""Rows on disk: immutable files that prove their own wholeness.

A segment is a gzip of JSON lines: one header, then its rows. Its name carries the beginning of the
SHA-256 of its bytes, so a torn or changed one is known without opening it. It is written beside its
place, forced to the disk and renamed: it is there whole or not at all, and never changed afterwards.
Reading needs no lock, and the union of several writers' segments is the union of their files.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from taxolens.core.errors import OutputError
from taxolens.inference.row import Row, line_to_row
from taxolens.storage.atomic import told_as_output, written_whole

VERSION = 1
PATTERN = "segment-*.jsonl.gz"
_NAME = re.compile(r"segment-(?P<writer>[0-9a-z]+)-(?P<number>\d+)-(?P<digest>[0-9a-f]{16})\.jsonl\.gz")


@dataclass(frozen=True, slots=True)
class SegmentName:
    """What a segment's file name says.

    Attributes:
        writer: the process that wrote it.
        number: counts up; a later row of the same file wins.
        digest: first 16 hexadecimal digits of the SHA-256 of the file's bytes.
    """

    writer: str
    number: int
    digest: str

    def __str__(self) -> str:
        return f"segment-{self.writer}-{self.number:06d}-{self.digest}.jsonl.gz"


class SegmentDamaged(Exception):
    """A segment that is not what was written."""


def segments_in(folder: Path) -> list[Path]:
    """The segments of a folder, oldest first; other files are left out."""
    named = ((path, _NAME.fullmatch(path.name)) for path in folder.glob(PATTERN))
    keyed = [(int(match["number"]), match["writer"], path) for path, match in named if match]
    return [path for *_, path in sorted(keyed)]


def number_of(path: Path) -> int:
    """The number in a segment's name."""
    match = _NAME.fullmatch(path.name)
    return int(match["number"]) if match else 0


def write_segment(folder: Path, journal: str, writer: str, number: int, lines: Iterable[bytes]) -> Path:
    """Commits rows that `row_to_line` made, and returns the new segment.

    Raises:
        OutputError: it cannot be written; then nothing is.
    """
    rows = list(lines)
    header = json.dumps({"segment": VERSION, "journal": journal, "rows": len(rows)}).encode("ascii")
    # Level 1: scores hardly compress, and the rest does at any level.
    packed = gzip.compress(b"\n".join((header, *rows)), compresslevel=1, mtime=0)
    path = folder / str(SegmentName(writer, number, _digest(packed)))
    with written_whole(path) as file:
        file.write(packed)
    return path


def read_segment(path: Path) -> tuple[str, list[bytes]]:
    """The journal that a segment belongs to, and its lines, which `line_to_row` reads.

    Raises:
        SegmentDamaged: its bytes are not what was written.
        OutputError: the system cannot read it.
    """
    try:
        packed = path.read_bytes()
    except OSError as error:
        raise OutputError(
            "The results in {path} cannot be read: {why}. Run the same command again.",
            path=path,
            why=error.strerror or error,
        ) from error
    match = _NAME.fullmatch(path.name)
    if match is None or _digest(packed) != match["digest"]:
        raise SegmentDamaged(path.name)
    try:
        header, *lines = gzip.decompress(packed).split(b"\n")
        said = json.loads(header)
        if said["segment"] == VERSION and said["rows"] == len(lines):
            return str(said["journal"]), lines
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise SegmentDamaged(path.name) from error
    raise SegmentDamaged(path.name)


def read_rows(path: Path) -> tuple[str, list[Row]]:
    """As `read_segment`, with the lines read."""
    journal, lines = read_segment(path)
    try:
        return journal, [line_to_row(line) for line in lines]
    except ValueError as error:
        raise SegmentDamaged(path.name) from error


def set_aside(path: Path) -> Path:
    """Renames a damaged segment so that nobody reads it again, and returns its new name."""
    aside = path.with_name(path.name + ".damaged")
    with told_as_output(path):
        path.replace(aside)
    return aside


def _digest(packed: bytes) -> str:
    return hashlib.sha256(packed).hexdigest()[:16]
