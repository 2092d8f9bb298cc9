"""SQLite files that only spare work."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from taxolens.data.memory import opened_memory

TABLES = ("CREATE TABLE seen (name TEXT PRIMARY KEY)",)


def _names(base: sqlite3.Connection) -> list[str]:
    return [name for (name,) in base.execute("SELECT name FROM seen ORDER BY name")]


def _write(file: Path, name: str, version: int = 1) -> list[str]:
    base = opened_memory(file, TABLES, version=version)
    with base:
        base.execute("INSERT INTO seen VALUES (?)", (name,))
    names = _names(base)
    base.close()
    return names


def test_what_was_written_stays(tmp_path: Path) -> None:
    file = tmp_path / "new" / "memory.sqlite"
    assert _write(file, "a") == ["a"]
    assert _write(file, "b") == ["a", "b"]


def test_another_layout_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "memory.sqlite"
    with sqlite3.connect(file) as old:
        old.execute("CREATE TABLE something (else_ TEXT)")
        old.execute("PRAGMA user_version = 7")
    old.close()
    assert _write(file, "a", version=8) == ["a"]
    assert _write(file, "b", version=9) == ["b"]


def test_a_damaged_file_is_kept_beside_the_new_one(tmp_path: Path) -> None:
    file = tmp_path / "memory.sqlite"
    file.write_bytes(b"torn" * 1000)
    assert _write(file, "a") == ["a"]
    aside = [one for one in tmp_path.iterdir() if ".damaged-" in one.name]
    assert [one.read_bytes() for one in aside] == [b"torn" * 1000]


def test_where_no_file_can_be_it_lasts_as_long_as_the_program(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    assert _write(tmp_path / "home" / "memory.sqlite", "a") == ["a"]


def test_programs_that_start_together_share_one_file(tmp_path: Path) -> None:
    file = tmp_path / "memory.sqlite"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: _write(file, str(name)), range(40)))
    base = opened_memory(file, TABLES, version=1)
    assert len(_names(base)) == 40
    base.close()
