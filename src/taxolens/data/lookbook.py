"""What photos looked like the last time, by the hash of their bytes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from threading import Lock
from types import TracebackType

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from taxolens.data.memory import opened_memory

_VERSION = 2
_ASKED_AT_ONCE = 500
_QUALITY = 90
_TABLES = (
    "CREATE TABLE look (sha256 BLOB PRIMARY KEY, seen BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE tiny (sha256 BLOB PRIMARY KEY, jpeg BLOB NOT NULL)",
)

Row = np.void
"""One photo's properties: an element of an array of `SEEN`."""

SEEN = np.dtype(
    [
        ("width", "<i4"),
        ("height", "<i4"),
        ("brightness", "<f4"),
        ("contrast", "<f4"),
        ("sharpness", "<f4"),
        ("saturation", "<f4"),
        ("dark", "<f4"),
        ("bright", "<f4"),
        ("phash", "<u8"),
        ("dhash", "<u8"),
        ("day", "i1"),
        ("border", "u1", (8, 3)),
    ]
)
"""The properties of a photo as one record of 73 bytes; `day` is 1, 0 or -1 for not known."""


class LookBook:
    """A memory on disk of what photos looked like; forgetting it costs only time.

    Several threads and several programs may use one file at once; what was remembered before a kill stays.

    Args:
        file: SQLite file, made when absent; a damaged one is moved aside and begun anew.
    """

    def __init__(self, file: Path) -> None:
        self._lock = Lock()
        self._base = opened_memory(file, _TABLES, version=_VERSION)

    def recall(self, hashes: Sequence[str]) -> dict[str, Row]:
        """The properties of those photos that are remembered, by sha256 (hexadecimal)."""
        found = self._found("look", "seen", hashes)
        return {
            sha256: np.frombuffer(seen, dtype=SEEN)[0]
            for sha256, seen in found.items()
            if len(seen) == SEEN.itemsize
        }

    def recall_tiny(self, hashes: Sequence[str]) -> dict[str, bytes]:
        """The small pictures of those photos whose picture is remembered, for `tiny_of`."""
        return self._found("tiny", "jpeg", hashes)

    def remember(self, rows: Iterable[tuple[str, Row]], tiny: Iterable[tuple[str, bytes]]) -> None:
        """Writes properties and small pictures (as `jpeg_of` made them) down, all in one step."""
        seen = [(bytes.fromhex(sha256), row.tobytes()) for sha256, row in rows]
        pictures = [(bytes.fromhex(sha256), jpeg) for sha256, jpeg in tiny]
        with self._lock, suppress(sqlite3.Error), self._base:
            self._base.executemany("INSERT OR REPLACE INTO look VALUES (?, ?)", seen)
            self._base.executemany("INSERT OR REPLACE INTO tiny VALUES (?, ?)", pictures)

    def close(self) -> None:
        """Lets go of the file."""
        with self._lock:
            self._base.close()

    def __enter__(self) -> LookBook:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _found(self, table: str, column: str, hashes: Sequence[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for start in range(0, len(hashes), _ASKED_AT_ONCE):
            asked = [bytes.fromhex(sha256) for sha256 in hashes[start : start + _ASKED_AT_ONCE]]
            marks = ",".join("?" * len(asked))
            ask = f"SELECT sha256, {column} FROM {table} WHERE sha256 IN ({marks})"
            with suppress(sqlite3.Error), self._lock:
                found.update((sha256.hex(), value) for sha256, value in self._base.execute(ask, asked))
        return found


def jpeg_of(tiny: NDArray[np.uint8]) -> bytes:
    """A small picture as it is remembered: small loss, a quarter of the room."""
    file = BytesIO()
    Pillow.fromarray(tiny).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def tiny_of(jpeg: bytes) -> NDArray[np.uint8]:
    """uint8 [height, width, 3], the picture that `jpeg_of` was given, nearly."""
    with Pillow.open(BytesIO(jpeg), formats=("JPEG",)) as picture:
        return np.asarray(picture.convert("RGB"))
