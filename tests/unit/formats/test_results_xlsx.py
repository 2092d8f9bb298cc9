from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxolens.core.errors import MissingExtra
from taxolens.formats.columns import columns
from taxolens.formats.result import Result
from taxolens.formats.results_xlsx import check_xlsx, is_xlsx, write_results_xlsx
from tests.unit.formats.answers import NOON, every_kind, said

openpyxl = pytest.importorskip("openpyxl")


def sheets(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(path)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


def test_a_workbook_holds_the_columns_of_the_table_with_their_types(tmp_path: Path) -> None:
    write_results_xlsx(every_kind(), tmp_path / "r.xlsx", top_k=2)
    rows = sheets(tmp_path / "r.xlsx")["results"]
    assert rows[0] == tuple(column.name for column in columns(2))
    fox = dict(zip(rows[0], rows[1], strict=True))
    assert (fox["file"], fox["datetime"], fox["score"]) == ("east/fox.jpg", NOON, 0.9)
    assert (fox["x"], fox["failure"]) == (None, None)
    torn = next(row for row in rows if row[0] == "east/torn.jpg")
    assert dict(zip(rows[0], torn, strict=True))["failure"] == "damaged: The photo is damaged."


def test_more_rows_than_a_sheet_takes_go_on_on_further_sheets_with_headings(tmp_path: Path) -> None:
    results = [Result(said(f"{number}.jpg", "fox")) for number in range(7)]
    write_results_xlsx(results, tmp_path / "r.xlsx", top_k=1, most_rows=4)
    found = sheets(tmp_path / "r.xlsx")
    assert [[row[0] for row in rows] for rows in found.values()] == [
        ["file", "0.jpg", "1.jpg", "2.jpg"],
        ["file", "3.jpg", "4.jpg", "5.jpg"],
        ["file", "6.jpg"],
    ]
    assert list(found) == ["results", "results 2", "results 3"]


def test_a_full_sheet_is_not_followed_by_an_empty_one(tmp_path: Path) -> None:
    write_results_xlsx([Result(said("a", "fox"))] * 3, tmp_path / "r.xlsx", top_k=1, most_rows=4)
    assert list(sheets(tmp_path / "r.xlsx")) == ["results"]


def test_no_results_are_a_sheet_of_headings(tmp_path: Path) -> None:
    write_results_xlsx([], tmp_path / "r.xlsx", top_k=1)
    assert len(sheets(tmp_path / "r.xlsx")["results"]) == 1


def test_a_text_that_looks_like_a_formula_stays_a_text(tmp_path: Path) -> None:
    write_results_xlsx([Result(said('=HYPERLINK("x").jpg', "#N/A"))], tmp_path / "r.xlsx", top_k=1)
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    cell = book["results"]["A2"]
    assert (cell.data_type, cell.value, cell.quotePrefix) == ("s", '=HYPERLINK("x").jpg', True)
    assert book["results"]["E2"].data_type == "s"
    assert b"<f>" not in zipfile.ZipFile(tmp_path / "r.xlsx").read("xl/worksheets/sheet1.xml")


@settings(max_examples=60)
@given(name=st.text(min_size=1), label=st.text(min_size=1), site=st.text(min_size=1))
def test_any_text_comes_back_as_ecma_376_unescapes_it(
    tmp_path_factory: pytest.TempPathFactory, name: str, label: str, site: str
) -> None:
    path = tmp_path_factory.mktemp("xlsx") / "r.xlsx"
    write_results_xlsx([Result(said(name, label), datetime(2026, 1, 2), site)], path, top_k=1)
    row = sheets(path)["results"][1]
    assert [unescaped(row[place]) for place in (0, 2, 4)] == [
        in_a_sheet(text) for text in (name, site, label)
    ]


def unescaped(text: str) -> str:
    from openpyxl.utils.escape import unescape

    return str(unescape(text))


def in_a_sheet(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def test_odd_bytes_and_long_texts_are_kept_as_far_as_a_cell_can(tmp_path: Path) -> None:
    write_results_xlsx([Result(said("caf\udce9.jpg", "x" * 40_000))], tmp_path / "r.xlsx", top_k=1)
    row = sheets(tmp_path / "r.xlsx")["results"][1]
    assert (row[0], len(row[4])) == ("caf\\udce9.jpg", 32_767)


def test_a_stop_in_the_middle_leaves_the_earlier_workbook(tmp_path: Path) -> None:
    out = tmp_path / "r.xlsx"
    out.write_bytes(b"earlier")

    def torn() -> Iterator[Result]:
        yield every_kind()[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_results_xlsx(torn(), out, top_k=1)
    assert [path.name for path in tmp_path.iterdir()] == ["r.xlsx"]
    assert out.read_bytes() == b"earlier"


def test_without_the_library_the_command_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingExtra, match="taxolens\\[tables\\]"):
        check_xlsx()


def test_its_own_files_are_recognised(tmp_path: Path) -> None:
    write_results_xlsx([], tmp_path / "r.xlsx", top_k=1)
    assert is_xlsx(tmp_path / "r.xlsx")
    assert not is_xlsx(tmp_path)
