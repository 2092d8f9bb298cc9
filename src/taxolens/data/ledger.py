"""What was found in a file the last time, so that a second look at a million photos takes seconds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from types import TracebackType

from taxolens.data.memory import opened_memory

_VERSION = 2
_ASKED_AT_ONCE = 500
_TABLE = """
    CREATE TABLE photo (
        path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
        sha256 BLOB NOT NULL, taken TEXT, camera TEXT, utc_offset INTEGER
    ) WITHOUT ROWID
"""
_ASK = "SELECT path, size, mtime_ns, sha256, taken, camera, utc_offset FROM photo WHERE path IN ({marks})"
_TELL = "INSERT OR REPLACE INTO photo VALUES (?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it was at one moment: once written to, it has another state.

    Attributes:
        path: absolute path, as the bytes that the file system knows.
        size: in bytes.
        mtime_ns: time of the last change, in nanoseconds.
    """

    path: bytes
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a file in that state held.

    Attributes:
        sha256: of its bytes, hexadecimal.
        taken: local time of the photo.
        camera: make and model.
        utc_offset: minutes by which `taken` is ahead of UTC, where the photo tells.
    """

    sha256: str
    taken: datetime | None = None
    camera: str | None = None
    utc_offset: int | None = None


class Ledger:
    """A memory on disk. Forgetting it costs only time, so it never stops the work: a broken file is moved
    aside and begun anew, and where nothing can be written it lasts as long as the program.

    Several threads and several programs may use one file at once; what was remembered before a kill stays.

    Args:
        file: SQLite file, made when absent.
    """

    def __init__(self, file: Path) -> None:
        self._lock = Lock()
        self._base = opened_memory(file, (_TABLE,), version=_VERSION)

    def recall(self, states: Sequence[FileState]) -> list[Found | None]:
        """What is known of each file in exactly this state, in the order asked."""
        known: dict[FileState, Found] = {}
        for start in range(0, len(states), _ASKED_AT_ONCE):
            paths = [state.path for state in states[start : start + _ASKED_AT_ONCE]]
            for path, size, mtime_ns, sha256, taken, camera, utc_offset in self._rows(paths):
                time = datetime.fromisoformat(taken) if taken else None
                known[FileState(path, size, mtime_ns)] = Found(sha256.hex(), time, camera, utc_offset)
        return [known.get(state) for state in states]

    def remember(self, findings: Iterable[tuple[FileState, Found]]) -> None:
        """Writes findings down, all in one step."""
        rows = [
            (
                state.path,
                state.size,
                state.mtime_ns,
                bytes.fromhex(found.sha256),
                found.taken.isoformat() if found.taken else None,
                found.camera,
                found.utc_offset,
            )
            for state, found in findings
        ]
        with self._lock, suppress(sqlite3.Error), self._base:
            self._base.executemany(_TELL, rows)

    def close(self) -> None:
        """Lets go of the file."""
        with self._lock:
            self._base.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _rows(
        self, paths: list[bytes]
    ) -> list[tuple[bytes, int, int, bytes, str | None, str | None, int | None]]:
        marks = ",".join("?" * len(paths))
        try:
            with self._lock:
                return self._base.execute(_ASK.format(marks=marks), paths).fetchall()
        except sqlite3.Error:
            return []
