"""Results as a table: one row per photo (per box where there are boxes).

RFC 4180: comma, CRLF, a cell in quotes where it holds a comma, a quote or a line end. UTF-8 without a
byte order mark. Names and labels are data and are written exactly as they are, also where they begin
with `=`, `+`, `-` or `@`: a changed name would not find its photo again. Who opens a table about
photos of strangers in a spreadsheet should import these two columns as text. Only a file name that is
no text in UTF-8 is changed: its odd bytes are written as `\\udc..`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from taxolens.formats.columns import COLUMNS, Column, Value, columns
from taxolens.formats.result import Result
from taxolens.storage.atomic import written_whole

_DECIMALS = 6


def write_results_csv(results: Iterable[Result], out: Path, *, top_k: int) -> None:
    """Writes the table, whole or not at all; results are taken one at a time.

    Raises:
        OutputError: it cannot be written; an earlier table stays as it was.
    """
    shown = columns(top_k)
    with written_whole(out) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", newline="")
        table = csv.writer(text)
        table.writerow([column.name for column in shown])
        cells = [_cell(column) for column in shown]
        table.writerows([cell(result) for cell in cells] for result in results)
        # Hands the file back open, to be forced to the disk.
        text.detach()


def is_results_csv(path: Path) -> bool:
    """Whether a file begins as a table of this kind does.

    Raises:
        OSError: it cannot be read.
    """
    begin = ",".join((*COLUMNS, "candidates")).encode()
    with path.open("rb") as file:
        return file.read(len(begin)) == begin


def _cell(column: Column) -> Callable[[Result], Value]:
    """What the table's writer gets of a result. How a column is written is asked once, not for a million rows;
    the writer itself knows texts, whole numbers and what is empty."""
    value = column.value
    if column.kind is float:
        return lambda result: None if (number := value(result)) is None else f"{number:.{_DECIMALS}f}"
    if column.kind is datetime:
        return lambda result: None if (moment := value(result)) is None else _moment(moment)
    return value


def _moment(value: Value) -> str:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)
