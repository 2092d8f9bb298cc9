from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxolens.formats.result import Result
from taxolens.formats.timelapse import COLUMNS, is_timelapse, write_timelapse
from tests.unit.formats.answers import ABOUT, every_kind, said


def written(results: list[Result], folder: Path) -> dict[str, dict[str, str]]:
    write_timelapse(results, folder / "t.csv", ABOUT)
    with (folder / "t.csv").open(encoding="utf-8", newline="") as file:
        return {row["File"]: row for row in csv.DictReader(file, strict=True)}


def test_a_photo_is_one_row_that_timelapse_finds(tmp_path: Path) -> None:
    rows = written(every_kind(), tmp_path)
    assert rows["fox.jpg"] == {
        "File": "fox.jpg",
        "RelativePath": "east",
        "DateTime": "2026-05-31 12:00:00",
        "Species": "red fox",
        "Confidence": "0.900",
        "Count": "1",
        "Blank": "false",
        "Comment": "",
    }
    assert len(rows) == 9


def test_folders_are_parted_as_windows_does(tmp_path: Path) -> None:
    rows = written([Result(said("a/b/c.jpg", "fox")), Result(said("d.jpg", "fox"))], tmp_path)
    assert [row["RelativePath"] for row in rows.values()] == ["a\\b", ""]


def test_other_animals_of_a_photo_are_a_comment(tmp_path: Path) -> None:
    pair = written(every_kind(), tmp_path)["pair.jpg"]
    assert (pair["Species"], pair["Count"], pair["Comment"]) == ("red fox", "1", "roe deer: 1")


def test_blank_unsure_and_failed_are_told_apart(tmp_path: Path) -> None:
    rows = written(every_kind(), tmp_path)
    told = [
        (rows[name]["Species"], rows[name]["Count"], rows[name]["Blank"], rows[name]["Comment"])
        for name in ("blank.jpg", "unsure.jpg", "torn.jpg")
    ]
    assert told == [
        ("", "0", "true", ""),
        ("unsure", "1", "false", "red fox"),
        ("", "0", "false", "The photo is damaged."),
    ]


@settings(max_examples=60)
@given(name=st.text(min_size=1).filter(lambda text: "/" not in text), label=st.text(min_size=1))
def test_any_text_comes_back(tmp_path_factory: pytest.TempPathFactory, name: str, label: str) -> None:
    rows = written([Result(said(name, label))], tmp_path_factory.mktemp("timelapse"))
    assert list(rows) == [name]
    assert rows[name]["Species"] == {"fox": "red fox", "deer": "roe deer"}.get(label, label)


def test_its_own_files_are_recognised(tmp_path: Path) -> None:
    written([], tmp_path)
    assert is_timelapse(tmp_path / "t.csv")
    (tmp_path / "other.csv").write_text(",".join(reversed(COLUMNS)))
    assert not is_timelapse(tmp_path / "other.csv")
    assert not is_timelapse(tmp_path)
