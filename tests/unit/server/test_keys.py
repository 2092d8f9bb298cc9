"""Keys in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from taxolens.core.errors import UsageError
from taxolens.server.keys import read_keys

KEY, OTHER = "0123456789abcdef", "fedcba9876543210"


def _file(folder: Path, text: str) -> Path:
    path = folder / "keys.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_keys_have_owners(tmp_path: Path) -> None:
    keys = read_keys(_file(tmp_path, f"# of the lab\n\nlab: {KEY}\n  {OTHER}  \n"))
    assert keys.owner(KEY) == "lab"
    assert keys.owner(OTHER) == "key 4"
    assert keys.owner(KEY[:-1]) is None
    assert keys.owner("") is None


def test_the_keys_themselves_are_not_kept(tmp_path: Path) -> None:
    assert KEY not in repr(read_keys(_file(tmp_path, KEY)))


@pytest.mark.parametrize(
    "text",
    ["", "# nothing\n", "short", f"{KEY}\nlab: {KEY}", f"a b c {KEY}", "clé-de-seize-lettres-et-plus"],
)
def test_files_that_cannot_be_meant_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError):
        read_keys(_file(tmp_path, text))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="keys"):
        read_keys(tmp_path / "keys.txt")
