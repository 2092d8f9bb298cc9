from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from taxolens.core.errors import UsageError
from taxolens.inference.journal import (
    FILE,
    Journal,
    check_same_work,
    new_journal,
    read_journal,
    write_journal,
)


def journal(photos: Path = Path("/photos"), sha256: str = "a" * 64) -> Journal:
    return new_journal(model_sha256=sha256, model_name="traps", labels=("fox", "lièvre"), photos=photos)


def test_a_journal_comes_back(tmp_path: Path) -> None:
    one = journal()
    write_journal(one, tmp_path)
    assert read_journal(tmp_path) == one


def test_every_beginning_has_its_own_name() -> None:
    assert journal().id != journal().id


def test_no_journal_is_no_error(tmp_path: Path) -> None:
    assert read_journal(tmp_path) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"id": "a"', '{"labels": ["a"], "colour": "red"}', "\xff"])
def test_one_that_cannot_be_understood_is_told_with_the_mend(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="latin-1")
    with pytest.raises(UsageError, match="cannot be read: .*--restart"):
        read_journal(tmp_path)


def test_one_of_another_version_is_refused(tmp_path: Path) -> None:
    write_journal(dataclasses.replace(journal(), version=2), tmp_path)
    assert json.loads((tmp_path / FILE).read_text())["version"] == 2
    with pytest.raises(UsageError, match="another version of Taxolens"):
        read_journal(tmp_path)


def test_another_model_is_refused_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"another model \(traps, aaaaaaaaaaaa\).*--out.*--restart"):
        check_same_work(journal(), journal(sha256="b" * 64), tmp_path)


def test_other_photos_are_refused_while_the_first_ones_are_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="are about the photos in"):
        check_same_work(journal(tmp_path), journal(Path("/elsewhere")), tmp_path)


def test_photos_that_moved_go_on(tmp_path: Path) -> None:
    check_same_work(journal(tmp_path / "gone"), journal(tmp_path), tmp_path)
