"""The formats in which labelled photos are written, by name, and what each of them holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from taxolens.core.records import Part
from taxolens.core.registry import Registry
from taxolens.core.texts import noted
from taxolens.formats import box_table, coco, detections_set, labelme, voc, yolo
from taxolens.formats.sheets import class_list, write_unsynced
from taxolens.formats.source import Layout, Sized
from taxolens.formats.table import write_table

Write = Callable[[Path, Sequence[Sized], Sequence[str]], None]
"""Writes a set to a folder or, for formats of one file, to that file: place, photos, classes in their order."""


class Holds(StrEnum):
    """What a format may hold beside boxes and classes."""

    SOME_PARTS = "some-parts"  # also where only some photos have a part
    CLASSES = "classes"  # their order, and those without boxes
    CONTEXT = "context"  # site, sequence, time
    PIXELS = "pixels"  # boxes are in pixels, so the size of each photo is needed


@dataclass(frozen=True, slots=True)
class SetFormat:
    """One format of labelled photos.

    Attributes:
        title: what people call it.
        layout: how it is read again.
        write: of photos with boxes.
        write_named: of photos that have a class as a whole; None: the format has no place for them.
        file: name of its one file in a folder; None: it is a folder of files.
        photos: folder of the photos, with `{part}` where each part has its own.
        holds: what it holds.
        apart: photos may lie elsewhere.
    """

    title: str
    layout: Layout
    write: Write
    write_named: Write | None = None
    file: str | None = None
    photos: str = "images"
    holds: frozenset[Holds] = frozenset()
    apart: bool = True

    def folder(self, part: Part | None) -> str:
        """The folder of a photo, below the set's."""
        return self.photos.replace("{part}", part.value if part else "").strip("/").replace("//", "/")

    @property
    def by_part(self) -> bool:
        """Whether parts are told by folders."""
        return "{part}" in self.photos

    @property
    def suffix(self) -> str | None:
        """The end of the name of its one file; None where it is a folder of files."""
        return Path(self.file).suffix if self.file else None


SETS: Registry[SetFormat] = Registry(
    noted("There is no format of labelled photos called {name}. Choose from: {known}.")
)


def _write_yolo(out: Path, images: Sequence[Sized], classes: Sequence[str]) -> None:
    parts = {one.image.part for one in images}
    told = [part for part in Part if part in parts] if None not in parts else []
    yolo.write_yolo(out, (one.image for one in images), classes, told)


def _write_coco_named(out: Path, images: Sequence[Sized], classes: Sequence[str]) -> None:
    coco.write_coco(out, images, classes, whole=True)


def _write_boxes(out: Path, images: Sequence[Sized], classes: Sequence[str]) -> None:
    box_table.write_box_table(out, images)


def _write_labels(out: Path, images: Sequence[Sized], classes: Sequence[str]) -> None:
    write_table((one.image for one in images), out)


def _write_nothing(out: Path, images: Sequence[Sized], classes: Sequence[str]) -> None:
    """Folders say it all."""


_FILES = frozenset({Holds.SOME_PARTS, Holds.CONTEXT})

SETS.add(
    "yolo",
    SetFormat(
        "YOLO",
        Layout.YOLO,
        _write_yolo,
        photos="images/{part}",
        holds=frozenset({Holds.CLASSES}),
        apart=False,
    ),
)
SETS.add(
    "coco",
    SetFormat(
        "COCO",
        Layout.COCO,
        coco.write_coco,
        _write_coco_named,
        coco.ANNOTATIONS,
        holds=_FILES | {Holds.CLASSES, Holds.PIXELS},
    ),
)
SETS.add(
    "voc",
    SetFormat(
        voc.TITLE,
        Layout.VOC,
        voc.write_voc,
        photos=voc.PHOTOS,
        holds=frozenset({Holds.SOME_PARTS, Holds.CLASSES, Holds.PIXELS}),
        apart=False,
    ),
)
SETS.add(
    "labelme",
    SetFormat(
        labelme.TITLE,
        Layout.LABELME,
        labelme.write_labelme,
        photos="{part}",
        holds=frozenset({Holds.CLASSES, Holds.PIXELS}),
        apart=False,
    ),
)
SETS.add(
    "megadetector",
    SetFormat(
        "MegaDetector JSON",
        Layout.DETECTIONS,
        detections_set.write_detections_set,
        file=detections_set.DETECTIONS,
        holds=_FILES | {Holds.CLASSES},
    ),
)
SETS.add("csv", SetFormat("CSV", Layout.BOX_TABLE, _write_boxes, _write_labels, "labels.csv", holds=_FILES))
SETS.add(
    "folder",
    SetFormat(
        noted("class folders"), Layout.FOLDERS, _write_nothing, _write_nothing, photos="{part}", apart=False
    ),
)


def write_classes(folder: Path, classes: Sequence[str], title: str) -> None:
    """Writes `classes.txt`, for a format that holds no list of classes.

    Raises:
        DataError: a class has a name that no list can hold.
        OutputError: it cannot be written.
    """
    write_unsynced(folder / box_table.CLASSES, class_list(classes, title).encode("utf-8"))


def write_beside(folder: Path, images: Sequence[Sized]) -> None:
    """Writes `labels.csv` with what a format does not hold of its photos: class of the whole photo, site,
    sequence, time, part. It is read together with the boxes.

    Raises:
        OutputError: it cannot be written.
    """
    write_table((replace(one.image, annotations=None) for one in images), folder / "labels.csv")
