"""A CSV of boxes, read and written: `file,label,x,y,width,height[,status,site,sequence,datetime,split]`.

A row for each box; `x`, `y`, `width` and `height` are shares of the upright photo from its top left corner. A photo in
which nothing is has one row without a label, one that nobody has looked at has the status `unlabelled` there.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path

from taxolens.core.errors import DataError
from taxolens.core.records import Annotation, Image
from taxolens.core.texts import noted
from taxolens.formats.boxes import EMPTY, OUTSIDE, SYNTAX, Complaints, finite
from taxolens.formats.frame import Frame
from taxolens.formats.sheets import listed_classes
from taxolens.formats.source import BoxProblem, Labelled, Layout, Sized
from taxolens.formats.table import BOX_COLUMNS, RowReader, TableRow, open_table, table_rows
from taxolens.storage.atomic import written_whole

CLASSES = "classes.txt"
"""Beside the table: gives the order of the classes, and names those without boxes."""
COLUMNS = ("file", "label", *BOX_COLUMNS, "status", "site", "sequence", "datetime", "split")

_OK, _BLANK, _UNLABELLED = "ok", "blank", "unlabelled"
_SLACK = 1e-4


def read_box_table(table: Path, *, inside: bool = False, lenient: bool = False) -> Labelled:
    """Reads the photos and boxes that a table names, each photo once.

    Args:
        inside: refuse files outside the table's folder, for tables of unknown origin.
        lenient: collect boxes that cannot be meant in `problems`, and read the rest.

    Raises:
        DataError: the table lacks a column, or a cell cannot be meant.
    """
    complaints = Complaints(lenient)
    with open_table(table) as file:
        rows = table_rows(file, table)
        reader = _Reader(table, RowReader(table, next(rows), inside, nameless=True), complaints)
        for row in rows:
            reader.add(row)
    images = reader.images()
    listed = listed_classes(table.parent, (CLASSES,))[1]
    labels = (one.label for image in images for one in image.annotations or ())
    return Labelled(
        table.parent,
        images,
        layout=Layout.BOX_TABLE,
        file=table,
        classes=tuple(dict.fromkeys((*listed, *labels))),
        boxed=True,
        unlabelled=sum(image.annotations is None for image in images),
        problems=complaints.all(),
    )


def write_box_table(table: Path, images: Sequence[Sized]) -> None:
    """Writes a table that `read_box_table` reads back. Photos below the table's folder are named from there,
    others by their full path.

    Raises:
        OutputError: the table cannot be written.
    """
    here = table.parent.absolute()
    with written_whole(table) as binary:
        file = TextIOWrapper(binary, encoding="utf-8", errors="surrogateescape", newline="")
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        for sized in images:
            rows.writerows(_rows_of(sized.image, here))
        file.flush()
        file.detach()


class _Reader:
    """Gathers the rows of each photo."""

    def __init__(self, table: Path, rows: RowReader, complaints: Complaints) -> None:
        self._table, self._rows, self._complaints = table, rows, complaints
        self._images: dict[str, Image] = {}
        self._found: dict[str, list[Annotation]] = {}
        self._unseen: set[str] = set()

    def add(self, row: TableRow) -> None:
        """One row: a box, or a photo without one."""
        said = self._rows.image(row)
        known = self._images.setdefault(said.name, replace(said, label=None, groups=()))
        found = self._found.setdefault(known.name, [])
        if said.label is None:
            if self._rows.text(row, "status").lower() == _UNLABELLED:
                self._unseen.add(said.name)
            return
        annotation = self._annotation(said.label, row, known.name)
        if annotation is not None:
            found.append(annotation)

    def images(self) -> tuple[Image, ...]:
        """The photos in the order of the table."""
        return tuple(self._whole(image) for image in self._images.values())

    def _whole(self, image: Image) -> Image:
        found = self._found[image.name]
        unseen = image.name in self._unseen and not found
        return replace(image, annotations=None if unseen else tuple(found))

    def _annotation(self, label: str, row: TableRow, name: str) -> Annotation | None:
        cells = [self._rows.text(row, column) for column in BOX_COLUMNS]
        numbers = [number for cell in cells if (number := finite(cell)) is not None]
        text = ", ".join(cells)
        if len(numbers) != len(BOX_COLUMNS):
            self._tell(SYNTAX, _NO_BOX, row, name, text)
            return None
        left, top, width, height = numbers
        if width <= 0 or height <= 0:
            self._tell(EMPTY, _NO_AREA, row, name, text)
            return None
        frame = Frame(1.0, 1.0, slack=_SLACK)
        if frame.is_left_by(left, top, left + width, top + height):
            self._tell(OUTSIDE, _OUTSIDE, row, name, text)
        box = frame.box(left, top, width, height)
        return Annotation(label, box) if box else None

    def _tell(self, code: str, template: str, row: TableRow, name: str, text: str) -> None:
        error = DataError(template, line=row.line, table=self._table, text=text)
        self._complaints.tell(BoxProblem(name, row.line, code, text), error)


def _rows_of(image: Image, here: Path) -> Iterator[tuple[str, ...]]:
    path = Path(os.path.abspath(image.path))  # noqa: PTH100 - links are kept as the source named them
    file = (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()
    known = (
        image.site or "",
        image.sequence or "",
        image.taken.replace(tzinfo=None).isoformat(sep=" ") if image.taken else "",
        image.part.value if image.part else "",
    )
    if not image.annotations:
        yield (file, "", "", "", "", "", _UNLABELLED if image.annotations is None else _BLANK, *known)
    for one in image.annotations or ():
        box = one.box
        yield (file, one.label, *map(repr, (box.x, box.y, box.width, box.height)), _OK, *known)


_NO_BOX = noted(
    "Line {line} of {table} is no box: {text}. Give x, y, width and height as shares from 0 to 1."
)
_NO_AREA = noted(
    "Line {line} of {table} is a box without area: {text}. Delete the line or draw the box anew."
)
_OUTSIDE = noted(
    "Line {line} of {table} is a box that leaves the photo: {text}. x, y, width and height are shares of the photo, "
    "from 0 to 1, from its top left corner."
)
