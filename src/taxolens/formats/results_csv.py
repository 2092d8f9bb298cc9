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
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from taxolens.formats.columns import COLUMNS, Value, columns
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
        table.writerows([_text(column.value(result)) for column in shown] for result in results)
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


def _text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return f"{value:.{_DECIMALS}f}" if isinstance(value, float) else str(value)
