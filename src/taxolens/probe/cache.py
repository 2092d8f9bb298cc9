"""Embeddings that need not be computed twice, in one SQLite file per backbone and rule."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taxolens.core.texts import noted
from taxolens.imaging.preprocess import Preprocess

Key = tuple[str, str]
"""sha256 of an image's bytes, name of a view."""

_ROWS_AT_ONCE = 256
_SECONDS_AT_MOST = 2.0
_ASKED_AT_ONCE = 400
_PAGE = 16384  # bytes; pages of 4096 waste less but take longer to write
_CHECK = 4  # bytes of checksum behind each vector
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}

_BEGUN_ANEW = noted("The remembered embeddings were damaged; they were moved aside and begun anew.")
_NOT_REMEMBERED = noted(
    "Embeddings could not be remembered, so they will be computed again next time. "
    "See with taxolens doctor whether their folder is writable and the disk has room."
)


def cache_file(home: Path, identity: str, rule: Preprocess) -> Path:
    """Where the embeddings of a backbone under a rule are remembered."""
    said = {name: value for name, value in asdict(rule).items() if value is not None}
    decided = json.dumps([identity, said], sort_keys=True)
    return home / "embeddings" / f"{hashlib.sha256(decided.encode()).hexdigest()[:32]}.sqlite"


@contextmanager
def open_cache(file: Path, dimension: int) -> Iterator[EmbeddingCache]:
    """A cache that is written to the end, whatever happens inside."""
    cache = EmbeddingCache(file, dimension)
    try:
        yield cache
    finally:
        cache.close()


class EmbeddingCache:
    """(sha256, view) -> float32 [dimension].

    Several processes may use one file. What is put is written every 256 rows or 2 seconds, so a stop at any
    moment loses seconds of work at most. A file that is damaged is moved aside and begun anew: it holds
    nothing that cannot be computed again. Where no file can be, nothing is remembered and nothing fails.

    Args:
        file: SQLite file; made with its folder where absent.
        dimension: length of an embedding; rows of another length are not answered.
    """

    def __init__(self, file: Path, dimension: int) -> None:
        self._file = file
        self._dimension = dimension
        self._waiting: list[tuple[str, str, bytes]] = []
        self._written = time.monotonic()
        self._lock = threading.Lock()
        self._trouble: str | None = None
        self._database: sqlite3.Connection | None = None
        self._open()

    @property
    def trouble(self) -> str | None:
        """What the user should know, an English sentence and its own key for translation; mostly None."""
        return self._trouble

    def get(self, keys: Sequence[Key]) -> dict[Key, NDArray[np.float32]]:
        """The embeddings that are known among the keys."""
        wanted = set(keys)
        hashes = sorted({sha256 for sha256, _ in keys})
        found: dict[Key, NDArray[np.float32]] = {}
        with self._lock:
            self._write()
            for begin in range(0, len(hashes), _ASKED_AT_ONCE):
                for sha256, view, blob in self._rows(hashes[begin : begin + _ASKED_AT_ONCE]):
                    vector = self._unpacked(blob) if (sha256, view) in wanted else None
                    if vector is not None:
                        found[sha256, view] = vector
        return found

    def put(self, sha256: str, view: str, vector: NDArray[np.float32]) -> None:
        """Remembers an embedding, float32 [dimension]."""
        if vector.shape != (self._dimension,):
            raise ValueError(f"an embedding of {vector.shape} among those of {self._dimension}")
        with self._lock:
            self._waiting.append((sha256, view, _packed(vector)))
            late = time.monotonic() - self._written > _SECONDS_AT_MOST
            if late or len(self._waiting) >= _ROWS_AT_ONCE:
                self._write()

    def close(self) -> None:
        """Writes what waits; to be called once."""
        with self._lock:
            self._write()
            if self._database:
                self._database.close()
                self._database = None

    def _unpacked(self, blob: object) -> NDArray[np.float32] | None:
        """None for what is not, or no longer, an embedding of ours."""
        if not isinstance(blob, bytes) or len(blob) != 4 * self._dimension + _CHECK:
            return None
        vector = memoryview(blob)[:-_CHECK]
        return np.frombuffer(vector, dtype="<f4") if blob[-_CHECK:] == _checksum(vector) else None

    def _rows(self, hashes: Sequence[str]) -> Iterable[tuple[str, str, object]]:
        if not self._database:
            return []
        marks = ",".join("?" * len(hashes))
        query = f"SELECT sha256, view, vector FROM embedding WHERE sha256 IN ({marks})"
        try:
            return self._database.execute(query, hashes).fetchall()
        except sqlite3.Error as error:
            self._recover(error)
            return []

    def _write(self) -> None:
        self._written = time.monotonic()
        if self._database and self._waiting:
            try:
                with self._database:
                    self._database.executemany(
                        "INSERT OR REPLACE INTO embedding VALUES (?, ?, ?)", self._waiting
                    )
            except sqlite3.Error as error:
                self._recover(error)
        self._waiting.clear()  # unwritten rows are lost on a full or locked disk; they can be computed again

    def _open(self) -> None:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._database = _connected(self._file)
        except OSError:
            self._trouble = _NOT_REMEMBERED
        except sqlite3.Error as error:
            self._recover(error)

    def _recover(self, error: sqlite3.Error) -> None:
        """Begins a damaged file anew, once; anything else (locked, full, forbidden) leaves the file alone."""
        damaged = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in _DAMAGED
        if not damaged or self._trouble:
            self._trouble = self._trouble or _NOT_REMEMBERED
            return
        self._trouble = _BEGUN_ANEW
        if self._database:
            with suppress(sqlite3.Error):
                self._database.close()
            self._database = None
        with suppress(OSError):
            _set_aside(self._file)
        self._open()


def _connected(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file, timeout=30, check_same_thread=False)
    try:
        database.execute(f"PRAGMA page_size={_PAGE}")
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute(
            "CREATE TABLE IF NOT EXISTS embedding (sha256 TEXT, view TEXT, vector BLOB, "
            "PRIMARY KEY (sha256, view))"
        )
        database.execute("SELECT sha256, view, vector FROM embedding LIMIT 1").fetchone()
        database.commit()
    except sqlite3.Error:
        database.close()
        raise
    return database


def _set_aside(file: Path) -> None:
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    file.replace(file.with_suffix(".damaged"))


def _packed(vector: NDArray[np.float32]) -> bytes:
    plain = np.ascontiguousarray(vector, dtype="<f4").tobytes()
    return plain + _checksum(plain)


def _checksum(plain: bytes | memoryview) -> bytes:
    return zlib.crc32(plain).to_bytes(_CHECK, "little")
