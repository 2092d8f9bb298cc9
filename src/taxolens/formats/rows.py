"""Rows of the small tables that a user gives beside photos: corrections, clocks, lists of species."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from taxolens.core.errors import DataError


def rows_of(table: Path, needed: tuple[str, ...]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The rows of a CSV in UTF-8 that hold something, each with its line; comma, semicolon or tab between cells.

    Args:
        needed: columns that must be there; names count in any case.

    Returns:
        Line and cells by column, without spaces around them; a cell that is missing is empty.

    Raises:
        DataError: the table cannot be read, or lacks a column.
    """
    try:
        with table.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            header = file.readline()
            file.seek(0)
            reader = csv.reader(file, delimiter=max(",;\t", key=header.count), strict=True)
            columns = [name.strip().lower() for name in next(reader, [])]
            _check(table, columns, needed)
            for cells in reader:
                row = dict(zip(columns, map(str.strip, cells), strict=False))
                if any(row.values()):
                    yield reader.line_num, {**dict.fromkeys(columns, ""), **row}
    except (OSError, csv.Error) as error:
        raise DataError(
            "The table {table} cannot be read: {why}. Save it as CSV in UTF-8 with the columns {needed}.",
            table=table,
            why=(error.strerror or error) if isinstance(error, OSError) else error,
            needed=", ".join(needed),
        ) from error


def _check(table: Path, columns: list[str], needed: tuple[str, ...]) -> None:
    for column in needed:
        if column not in columns:
            raise DataError(
                "The table {table} has no column called {column}. Its first line must name: {needed}.",
                table=table,
                column=column,
                needed=", ".join(needed),
            )
