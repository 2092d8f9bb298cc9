from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from taxolens.core.errors import DataError
from taxolens.core.geometry import Box
from taxolens.core.records import Prediction, Score, Status
from taxolens.formats.result import Result
from taxolens.formats.results_csv import write_results_csv
from taxolens.formats.results_table import as_found, read_results
from tests.unit.formats.answers import every_kind


def known(result: Result) -> tuple[object, ...]:
    """What a table tells of a result."""
    said = result.prediction
    return (
        said.name,
        said.label,
        said.status,
        [one.label for one in said.ranking[:3]],
        said.box,
        said.failure.code if said.failure else None,
        result.taken.replace(tzinfo=None) if result.taken else None,
        result.site,
        result.sequence,
        result.rank,
        result.corrected_by,
        result.event.name if result.event else None,
    )


def test_a_table_of_every_kind_is_read_as_it_was_written(tmp_path: Path) -> None:
    table = tmp_path / "results.csv"
    write_results_csv(every_kind(), table, top_k=3)
    found = list(read_results(table))
    assert [known(one) for one in found] == [known(one) for one in every_kind()]
    assert [one.prediction.score for one in found] == pytest.approx(
        [one.prediction.score if one.prediction.ranking else 0 for one in every_kind()]
    )


def test_a_table_that_a_spreadsheet_saved_is_read_too(tmp_path: Path) -> None:
    write_results_csv(every_kind(), tmp_path / "results.csv", top_k=3)
    lines = (tmp_path / "results.csv").read_text().splitlines()
    saved = "\r\n".join(line.replace(",", ";").replace("0.", "0,") for line in lines)
    (tmp_path / "saved.csv").write_text(saved, encoding="utf-8-sig")
    found = list(read_results(tmp_path / "saved.csv"))
    assert [known(one) for one in found] == [known(one) for one in every_kind()]


def test_names_are_taken_as_they_are(tmp_path: Path) -> None:
    names = [" front.jpg", "a\nb.jpg", 'q"q.jpg', "=1+1.jpg", "é.jpg", "odd\udc80.jpg"]
    rows = [Result(Prediction(name, "fox", 0.9, (Score("fox", 0.9),))) for name in names]
    write_results_csv(rows, tmp_path / "r.csv", top_k=1)
    assert [as_found(one.prediction.name) for one in read_results(tmp_path / "r.csv")] == names


def test_a_box_is_read_where_there_is_one(tmp_path: Path) -> None:
    said = Prediction("1.jpg", "fox", 0.9, (Score("fox", 0.9),), box=Box(0.25, 0.5, 0.5, 0.5))
    write_results_csv([Result(said), Result(replace(said, box=None))], tmp_path / "r.csv", top_k=1)
    assert [one.prediction.box for one in read_results(tmp_path / "r.csv")] == [
        Box(0.25, 0.5, 0.5, 0.5),
        None,
    ]
    assert {one.prediction.status for one in read_results(tmp_path / "r.csv")} == {Status.OK}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no column called file"),
        ("file,label\n", "no column called status"),
        ("file,label,status\n1.jpg,fox,maybe\n", "Line 2 .* 'maybe' is not a valid Status"),
        ("file,label,status\n,fox,ok\n", "Line 2 .* names no file"),
        ("file,label,status,score\n1.jpg,fox,ok,much\n", "score 'much'"),
        ("file,label,status,x,y,width,height\n1.jpg,fox,ok,0.5,0.5,-1,0.1\n", "not a normalised box"),
        ("file,label,status,x,y,width,height\n1.jpg,fox,ok,0.5,,,\n", "x, y, width, height"),
        ('file,label,status\n"1.jpg,fox,ok\n', "cannot be read"),
    ],
)
def test_what_cannot_be_meant_is_told(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "r.csv").write_text(text)
    with pytest.raises(DataError, match=why):
        list(read_results(tmp_path / "r.csv"))


def test_a_table_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=re.escape("r.csv cannot be read")):
        list(read_results(tmp_path / "r.csv"))
