"""Results as Parquet: the table's columns with their types, compressed, for R, Python and DuckDB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from taxolens.formats.columns import Column, Value, columns
from taxolens.formats.extras import tables_library
from taxolens.formats.media import in_utf8
from taxolens.formats.result import Result
from taxolens.storage.atomic import written_whole

_ROWS_AT_ONCE = 20_000
_MAGIC = b"PAR1"


def write_results_parquet(results: Iterable[Result], out: Path, *, top_k: int) -> None:
    """Writes the table, whole or not at all; 20,000 results are held at once. An empty cell is null.

    Raises:
        MissingExtra: pyarrow is not installed.
        OutputError: it cannot be written; an earlier table stays as it was.
    """
    arrow = tables_library("pyarrow", "Parquet")
    parquet = tables_library("pyarrow.parquet", "Parquet")
    shown = columns(top_k)
    schema = arrow.schema([(column.name, _type(arrow, column)) for column in shown])
    with written_whole(out) as file, parquet.ParquetWriter(file, schema, compression="zstd") as table:
        for batch in _batches(results):
            cells = {column.name: [_cell(column.value(result)) for result in batch] for column in shown}
            table.write_table(arrow.table(cells, schema=schema))


def check_parquet() -> None:
    """Raises MissingExtra where Parquet cannot be written here."""
    tables_library("pyarrow.parquet", "Parquet")


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet, by its first bytes."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def _type(arrow: Any, column: Column) -> Any:
    types = {str: arrow.string(), float: arrow.float64(), int: arrow.int64()}
    return arrow.timestamp("s") if column.kind is datetime else types[column.kind]


def _cell(value: Value) -> Value:
    if isinstance(value, str):
        return in_utf8(value) or None
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def _batches(results: Iterable[Result]) -> Iterator[list[Result]]:
    left = iter(results)
    while batch := list(islice(left, _ROWS_AT_ONCE)):
        yield batch
