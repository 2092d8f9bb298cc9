"""Embeddings that need not be computed twice, in one SQLite file per backbone and rule."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taxolens.imaging.preprocess import Preprocess

Key = tuple[str, str]
"""sha256 of an image's bytes, name of a view."""

_ROWS_AT_ONCE = 256
_SECONDS_AT_MOST = 2.0
_ASKED_AT_ONCE = 400


def cache_file(home: Path, identity: str, rule: Preprocess) -> Path:
    """Where the embeddings of a backbone under a rule are remembered."""
    decided = json.dumps([identity, asdict(rule)], sort_keys=True)
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
    nothing that cannot be computed again.

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
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._database = self._opened()
        except sqlite3.DatabaseError:
            self._set_aside()
            self._database = self._opened()

    def get(self, keys: Sequence[Key]) -> dict[Key, NDArray[np.float32]]:
        """The embeddings that are known among the keys."""
        wanted = set(keys)
        hashes = sorted({sha256 for sha256, _ in keys})
        found: dict[Key, NDArray[np.float32]] = {}
        with self._lock:
            self._write()
            for begin in range(0, len(hashes), _ASKED_AT_ONCE):
                some = hashes[begin : begin + _ASKED_AT_ONCE]
                for sha256, view, blob in self._rows(some):
                    if (sha256, view) in wanted and len(blob) == 4 * self._dimension:
                        found[sha256, view] = np.frombuffer(blob, dtype="<f4")
        return found

    def put(self, sha256: str, view: str, vector: NDArray[np.float32]) -> None:
        """Remembers an embedding, float32 [dimension]."""
        with self._lock:
            self._waiting.append((sha256, view, np.ascontiguousarray(vector, dtype="<f4").tobytes()))
            late = time.monotonic() - self._written > _SECONDS_AT_MOST
            if late or len(self._waiting) >= _ROWS_AT_ONCE:
                self._write()

    def close(self) -> None:
        """Writes what waits."""
        with self._lock:
            self._write()
            self._database.close()

    def _rows(self, hashes: Sequence[str]) -> Iterable[tuple[str, str, bytes]]:
        marks = ",".join("?" * len(hashes))
        try:
            return self._database.execute(
                f"SELECT sha256, view, vector FROM embedding WHERE sha256 IN ({marks})", hashes
            ).fetchall()
        except sqlite3.DatabaseError:
            self._begin_anew()
            return []

    def _write(self) -> None:
        self._written = time.monotonic()
        if not self._waiting:
            return
        try:
            with self._database:
                self._database.executemany("INSERT OR REPLACE INTO embedding VALUES (?, ?, ?)", self._waiting)
        except sqlite3.OperationalError:
            return  # locked or full for the moment: kept for the next time, and no loss if that never comes
        except sqlite3.DatabaseError:
            self._begin_anew()
        self._waiting.clear()

    def _opened(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._file, timeout=30, check_same_thread=False)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute(
            "CREATE TABLE IF NOT EXISTS embedding (sha256 TEXT, view TEXT, vector BLOB, "
            "PRIMARY KEY (sha256, view)) WITHOUT ROWID"
        )
        database.commit()
        return database

    def _begin_anew(self) -> None:
        with suppress(sqlite3.Error):
            self._database.close()
        self._set_aside()
        self._database = self._opened()

    def _set_aside(self) -> None:
        for suffix in ("-wal", "-shm"):
            self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            self._file.replace(self._file.with_suffix(".damaged"))
