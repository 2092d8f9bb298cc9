"""Labelled photos, whichever way they are given: class folders, a table, or a zip of either."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

from taxolens.core.errors import DataError
from taxolens.formats.archive import unpacked
from taxolens.formats.folder import read_folder
from taxolens.formats.source import Labelled
from taxolens.formats.table import is_label_table, read_table
from taxolens.storage.photos import PHOTO_SUFFIXES
from taxolens.storage.signature import image_format, read_head

__all__ = ["Labelled", "read_labelled"]

_USUAL_NAME = "labels.csv"


def read_labelled(data: Path, *, unpack_to: Path) -> Labelled:
    """Reads a folder of class folders, a CSV, or a zip of either.

    A folder may hold a table beside its photos. The folders count, unless the table says something else
    of most photos (then the folders are no classes), or the same of all of them and perhaps more.

    Args:
        data: folder, CSV or zip.
        unpack_to: where zips are unpacked, each once, under its hash.

    Raises:
        DataError: nothing labelled can be found in it.
        OutputError: a zip cannot be unpacked there.
    """
    if data.is_dir():
        return _read_tree(data, data, inside=False)
    if not data.exists():
        raise DataError("{data} is not there. Check the path.", data=data)
    if data.suffix.lower() == ".zip" or zipfile.is_zipfile(data):
        return _read_tree(unpacked(data, unpack_to), data, inside=True)
    if data.suffix.lower() in PHOTO_SUFFIXES or image_format(read_head(data)):
        raise DataError(
            "{data} is a single photo. Name a folder of class folders, a CSV with file and label, or a zip.",
            data=data,
        )
    return _with_images(read_table(data), data)


def _read_tree(folder: Path, data: Path, *, inside: bool) -> Labelled:
    by_folder = read_folder(folder)
    table = _table_in(folder)
    if table is None:
        return _with_images(by_folder, data)
    by_table = read_table(table, inside=inside)
    if not _table_counts(by_folder, by_table):
        return by_folder
    unnamed = len(by_folder.images) + by_folder.ignored - len({image.path for image in by_table.images})
    return _with_images(replace(by_table, ignored=max(0, unnamed)), data)


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


def _with_images(found: Labelled, data: Path) -> Labelled:
    if found.images:
        return found
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
