"""The list of what was written into a folder of copies: what can be taken back, and what is there already.

    FOLDER/organised.csv         a row for each file, for people and for the way back
    FOLDER/organised.taxolens/   recipe.json, lock, left-out.csv, and files on their way

A row is on the disk before its file is in its place, so that a stop at any moment leaves no file without a row.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from taxolens.core.errors import UsageError
from taxolens.storage.atomic import told_as_output, written_whole

LIST = "organised.csv"
OWN = "organised.taxolens"
RECIPE, LOCK, LEFT_OUT, SCRATCH = "recipe.json", "lock", "left-out.csv", "scratch"
_VERSION = 1
_MADE = re.compile(r"[0-9a-f]{16}")
_CHUNK = 1 << 20


class Kind(StrEnum):
    """What a row tells of a file."""

    COPY = "copy"
    LINK = "link"
    SIDECAR = "sidecar"
    GONE = "removed"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that was written.

    Attributes:
        file: below the folder, with forward slashes.
        photo: the original, as the results name it.
        sha256: of the written bytes, hexadecimal; empty for a link.
        size: in bytes.
        mtime_ns: time of its last change, nanoseconds since 1970.
        photo_size: bytes of the original.
        made: what decides how it looks; another value means that it is out of date.
    """

    file: str
    photo: str
    kind: Kind
    sha256: str
    size: int
    mtime_ns: int
    photo_size: int
    made: str

    @property
    def folder(self) -> str:
        """The folder it lies in."""
        return self.file.rpartition("/")[0]


COLUMNS = tuple(field.name for field in fields(Entry))


def read_list(folder: Path) -> tuple[list[Entry], bool]:
    """What was written into a folder, and whether the list is as it would be written anew.

    The last row of a file counts; a row that is cut short, as a stop leaves it, is none.

    Raises:
        UsageError: the list cannot be read.
    """
    entries: dict[str, Entry] = {}
    tidy = True
    try:
        with (folder / LIST).open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            rows = csv.reader(file)
            next(rows, None)
            for cells in rows:
                entry = _entry(cells)
                if entry is None:
                    tidy = False
                    continue
                tidy &= entry.file not in entries and entry.kind is not Kind.GONE
                entries.pop(entry.file, None)
                if entry.kind is not Kind.GONE:
                    entries[entry.file] = entry
    except FileNotFoundError:
        return [], False
    except (OSError, csv.Error) as error:
        raise UsageError(
            "The list {file} cannot be read: {why}. Give yourself the right to read it, or name another --out.",
            file=folder / LIST,
            why=(error.strerror or error) if isinstance(error, OSError) else error,
        ) from error
    return list(entries.values()), tidy


def write_list(folder: Path, entries: Iterable[Entry]) -> None:
    """Writes the whole list anew.

    Raises:
        OutputError: it cannot be written.
    """
    with written_whole(folder / LIST) as file:
        file.write(_lines([COLUMNS]))
        for entry in entries:
            file.write(_lines([_cells(entry)]))


class OpenList:
    """A list that grows: rows are on the disk when `add` returns."""

    def __init__(self, folder: Path) -> None:
        self._place = folder / LIST
        with told_as_output(self._place):
            self._file = self._place.open("ab", buffering=0)

    def add(self, entries: Sequence[Entry]) -> None:
        """Adds rows.

        Raises:
            OutputError: they cannot be written.
        """
        with told_as_output(self._place):
            waiting = memoryview(_lines(map(_cells, entries)))
            while waiting:
                waiting = waiting[self._file.write(waiting) or 0 :]
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """No more rows follow."""
        self._file.close()


class Known:
    """What lies in a folder already, by photo."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            self._entries[entry.photo].append(entry)

    def of(self, photo: str) -> Sequence[Entry]:
        """What was made of a photo."""
        return self._entries.get(photo, ())

    def all(self) -> Iterator[Entry]:
        """Everything."""
        return (entry for entries in self._entries.values() for entry in entries)


class State(StrEnum):
    """What became of a written file since."""

    SAME = "same"
    CHANGED = "changed"
    MISSING = "missing"


def state_of(folder: Path, entry: Entry) -> State:
    """What became of a file, by its size and time of change.

    An empty file that was not written so is what a power cut leaves.
    """
    try:
        found = (folder / entry.file).lstat()
    except OSError:
        return State.MISSING
    if not found.st_size and entry.size:
        return State.MISSING
    same = (found.st_size, found.st_mtime_ns) == (entry.size, entry.mtime_ns)
    return State.SAME if same else State.CHANGED


def sha256_of(path: Path) -> str:
    """Hash of a file's bytes, hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Settings:
    """What is the same for all copies of a folder.

    Attributes:
        photos: what was searched for photos.
        how: pattern and options, as they were typed.
        folders: label -> folder.
        new: whether the folder was not there before.
    """

    photos: str
    how: str
    folders: dict[str, str]
    new: bool


def read_settings(folder: Path) -> Settings | None:
    """The settings of a folder of copies; None where it is none.

    Raises:
        UsageError: they cannot be understood.
    """
    file = folder / OWN / RECIPE
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        if said.pop("version") != _VERSION:
            raise ValueError(said)
        folders = {str(label): str(name) for label, name in said["folders"].items()}
        return Settings(str(said["photos"]), str(said["how"]), folders, bool(said["new"]))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            "{file} cannot be read. Put it back as it was, or name another --out.", file=file
        ) from error


def write_settings(folder: Path, settings: Settings) -> None:
    """Writes the settings of a folder of copies.

    Raises:
        OutputError: they cannot be written.
    """
    said: dict[str, Any] = {
        "version": _VERSION,
        "photos": settings.photos,
        "how": settings.how,
        "folders": settings.folders,
        "new": settings.new,
    }
    with written_whole(folder / OWN / RECIPE) as file:
        file.write((json.dumps(said, indent=2) + "\n").encode("ascii"))


def _entry(cells: list[str]) -> Entry | None:
    if len(cells) != len(COLUMNS) or not _MADE.fullmatch(cells[-1]):
        return None
    file, photo, kind, sha256, size, mtime_ns, photo_size, made = cells
    try:
        return Entry(file, photo, Kind(kind), sha256, int(size), int(mtime_ns), int(photo_size), made)
    except ValueError:
        return None


def _cells(entry: Entry) -> tuple[object, ...]:
    return astuple(entry)


def _lines(rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "surrogateescape")
