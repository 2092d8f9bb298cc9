"""Results as an Excel workbook: texts as texts, numbers as numbers, times as times.

A sheet holds at most 1,048,576 rows (ECMA-376); what does not fit goes on on further sheets, each with the
headings. A text that begins with `=` stays a text: it is marked so that Excel does not take it for a formula
when somebody edits its cell. Characters that XML cannot hold are written as ECMA-376 says (`_x0007_`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile

from taxolens.formats.columns import Column, Value, columns
from taxolens.formats.extras import tables_library
from taxolens.formats.media import in_utf8
from taxolens.formats.result import Result
from taxolens.storage.atomic import written_whole

MOST_ROWS = 1_048_576
_MOST_CHARACTERS = 32_767
_MAGIC = b"PK\x03\x04"
_NO_XML = re.compile("[\x00-\x08\x0b-\x0d\x0e-\x1f\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_FORMULA = ("=", "+", "-", "@")
_WIDTHS = {"file": 48, "datetime": 19, "failure": 30, "candidates": 24}


def write_results_xlsx(
    results: Iterable[Result], out: Path, *, top_k: int, most_rows: int = MOST_ROWS
) -> None:
    """Writes the workbook, whole or not at all; results are taken one at a time.

    Args:
        most_rows: rows of a sheet, its headings among them; at least 2.

    Raises:
        MissingExtra: openpyxl is not installed.
        OutputError: it cannot be written; an earlier workbook stays as it was.
    """
    book = _Book(columns(top_k))
    try:
        with written_whole(out) as file:
            for number, result in enumerate(results):
                if number and number % (most_rows - 1) == 0:
                    book.begin_sheet()
                book.add(result)
            book.save(file)
    except BaseException:
        book.discard()
        raise


def check_xlsx() -> None:
    """Raises MissingExtra where XLSX cannot be written here."""
    tables_library("openpyxl", "XLSX")


def is_xlsx(path: Path) -> bool:
    """Whether a file can be a workbook, by its first bytes."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


class _Book:
    """A workbook whose rows go to the disk as they come."""

    def __init__(self, shown: Sequence[Column]) -> None:
        self._shown = shown
        self._book: Any = tables_library("openpyxl", "XLSX").Workbook(write_only=True)
        self._letters = tables_library("openpyxl.utils", "XLSX").get_column_letter
        self._text_cell = tables_library("openpyxl.cell", "XLSX").WriteOnlyCell
        self._sheets = 0
        self.begin_sheet()

    def begin_sheet(self) -> None:
        """One more sheet, with its headings."""
        self._sheets += 1
        self._sheet = self._book.create_sheet("results" if self._sheets == 1 else f"results {self._sheets}")
        self._sheet.freeze_panes = "B2"
        for place, column in enumerate(self._shown, start=1):
            self._sheet.column_dimensions[self._letters(place)].width = _WIDTHS.get(column.name, 12)
        self._sheet.append([column.name for column in self._shown])

    def add(self, result: Result) -> None:
        """One row."""
        self._sheet.append([self._cell(column.value(result)) for column in self._shown])

    def save(self, file: BinaryIO) -> None:
        """Writes the workbook. openpyxl's own way leaves the archive open where the disk is full, and Python then
        complains on the terminal when it comes to close it."""
        writer = tables_library("openpyxl.writer.excel", "XLSX").ExcelWriter
        archive = ZipFile(file, "w", ZIP_DEFLATED)
        try:
            writer(self._book, archive).save()
        except BaseException:
            with suppress(Exception):
                archive.close()
            raise

    def discard(self) -> None:
        """Takes away what is on the disk of a workbook that is not saved."""
        for sheet in self._book.worksheets:
            with suppress(Exception):  # a sheet that is whole already, or whose disk is full
                sheet.close()
            with suppress(Exception):  # else it complains when Python comes to forget it
                sheet._rows.close()
            with suppress(Exception):
                sheet._writer.cleanup()

    def _cell(self, value: Value) -> object:
        if not isinstance(value, str):
            return value.replace(tzinfo=None) if isinstance(value, datetime) else value
        if not value:
            return None
        cell = self._text_cell(self._sheet)
        # Set past openpyxl's own guess of what a text may be: a formula, an error, a number
        cell._value = sheet_text(value)
        cell.data_type = "s"
        if value.startswith(_FORMULA):
            cell.quotePrefix = True
        return cell


def sheet_text(text: str) -> str:
    """A text as a workbook holds it (ECMA-376 22.9.2.19), at most as long as Excel takes."""
    kept = _LOOKS_ESCAPED.sub("_x005F_", in_utf8(text))
    return _NO_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", kept)[:_MOST_CHARACTERS]
