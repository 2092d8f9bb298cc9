"""What a reader of labelled photos hands over."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from taxolens.core.records import Image


class Layout(StrEnum):
    """How a source says what its photos show, which is also how it is written back."""

    FOLDERS = "folders"
    TABLE = "table"
    YOLO = "yolo"
    COCO = "coco"
    VOC = "voc"
    LABELME = "labelme"
    DETECTIONS = "detections"
    BOX_TABLE = "box-table"
    CAMTRAP = "camtrap-dp"


@dataclass(frozen=True, slots=True)
class Sized:
    """An image and the pixels of its upright picture."""

    image: Image
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Note:
    """What a reader took for granted or passed over, for people.

    Attributes:
        text: English sentence with named fields, which is its own key for translation.
        fields: their values.
    """

    text: str
    fields: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class BoxProblem:
    """Something in a file of boxes that cannot be meant.

    Attributes:
        name: the image, or the annotation file where it is about no image.
        line: line of a text file, from 1; 0 where there are no lines.
        code: "box_syntax", "box_class", "box_outside", "box_empty", "box_image" (no such image) or
            "image_twice".
        detail: what stands there.
    """

    name: str
    line: int
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """Photos with the names that their source gives them, not yet looked at.

    Attributes:
        root: folder that the names of the images are relative to.
        images: in the order of the source; a table may name files that are not there.
        ignored: photos that lie in the source but belong to no class.
        layout: how the source is written.
        file: the table, `data.yaml`, list of classes or COCO file that says what the photos show, where
            there is one.
        classes: names of boxes in the order of their numbers; empty for sources that do not number them.
        boxed: the source says where things are in the photos.
        unlabelled: photos of a boxed source that nobody has drawn boxes in, not even to say there are none.
        problems: what a lenient reader passed over.
        empty: folders that hold no photos, where folders say what photos show.
        nameless: the ignored photos themselves, where no photo has a class.
        notes: what the reader took for granted or passed over.
    """

    root: Path
    images: tuple[Image, ...]
    ignored: int = 0
    layout: Layout = Layout.FOLDERS
    file: Path | None = None
    classes: tuple[str, ...] = ()
    boxed: bool = False
    unlabelled: int = 0
    problems: tuple[BoxProblem, ...] = ()
    empty: tuple[str, ...] = ()
    nameless: tuple[Image, ...] = ()
    notes: tuple[Note, ...] = ()


def label_text(text: str) -> str:
    """A label as it is compared: one spelling for each character (NFC), no space around it."""
    return unicodedata.normalize("NFC", printable(text)).strip()


def printable(name: str) -> str:
    """A file name that can be written anywhere, also where its bytes are no UTF-8."""
    if name.isascii():
        return name
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:  # half a character, as JSON can spell it
        return name.encode("utf-8", "replace").decode("utf-8")
