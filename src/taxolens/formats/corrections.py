"""A table of corrections: what a person says is in a photo, whatever the model said."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

from taxolens.core.errors import DataError
from taxolens.formats.rows import rows_of
from taxolens.storage.atomic import written_whole

PERSON = "person"
COLUMNS = ("file", "label", "by")


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person says is in a photo.

    Attributes:
        label: empty: an earlier correction is taken back.
        by: who says so.
    """

    label: str
    by: str = PERSON


def read_corrections(table: Path) -> dict[str, Correction]:
    """Reads a CSV with the columns `file`, `label` and, where wanted, `by`; the last row of a file counts.

    A row without a label takes an earlier correction of its file back.

    Raises:
        DataError: the table cannot be read, lacks a column, or a row names no file.
    """
    found: dict[str, Correction] = {}
    for line, row in rows_of(table, ("file", "label")):
        if not row["file"]:
            raise DataError("Line {line} of {table} names no file. Fill it in.", line=line, table=table)
        found[row["file"]] = Correction(row["label"], row.get("by") or PERSON)
    return found


def write_corrections(corrections: Mapping[str, Correction], table: Path) -> None:
    """Writes a table that `read_corrections` reads back.

    Raises:
        OutputError: it cannot be written.
    """
    with written_whole(table) as binary:
        file = TextIOWrapper(binary, encoding="utf-8", errors="surrogateescape", newline="")
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        rows.writerows(_cells(corrections))
        file.detach()


def _cells(corrections: Mapping[str, Correction]) -> Iterator[tuple[str, str, str]]:
    for name, correction in corrections.items():
        yield name, correction.label, correction.by
