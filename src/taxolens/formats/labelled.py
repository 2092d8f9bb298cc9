"""Labelled photos, whichever way they are given: class folders, a table, boxes, or a zip of any."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

from taxolens.core.errors import DataError
from taxolens.core.records import Image
from taxolens.core.texts import noted
from taxolens.formats.archive import unpacked
from taxolens.formats.beside import LAYOUT_FOLDERS
from taxolens.formats.box_table import read_box_table
from taxolens.formats.camtrap_set import PACKAGE, find_camtrap, read_camtrap
from taxolens.formats.coco import CocoFile, find_coco, read_coco
from taxolens.formats.detections_set import (
    DETECTIONS,
    find_detections,
    is_detections,
    read_detections_set,
)
from taxolens.formats.folder import read_folder
from taxolens.formats.labelme import find_labelme, is_labelme, labelme_files, read_labelme
from taxolens.formats.parts import part_named, with_parts
from taxolens.formats.sheets import CLASS_LISTS
from taxolens.formats.source import Labelled, Layout, Note, printable
from taxolens.formats.table import is_box_table, is_label_table, read_table
from taxolens.formats.voc import find_voc, read_voc, voc_files
from taxolens.formats.yolo import read_yolo
from taxolens.formats.yolo_set import find_yolo
from taxolens.storage.photos import PHOTO_SUFFIXES
from taxolens.storage.signature import image_format, read_head

__all__ = ["Labelled", "read_labelled"]

_USUAL_NAME = "labels.csv"
_CLASSES = 2
_NAMED = 5
_STRAY = noted(
    "Annotations of boxes for few of the {photos} photos are left out, for the others only have their folder's name: "
    "{count} ({names}). To use them, name a folder with those photos alone."
)


def read_labelled(
    data: Path,
    *,
    unpack_to: Path,
    lenient: bool = False,
    unlabelled: bool = False,
    photos: Path | None = None,
    threshold: float | None = None,
) -> Labelled:
    """Reads a folder of class folders, a CSV, boxes in any format, or a zip of any of them.

    A folder may hold a table beside its photos. The folders count, unless the table says something else
    of most photos (then the folders are no classes), or the same of all of them and perhaps more. Boxes
    count before class folders; a table beside them adds what it says of the photos (label, site, part).
    A file of detections counts where it is named, is called `detections.json`, or nothing else says what photos
    show.
    Outermost folders that are all called train, val or test are parts of a split.

    Args:
        data: folder, CSV, `data.yaml`, COCO file, file of detections or zip.
        unpack_to: where zips are unpacked, each once, under its hash.
        lenient: collect boxes that cannot be meant in `problems`, and read the rest.
        unlabelled: where no photo has a label, read the photos without.
        photos: folder that a file of detections, or a Camtrap DP package, names photos from.
        threshold: detections below it are no boxes, 0..1; None: what their file calls typical, else 0.2.

    Raises:
        DataError: nothing labelled can be found in it, or a box cannot be meant.
        OutputError: a zip cannot be unpacked there.
    """
    found = _Way(lenient, photos, threshold).read(data, unpack_to)
    if unlabelled and not found.images:
        found = replace(found, images=found.nameless, ignored=found.ignored - len(found.nameless))
    _check_images(found, data)
    return found


@dataclass(frozen=True, slots=True)
class _Way:
    """How a source is read; see `read_labelled`."""

    lenient: bool
    photos: Path | None
    threshold: float | None
    inside: bool = False

    def read(self, data: Path, unpack_to: Path) -> Labelled:
        """What lies at a path."""
        if data.is_dir():
            return self._tree(data)
        if not data.exists():
            raise DataError("{data} is not there. Check the path.", data=data)
        if data.suffix.lower() == ".zip" or zipfile.is_zipfile(data):
            return replace(self, inside=True)._tree(unpacked(data, unpack_to))
        if data.suffix.lower() in PHOTO_SUFFIXES or image_format(read_head(data)):
            raise DataError(
                "{data} is a single photo. Name a folder of class folders, a CSV with file and label, or a zip.",
                data=data,
            )
        return self._file(data)

    def _file(self, data: Path) -> Labelled:
        suffix = data.suffix.lower()
        if suffix in (".yaml", ".yml"):
            return read_yolo(data, data.parent, lenient=self.lenient)
        if suffix == ".xml" or (suffix == ".json" and is_labelme(data)):
            raise DataError(
                "{data} is about one photo. Name the folder that holds the photos and their annotations.",
                data=data,
            )
        if data.name == PACKAGE and find_camtrap(data.parent):
            return self._tree(data.parent)
        if suffix == ".json":
            if is_detections(data):
                return self._detections(data, data.parent)
            return read_coco([CocoFile(data)], data.parent, lenient=self.lenient)
        return self._table(data)

    def _table(self, table: Path) -> Labelled:
        if is_box_table(table):
            return read_box_table(table, inside=self.inside, lenient=self.lenient)
        return with_parts(read_table(table, inside=self.inside))

    def _tree(self, folder: Path) -> Labelled:
        if find_camtrap(folder):
            return read_camtrap(folder, photos=self.photos, inside=self.inside and self.photos is None)
        table = _table_in(folder)
        strays: list[Note] = []
        by_box = self._boxes(folder, strays)
        if by_box is not None:
            joins = table is not None and not is_box_table(table)
            said = read_table(table, inside=self.inside, nameless=True) if table and joins else None
            return _joined(by_box, said) if said else by_box
        if table is not None and is_box_table(table):
            return self._table(table)
        by_folder = replace(read_folder(folder), notes=tuple(strays))
        if table is None:
            detections = None if by_folder.images else find_detections(folder)
            return self._detections(detections, folder) if detections else with_parts(by_folder)
        by_table = read_table(table, inside=self.inside)
        if not _table_counts(by_folder, by_table):
            return with_parts(by_folder)
        unnamed = len(by_folder.images) + by_folder.ignored - len({image.path for image in by_table.images})
        return with_parts(replace(by_table, ignored=max(0, unnamed), nameless=by_folder.nameless))

    def _boxes(self, folder: Path, strays: list[Note]) -> Labelled | None:
        """Photos with boxes, if that is what a folder holds; else what is to be told of boxes for few of them."""
        described = find_yolo(folder)
        if described is not None:
            return read_yolo(described, folder, inside=self.inside, lenient=self.lenient)
        files = find_coco(folder)
        if files:
            return read_coco(files, folder, inside=self.inside, lenient=self.lenient)
        for is_there, read in ((find_voc, read_voc), (find_labelme, read_labelme)):
            if is_there(folder):
                strays[:] = _strays(folder)
                if not strays:
                    return read(folder, inside=self.inside, lenient=self.lenient)
        detections = folder / DETECTIONS
        return self._detections(detections, folder) if detections.is_file() else None

    def _detections(self, file: Path, root: Path) -> Labelled:
        return read_detections_set(
            file, root, threshold=self.threshold, photos=self.photos, inside=self.inside
        )


def _strays(folder: Path) -> tuple[Note, ...]:
    """What to say of annotations for few photos of class folders, which are left out: most photos decide.

    Where a list of classes lies beside them, or they have a folder of their own, somebody meant to draw boxes. Folders
    that only belong to a layout, and those of one class, are no class folders that could contradict.
    """
    files = (*voc_files(folder), *labelme_files(folder))
    meant = any((folder / name).is_file() for name in CLASS_LISTS) or any(
        _is_laid_out(file) for file in files
    )
    if not files or meant:
        return ()
    photos = [image for image in read_folder(folder).images if not _is_of_layout(image.label or "")]
    if len({image.label for image in photos}) < _CLASSES or 2 * len(files) >= len(photos):
        return ()
    names = ", ".join(printable(file.name) for file in files[:_NAMED])
    return (Note(_STRAY, {"count": len(files), "names": names, "photos": len(photos)}),)


def _is_laid_out(file: Path) -> bool:
    """Whether a file of annotations lies in a folder for such files."""
    return file.parent.name.lower() in LAYOUT_FOLDERS


def _is_of_layout(folder: str) -> bool:
    return folder.lower() in LAYOUT_FOLDERS or part_named(folder) is not None


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
    if found.layout in (Layout.COCO, Layout.TABLE, Layout.BOX_TABLE, Layout.DETECTIONS, Layout.CAMTRAP):
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
