"""Labelled photos, whichever way they are given: class folders, a table, boxes, or a zip of any."""

from __future__ import annotations

import os
import zipfile
from dataclasses import replace
from pathlib import Path

from taxolens.core.errors import DataError
from taxolens.core.records import Image
from taxolens.formats.archive import unpacked
from taxolens.formats.coco import CocoFile, find_coco, read_coco
from taxolens.formats.folder import read_folder
from taxolens.formats.parts import with_parts
from taxolens.formats.source import Labelled, Layout
from taxolens.formats.table import is_label_table, read_table
from taxolens.formats.yolo import read_yolo
from taxolens.formats.yolo_set import find_yolo
from taxolens.storage.photos import PHOTO_SUFFIXES
from taxolens.storage.signature import image_format, read_head

__all__ = ["Labelled", "read_labelled"]

_USUAL_NAME = "labels.csv"


def read_labelled(
    data: Path, *, unpack_to: Path, lenient: bool = False, unlabelled: bool = False
) -> Labelled:
    """Reads a folder of class folders, a CSV, YOLO labels, COCO annotations, or a zip of any of them.

    A folder may hold a table beside its photos. The folders count, unless the table says something else
    of most photos (then the folders are no classes), or the same of all of them and perhaps more. Boxes
    count before class folders; a table beside them adds what it says of the photos (label, site, part).
    Outermost folders that are all called train, val or test are parts of a split.

    Args:
        data: folder, CSV, `data.yaml`, COCO file or zip.
        unpack_to: where zips are unpacked, each once, under its hash.
        lenient: collect boxes that cannot be meant in `problems`, and read the rest.
        unlabelled: where no photo has a label, read the photos without.

    Raises:
        DataError: nothing labelled can be found in it, or a box cannot be meant.
        OutputError: a zip cannot be unpacked there.
    """
    found = _read(data, unpack_to, lenient)
    if unlabelled and not found.images:
        found = replace(found, images=found.nameless, ignored=found.ignored - len(found.nameless))
    _check_images(found, data)
    return found


def _read(data: Path, unpack_to: Path, lenient: bool) -> Labelled:
    if data.is_dir():
        return _read_tree(data, inside=False, lenient=lenient)
    if not data.exists():
        raise DataError("{data} is not there. Check the path.", data=data)
    if data.suffix.lower() == ".zip" or zipfile.is_zipfile(data):
        return _read_tree(unpacked(data, unpack_to), inside=True, lenient=lenient)
    if data.suffix.lower() in PHOTO_SUFFIXES or image_format(read_head(data)):
        raise DataError(
            "{data} is a single photo. Name a folder of class folders, a CSV with file and label, or a zip.",
            data=data,
        )
    return _read_file(data, lenient)


def _read_file(data: Path, lenient: bool) -> Labelled:
    if data.suffix.lower() in (".yaml", ".yml"):
        return read_yolo(data, data.parent, lenient=lenient)
    if data.suffix.lower() == ".json":
        return read_coco([CocoFile(data)], data.parent, lenient=lenient)
    return with_parts(read_table(data))


def _read_tree(folder: Path, *, inside: bool, lenient: bool) -> Labelled:
    table = _table_in(folder)
    by_box = _read_boxes(folder, inside, lenient)
    if by_box is not None:
        said = read_table(table, inside=inside) if table else None
        return _joined(by_box, said) if said else by_box
    by_folder = read_folder(folder)
    if table is None:
        return with_parts(by_folder)
    by_table = read_table(table, inside=inside)
    if not _table_counts(by_folder, by_table):
        return with_parts(by_folder)
    unnamed = len(by_folder.images) + by_folder.ignored - len({image.path for image in by_table.images})
    return with_parts(replace(by_table, ignored=max(0, unnamed), nameless=by_folder.nameless))


def _read_boxes(folder: Path, inside: bool, lenient: bool) -> Labelled | None:
    described = find_yolo(folder)
    if described is not None:
        return read_yolo(described, folder, inside=inside, lenient=lenient)
    files = find_coco(folder)
    return read_coco(files, folder, inside=inside, lenient=lenient) if files else None


def _joined(by_box: Labelled, by_table: Labelled) -> Labelled:
    """Photos with boxes and what a table says of them; photos that only the table names are left out."""
    said = {_in_full(image.path): image for image in by_table.images}
    images = tuple(_with_row(image, said.get(_in_full(image.path))) for image in by_box.images)
    return replace(by_box, images=images)


def _in_full(path: Path) -> str:
    """As YOLO files may name photos that a table names from its own folder; links stay."""
    return os.path.abspath(path)  # noqa: PTH100 - resolve() would follow links


def _with_row(image: Image, row: Image | None) -> Image:
    if row is None:
        return image
    return replace(
        image,
        label=row.label,
        site=row.site or image.site,
        sequence=row.sequence or image.sequence,
        taken=row.taken or image.taken,
        part=row.part or image.part,
    )


def _table_counts(by_folder: Labelled, by_table: Labelled) -> bool:
    """Whether the table, and not the folders, says what the photos show."""
    labels = {image.path: image.label for image in by_table.images}
    named = [image for image in by_folder.images if image.path in labels]
    differ = any(labels[image.path] != image.label for image in named)
    if differ:
        one_folder = len({image.label for image in by_folder.images}) == 1
        return one_folder or 2 * len(named) >= len(by_folder.images)
    return len(named) == len(by_folder.images)


def _table_in(folder: Path) -> Path | None:
    tables = sorted(folder.glob("*.[cC][sS][vV]"), key=lambda file: (file.name.lower() != _USUAL_NAME, file))
    return next((table for table in tables if is_label_table(table)), None)


def _check_images(found: Labelled, data: Path) -> None:
    """What is missing depends on who should have said what the photos show."""
    if found.images:
        return
    if found.layout is Layout.COCO and found.ignored:
        raise DataError(
            "No annotation in {file} has a box or says the one class of a whole photo. Name a file with "
            "annotations, or put each photo into a folder named after its class.",
            file=found.file,
        )
    if found.layout in (Layout.COCO, Layout.TABLE):
        raise DataError("{file} names no photos. Name a file that does.", file=found.file)
    if found.ignored:
        raise DataError(
            "The photos in {data} lie in no class folder. Put each photo into a folder named after its class.",
            data=data,
        )
    raise DataError(
        "There are no photos in {data}. Name a folder with one folder of photos for each class, "
        "or a CSV with the columns file and label.",
        data=data,
    )
