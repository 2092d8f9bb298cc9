from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxolens.core.errors import OutputError
from taxolens.core.geometry import Box
from taxolens.core.records import Failure, Prediction, Score, Status
from taxolens.formats.columns import COLUMNS, columns
from taxolens.formats.result import Event, Result
from taxolens.formats.results_csv import write_results_csv

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)


LAST = (
    *("rank", "event", "event_label", "event_score", "event_count", "corrected_by"),
    *("utc_offset", "clock", "frame", "frame_seconds", "count", "number"),
)


def named(name: str = "site/a.jpg", label: str = "fox") -> Prediction:
    return Prediction(
        name, label, 0.75, (Score(label, 0.75), Score("hare", 0.25)), candidates=(label, "hare")
    )


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def names(top_k: int) -> list[str]:
    return [column.name for column in columns(top_k)]


def test_the_columns_are_those_of_the_design_and_then_more() -> None:
    assert ",".join(COLUMNS) == (
        "file,datetime,site,sequence,label,score,top1,top1_score,x,y,width,height,detector_score,status,failure"
    )
    assert names(3) == [*COLUMNS, "candidates", "top2", "top2_score", "top3", "top3_score", *LAST]
    assert names(1) == [*COLUMNS, "candidates", *LAST]


def test_an_answer_fills_its_row(tmp_path: Path) -> None:
    taken = datetime(2026, 3, 29, 2, 30, 1)
    write_results_csv([Result(named(), taken, "site", "e1")], tmp_path / "t.csv", top_k=3)
    (row,) = read(tmp_path / "t.csv")
    assert row == {
        "file": "site/a.jpg",
        "datetime": "2026-03-29T02:30:01",
        "site": "site",
        "sequence": "e1",
        "label": "fox",
        "score": "0.750000",
        "top1": "fox",
        "top1_score": "0.750000",
        **dict.fromkeys(("x", "y", "width", "height", "detector_score", "failure"), ""),
        "status": "ok",
        "candidates": "fox|hare",
        "top2": "hare",
        "top2_score": "0.250000",
        "top3": "",
        "top3_score": "",
        **dict.fromkeys(LAST, ""),
    }


def test_event_rank_and_correction_stand_at_the_end(tmp_path: Path) -> None:
    event = Event("e1", "fox", 0.9, Status.OK, 2)
    result = Result(named(), event=event, rank="genus", corrected_by="Ada")
    write_results_csv([result], tmp_path / "t.csv", top_k=1)
    (row,) = read(tmp_path / "t.csv")
    assert [row[name] for name in LAST] == ["genus", "e1", "fox", "0.900000", "2", "Ada", *[""] * 6]


@pytest.mark.parametrize(("minutes", "text"), [(120, "+02:00"), (-210, "-03:30"), (0, "+00:00"), (None, "")])
def test_a_zone_that_the_photo_tells_is_kept_beside_its_local_time(
    tmp_path: Path, minutes: int | None, text: str
) -> None:
    result = Result(named(), datetime(2026, 3, 29, 2, 30), utc_offset=minutes)
    write_results_csv([result], tmp_path / "t.csv", top_k=1)
    (row,) = read(tmp_path / "t.csv")
    assert (row["datetime"], row["utc_offset"]) == ("2026-03-29T02:30:00", text)


@pytest.mark.parametrize(("year", "flag"), [(1970, "reset"), (1980, "reset"), (2000, "reset"), (2001, "")])
def test_a_clock_that_was_reset_is_flagged(tmp_path: Path, year: int, flag: str) -> None:
    write_results_csv([Result(named(), datetime(year, 1, 1, 0, 10))], tmp_path / "t.csv", top_k=1)
    assert read(tmp_path / "t.csv")[0]["clock"] == flag


def test_a_failed_photo_has_a_reason_and_neither_label_nor_score(tmp_path: Path) -> None:
    failure = Failure(Path("a.jpg"), "a.jpg", "damaged", "The file ends early.")
    said = Prediction("a.jpg", "", 0.0, (), status=Status.FAILED, failure=failure)
    write_results_csv([Result(said)], tmp_path / "t.csv", top_k=2)
    (row,) = read(tmp_path / "t.csv")
    assert row["failure"] == "damaged: The file ends early."
    assert row["status"] == "failed"
    filled = {name for name, cell in row.items() if cell}
    assert filled == {"file", "status", "failure"}


def test_a_box_fills_its_corners(tmp_path: Path) -> None:
    said = Prediction("a.jpg", "fox", 0.5, (Score("fox", 0.5),), box=Box(0.1, 0.2, 0.3, 0.4))
    write_results_csv([Result(said, detector_score=0.9)], tmp_path / "t.csv", top_k=1)
    (row,) = read(tmp_path / "t.csv")
    assert [row[name] for name in ("x", "y", "width", "height", "detector_score")] == [
        "0.100000",
        "0.200000",
        "0.300000",
        "0.400000",
        "0.900000",
    ]


@settings(max_examples=80, deadline=None)
@given(names=st.lists(st.tuples(WORDS, WORDS), max_size=5))
def test_names_and_labels_of_any_language_come_back_exactly(
    tmp_path_factory: pytest.TempPathFactory, names: list[tuple[str, str]]
) -> None:
    out = tmp_path_factory.mktemp("t") / "t.csv"
    write_results_csv((Result(named(name, label)) for name, label in names), out, top_k=2)
    assert [(row["file"], row["label"]) for row in read(out)] == names


def test_what_a_spreadsheet_would_take_for_a_formula_is_not_changed(tmp_path: Path) -> None:
    write_results_csv([Result(named("=1+1.jpg", "-fox"))], tmp_path / "t.csv", top_k=1)
    (row,) = read(tmp_path / "t.csv")
    assert (row["file"], row["label"]) == ("=1+1.jpg", "-fox")


def test_a_file_name_that_is_no_text_leaves_the_table_readable(tmp_path: Path) -> None:
    write_results_csv([Result(named("caf\udce9.jpg"))], tmp_path / "t.csv", top_k=1)
    assert read(tmp_path / "t.csv")[0]["file"] == "caf\\udce9.jpg"


def test_no_results_make_a_table_with_a_header(tmp_path: Path) -> None:
    write_results_csv([], tmp_path / "t.csv", top_k=1)
    assert (tmp_path / "t.csv").read_bytes() == (",".join(names(1)) + "\r\n").encode()


def test_results_that_stop_half_way_leave_the_earlier_table(tmp_path: Path) -> None:
    write_results_csv([Result(named())], tmp_path / "t.csv", top_k=1)
    before = (tmp_path / "t.csv").read_bytes()

    def torn() -> object:
        yield Result(named())
        raise OutputError("a segment has gone")

    with pytest.raises(OutputError, match="gone"):
        write_results_csv(torn(), tmp_path / "t.csv", top_k=1)
    assert (tmp_path / "t.csv").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1
