"""Results read back from the table that `results_csv` writes."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from taxolens.core.errors import DataError
from taxolens.core.geometry import Box
from taxolens.core.records import Failure, Prediction, Score, Status
from taxolens.formats.boxes import finite
from taxolens.formats.moment import local_time
from taxolens.formats.result import Event, Result

_NEEDED = ("file", "label", "status")
_ODD_BYTE = re.compile(r"\\u(dc[89a-f][0-9a-f])")
_EDGES = ("x", "y", "width", "height")
_CODE = re.compile(r"(?P<code>[a-z_]+): (?P<reason>.*)", re.DOTALL)

Row = Mapping[str, str]


def read_results(table: Path) -> Iterator[Result]:
    """The results of a table, one at a time, in its order; comma, semicolon or tab between cells.

    What a table does not tell (the camera, what a detector called a box) is not known of them.

    Raises:
        DataError: it cannot be read, lacks a column, or a cell cannot be meant.
    """
    try:
        with table.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            header = file.readline()
            file.seek(0)
            rows = csv.DictReader(file, delimiter=max(",;\t", key=header.count), restval="", strict=True)
            _check(table, rows.fieldnames or ())
            for row in rows:
                yield _result({key: value or "" for key, value in row.items() if key}, table, rows.line_num)
    except (OSError, csv.Error) as error:
        raise DataError(
            "The table {table} cannot be read: {why}. Name a CSV that taxolens identify or derive wrote.",
            table=table,
            why=(error.strerror or error) if isinstance(error, OSError) else error,
        ) from error


def as_found(name: str) -> str:
    """A file's name as the system knows it, where the table spells bytes that are no text as `\\udc..`."""
    return _ODD_BYTE.sub(lambda found: chr(int(found[1], 16)), name) if "\\udc" in name else name


def _check(table: Path, columns: object) -> None:
    for name in _NEEDED:
        if name not in set(columns or ()):  # type: ignore[call-overload]
            raise DataError(
                "The table {table} has no column called {column}. Name a CSV that taxolens identify or "
                "derive wrote.",
                table=table,
                column=name,
            )


def _result(row: Row, table: Path, line: int) -> Result:
    name = row["file"]
    if not name.strip():
        raise DataError("Line {line} of {table} names no file. Fill it in.", line=line, table=table)
    try:
        status = Status(row["status"])
        said = Prediction(
            name, row["label"], _score(row, "score"), _ranking(row), (), status, _box(row), _failure(row)
        )
        event = _event(row)
    except ValueError as error:
        raise DataError(
            "Line {line} of {table} cannot be meant: {why}. Write the table anew with taxolens derive.",
            line=line,
            table=table,
            why=error,
        ) from error
    return Result(
        said,
        taken=local_time(row.get("datetime", "")),
        site=row.get("site") or None,
        sequence=row.get("sequence") or None,
        detector_score=_score(row, "detector_score") if row.get("detector_score") else None,
        event=event,
        rank=row.get("rank") or None,
        corrected_by=row.get("corrected_by") or None,
        number=_number(row.get("number", "")),
        count=_number(row.get("count", "")),
    )


def _number(text: str) -> int | None:
    """The number of a box; None where the cell is empty, or no number that a table of ours holds."""
    number = finite(text)
    return int(number) if number is not None and number >= 1 and number.is_integer() else None


def _score(row: Row, column: str) -> float:
    text = row.get(column, "")
    number = finite(text.replace(",", ".")) if text else 0.0
    if number is None or not 0 <= number <= 1:
        raise ValueError(f"{column} {text!r}")
    return number


def _ranking(row: Row) -> tuple[Score, ...]:
    ranking: list[Score] = []
    while label := row.get(f"top{len(ranking) + 1}"):
        ranking.append(Score(label, _score(row, f"top{len(ranking) + 1}_score")))
    return tuple(ranking)


def _box(row: Row) -> Box | None:
    cells = [row.get(edge, "").replace(",", ".") for edge in _EDGES]
    if not any(cells):
        return None
    left, top, width, height = (finite(cell) for cell in cells)
    if left is None or top is None or width is None or height is None:
        raise ValueError(f"x, y, width, height {', '.join(cells)}")
    return Box(left, top, width, height)


def _failure(row: Row) -> Failure | None:
    told = _CODE.fullmatch(row.get("failure", ""))
    return Failure(Path(row["file"]), row["file"], told["code"], told["reason"]) if told else None


def _event(row: Row) -> Event | None:
    if not row.get("event"):
        return None
    label = row.get("event_label", "")
    return Event(row["event"], label, _score(row, "event_score"), Status.OK, 1)
