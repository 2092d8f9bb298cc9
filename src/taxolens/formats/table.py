"""A CSV that names photos: `file,label[,site,sequence,datetime,split,copy_of]`, read and written.

Files are named relative to the folder of the table. Columns come in any order, further ones are ignored;
comma, semicolon and tab separate; UTF-8 with or without a mark at its beginning.
"""

from __future__ import annotations

import csv
import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path, PurePosixPath
from typing import Any, TextIO, TypeVar

from taxolens.core.errors import DataError
from taxolens.core.records import Image, Part
from taxolens.formats.moment import local_time
from taxolens.formats.parts import part_named
from taxolens.formats.source import Labelled, Layout, label_text, printable
from taxolens.storage.atomic import written_whole

COLUMNS = ("file", "label", "site", "sequence", "datetime", "split", "sha256")

BOX_COLUMNS = ("x", "y", "width", "height")
"""Of tables whose photos have boxes: shares of the photo, from its top left corner."""

Read = TypeVar("Read")

_SCORE = "score"
_FEW = 50_000


def read_table(table: Path, *, inside: bool = False, nameless: bool = False) -> Labelled:
    """Reads the photos that a table names, in its order; whether they can be read is not asked.

    Args:
        inside: refuse files outside the table's folder, for tables of unknown origin.
        nameless: a photo may have no label, as where it has boxes.

    Raises:
        DataError: the table is no UTF-8 text, has no column `file` or `label`, or a cell cannot be meant.
    """
    with open_table(table) as file:
        rows = table_rows(file, table)
        reader = RowReader(table, next(rows), inside, nameless)
        images = [reader.image(row) for row in rows]
    if images and all(Path(image.name).is_absolute() for image in images):
        return _from_above(images, table)
    return Labelled(table.parent, tuple(images), layout=Layout.TABLE, file=table)


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of a table, as it stands there.

    Attributes:
        file: path as written, relative to the table.
        taken: local time.
    """

    file: str
    label: str
    site: str | None
    sequence: str | None
    taken: datetime | None
    part: Part | None


def list_table(table: Path) -> Iterator[Listed]:
    """The rows of a table one at a time, for tables of millions: no file is looked for.

    Raises:
        DataError: as `read_table`.
    """
    with open_table(table) as file:
        rows = table_rows(file, table)
        reader = RowReader(table, next(rows), inside=False)
        yield from map(reader.listed, rows)


def is_label_table(table: Path) -> bool:
    """Whether a file is a table of labels, and not one of predictions (which has a column `score`)."""
    try:
        with open_table(table) as file:
            header = next(table_rows(file, table)).cells
    except DataError:
        return False
    names = {name.strip().lower() for name in header}
    return {"file", "label"} <= names and _SCORE not in names


def is_box_table(table: Path) -> bool:
    """Whether a table of labels also says where things are."""
    with open_table(table) as file:
        header = next(table_rows(file, table)).cells
    names = {name.strip().lower() for name in header}
    return {"file", "label", *BOX_COLUMNS} <= names and _SCORE not in names


def write_table(images: Iterable[Image], table: Path) -> None:
    """Writes a table that `read_table` reads back. Photos below the table's folder are named from there,
    others by their full path; the hash of their bytes tells them apart also where they lie elsewhere.

    Raises:
        OutputError: the table cannot be written.
    """
    here = table.parent.resolve()
    with written_whole(table) as binary:
        file = TextIOWrapper(binary, encoding="utf-8", errors="surrogateescape", newline="")
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        rows.writerows(_cells(image, here) for image in images)
        file.flush()
        file.detach()


def _cells(image: Image, here: Path) -> tuple[str, ...]:
    path = Path(os.path.abspath(image.path))  # noqa: PTH100 - links are kept as the source named them
    file = path.relative_to(here) if path.is_relative_to(here) else path
    taken = image.taken.replace(tzinfo=None).isoformat(sep=" ") if image.taken else ""
    return (
        file.as_posix(),
        image.label or "",
        image.site or "",
        image.sequence or "",
        taken,
        image.part.value if image.part else "",
        image.sha256 or "",
    )


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row and the line that it ends on."""

    line: int
    cells: list[str]


def open_table(table: Path) -> TextIO:
    try:
        return table.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
    except OSError as error:
        raise DataError(
            "{table} cannot be read: {why}. Name a CSV with the columns file and label.",
            table=table,
            why=error.strerror or error,
        ) from error


def table_rows(file: TextIO, table: Path) -> Iterator[TableRow]:
    """The header and all rows that hold something."""
    try:
        header = file.readline()
        file.seek(0)
        reader = csv.reader(file, delimiter=max(",;\t", key=header.count), strict=True)
        empty = True
        for cells in reader:
            if any(map(str.strip, cells)):
                empty = False
                yield TableRow(reader.line_num, cells)
    except (csv.Error, OSError) as error:
        raise DataError(
            "{table} cannot be read as a table: {why}. Save it as CSV in UTF-8.", table=table, why=error
        ) from error
    if empty:
        raise DataError("The table {table} is empty. Give it the columns file and label.", table=table)


class RowReader:
    """Turns the rows of one table into images.

    Args:
        table: where the table lies.
        header: its first row.
        inside: refuse files outside the table's folder.
        nameless: a label may be empty.
    """

    def __init__(self, table: Path, header: TableRow, inside: bool, nameless: bool = False) -> None:
        self._table = table
        self._nameless = nameless
        self._inside = inside
        self._columns: dict[str, int] = {}
        for place, name in enumerate(header.cells):
            self._columns.setdefault(name.strip().lower(), place)
        self._understood: dict[str, dict[str, Any]] = {"label": {}, "site": {}, "split": {}}
        for needed in ("file", "label"):
            if needed not in self._columns:
                raise DataError(
                    "The table {table} has no column called {column}. Its first line must name the columns "
                    "file and label; it is: {found}",
                    table=table,
                    column=needed,
                    found=printable(", ".join(header.cells))[:200],
                )

    def image(self, row: TableRow) -> Image:
        """One row as an image."""
        label = self._label(row) or None
        path, name = self._file(row)
        above = Path(name).parent.parts
        return Image(
            path=path,
            name=name,
            label=label,
            groups=_groups(above, label or ""),
            site=self._site(row),
            sequence=self.text(row, "sequence") or None,
            taken=self._taken(row),
            part=self._part(row),
            copy_of=self.text(row, "copy_of") or None,
        )

    def listed(self, row: TableRow) -> Listed:
        """One row as it stands there. Labels, sites and parts are few, and understood once."""
        return Listed(
            self._file_cell(row).strip(),
            self._once(row, "label", self._label),
            self._once(row, "site", self._site),
            self.text(row, "sequence") or None,
            self._taken(row),
            self._once(row, "split", self._part),
        )

    def _once(self, row: TableRow, column: str, read: Callable[[TableRow], Read]) -> Read:
        known = self._understood[column]
        cell = self._cell(row, column)
        if cell not in known:
            if len(known) > _FEW:
                known.clear()
            known[cell] = read(row)
        found: Read = known[cell]
        return found

    def _site(self, row: TableRow) -> str | None:
        return self.text(row, "site") or None

    def _label(self, row: TableRow) -> str:
        label = label_text(self.text(row, "label"))
        if not label and not self._nameless:
            raise DataError(
                "Line {line} of {table} has no label. Fill it in or delete the line.",
                line=row.line,
                table=self._table,
            )
        return label

    def _cell(self, row: TableRow, column: str) -> str:
        place = self._columns.get(column)
        return row.cells[place] if place is not None and place < len(row.cells) else ""

    def text(self, row: TableRow, column: str) -> str:
        """A cell without space around it; empty where there is no such column."""
        text = self._cell(row, column).strip()
        if printable(text) != text:
            raise self._not_utf8(row)
        return text

    def _not_utf8(self, row: TableRow) -> DataError:
        return DataError(
            "Line {line} of {table} is not UTF-8. Save the table as CSV in UTF-8.",
            line=row.line,
            table=self._table,
        )

    def _file_cell(self, row: TableRow) -> str:
        cell = self._cell(row, "file")
        if not cell.strip() or "\0" in cell:
            raise DataError(
                "Line {line} of {table} names no file. Fill it in or delete the line.",
                line=row.line,
                table=self._table,
            )
        return cell

    def _file(self, row: TableRow) -> tuple[Path, str]:
        cell = self._file_cell(row)
        root = self._table.parent
        path = _found(root, cell)
        if self._inside and (".." in path.parts or not path.is_relative_to(root)):
            raise DataError(
                "Line {line} of {table} names a file outside the archive. Name only files in it.",
                line=row.line,
                table=self._table,
            )
        if printable(cell) != cell and not path.is_file():
            raise self._not_utf8(row)
        name = path.relative_to(root) if path.is_relative_to(root) else path
        return path, printable(name.as_posix())

    def _taken(self, row: TableRow) -> datetime | None:
        text = self.text(row, "datetime")
        if not text:
            return None
        taken = local_time(text)
        if taken is None:
            raise DataError(
                "Line {line} of {table}: {text} is no time. Write it as 2026-05-31 14:05:00 or leave it empty.",
                line=row.line,
                table=self._table,
                text=text,
            )
        return taken

    def _part(self, row: TableRow) -> Part | None:
        text = self.text(row, "split")
        part = part_named(text)
        if text and part is None:
            raise DataError(
                "Line {line} of {table}: {text} is no part of a split. Write train, val or test.",
                line=row.line,
                table=self._table,
                text=text,
            )
        return part


def _found(root: Path, cell: str) -> Path:
    """The file as named, else as another system would have spelt it: backslashes, composed accents."""
    path = root / cell
    if path.is_file():
        return path
    named = PurePosixPath(cell.strip().replace("\\", "/"))
    path = root
    for part in named.parts:
        spellings = (part, *(unicodedata.normalize(form, part) for form in ("NFC", "NFD")))
        path = next((path / other for other in spellings if (path / other).exists()), path / part)
    return path


def _groups(above: tuple[str, ...], label: str) -> tuple[str, ...]:
    """The folders above a photo, without one that only repeats its class."""
    folders = tuple(map(label_text, above))
    return folders[:-1] if folders and folders[-1] == label else folders


def _from_above(images: list[Image], table: Path) -> Labelled:
    """Photos that are all named by their full path, named anew from the folder that holds them all."""
    root = Path(os.path.commonpath([image.path.parent for image in images]))
    names = {image.name: printable(image.path.relative_to(root).as_posix()) for image in images}
    named = []
    for image in images:
        groups = _groups(image.path.relative_to(root).parent.parts, image.label or "")
        origin = names.get(image.copy_of, image.copy_of) if image.copy_of else None
        named.append(replace(image, name=names[image.name], groups=groups, copy_of=origin))
    return Labelled(root, tuple(named), layout=Layout.TABLE, file=table)
