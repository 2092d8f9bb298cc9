"""SQLite files that only spare work: losing one costs time, so it never stops anything."""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from pathlib import Path

_PATIENCE, _MOMENT = 30.0, 0.02
_PARTS = ("", "-wal", "-shm")


def opened_memory(file: Path, tables: tuple[str, ...], *, version: int) -> sqlite3.Connection:
    """A connection that several threads may use, one at a time; several programs may open the file at once.

    A damaged file is moved aside and begun anew, one of another version is emptied; where no file can be,
    what is remembered lasts as long as the program.

    Args:
        file: SQLite file, made with its folder when absent.
        tables: `CREATE TABLE` statements.
        version: number of this layout.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return _prepared(str(file), tables, version)
    except sqlite3.OperationalError:  # locked for too long, or not ours to write
        return _prepared(":memory:", tables, version)
    except sqlite3.DatabaseError:
        with suppress(OSError, sqlite3.Error):
            _move_aside(file)
            return _prepared(str(file), tables, version)
    except OSError:
        pass
    return _prepared(":memory:", tables, version)


def _move_aside(file: Path) -> None:
    """Under a name of its own, so that somebody may look what happened to it."""
    moment = time.strftime("%Y%m%d-%H%M%S")
    for part in _PARTS:
        with suppress(FileNotFoundError):
            file.with_name(file.name + part).rename(file.with_name(f"{file.name}.damaged-{moment}{part}"))


def _prepared(place: str, tables: tuple[str, ...], version: int) -> sqlite3.Connection:
    base = sqlite3.connect(place, timeout=_PATIENCE, check_same_thread=False)
    try:
        _share(base)
        base.execute("PRAGMA synchronous=NORMAL")
        with base:
            base.execute("BEGIN IMMEDIATE")  # two programs that start together must not both begin anew
            if base.execute("PRAGMA user_version").fetchone()[0] != version:
                _empty(base)
                for table in tables:
                    base.execute(table)
                base.execute(f"PRAGMA user_version={version}")
    except BaseException:
        base.close()
        raise
    return base


def _share(base: sqlite3.Connection) -> None:
    """Lets several programs write in turns. SQLite tells those who ask for it at the same moment that the file is
    locked, at once and whatever their patience."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            base.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(_MOMENT)


def _empty(base: sqlite3.Connection) -> None:
    names = base.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (name,) in names:
        base.execute(f'DROP TABLE "{name}"')
