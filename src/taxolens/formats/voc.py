"""Pascal VOC annotations: an XML for each photo, read and written.

`Annotations/a/1.xml` for `JPEGImages/a/1.jpg`, or both in one folder; `ImageSets/Main/train.txt` and so on name the
photos of each part without their suffix. The format keeps no list of classes: `classes.txt` (or the `labelmap.txt` of
CVAT) gives their order.

Coordinates are pixels. Whole numbers count pixels from 1, the last one included, as the development kit does: a box
over all of a photo of 500 x 375 is 1, 1, 500, 375. Numbers with a decimal point are edges, from 0, as CVAT writes
them; so are all whole numbers of a set in which a box begins at 0. Written are whole numbers where all boxes of a photo
have edges between pixels, else edges with all their digits.
Source: http://host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc/devkit_doc.html
"""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from taxolens.core.errors import DataError
from taxolens.core.printable import printable as shown
from taxolens.core.records import Annotation, Image, Part
from taxolens.core.texts import noted
from taxolens.formats.beside import LAYOUT_FOLDERS, files_below
from taxolens.formats.boxes import Complaints, finite
from taxolens.formats.frame import in_pixels
from taxolens.formats.parts import with_folder_parts
from taxolens.formats.plain_xml import read_xml
from taxolens.formats.sheets import (
    CLASS_LISTS,
    Edges,
    Sheet,
    SheetReader,
    Thing,
    class_list,
    listed_classes,
    write_unsynced,
)
from taxolens.formats.source import Labelled, Layout, Note, Sized, printable

PHOTOS = "JPEGImages"
TITLE = "Pascal VOC"

_ANNOTATIONS, _SETS = "Annotations", "ImageSets/Main"
_SUFFIX = ".xml"
_MOST_BYTES = 16 << 20
_SNIFFED = 4096
_TRIED = 20
_WHOLE = 1e-6  # of a pixel
_SIGNS = tuple("<annotation".encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be"))
_EDGES = ("xmin", "ymin", "xmax", "ymax")


def find_voc(folder: Path) -> bool:
    """Whether a folder holds annotations of this kind."""
    return any(map(is_voc, islice(files_below(folder, _SUFFIX), _TRIED)))


def is_voc(file: Path) -> bool:
    """Whether an XML file begins as an annotation of this kind does, in whatever encoding."""
    begin = _begin(file)
    if begin.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "<annotation" in begin.decode("utf-16", errors="ignore")
    return any(sign in begin for sign in _SIGNS)


def voc_files(folder: Path) -> tuple[Path, ...]:
    """The annotations in a folder."""
    return tuple(filter(is_voc, files_below(folder, _SUFFIX)))


def read_voc(folder: Path, *, inside: bool = False, lenient: bool = False) -> Labelled:
    """Reads the photos and boxes of a folder.

    Args:
        inside: refuse photos outside the folder, for sets of unknown origin.
        lenient: collect what cannot be meant in `problems`, and read the rest.

    Raises:
        DataError: an annotation cannot be meant.
    """
    files = voc_files(folder)
    sheets = _Sheets(lenient)
    sheets.look(files)
    listed_in, listed = listed_classes(folder, CLASS_LISTS)
    reader = SheetReader(folder, sheets.sheet, listed, sheets.complaints, inside)
    images = tuple(reader.images(files))
    by_list = _listed_parts(folder, images)
    images = by_list if by_list is not None else with_folder_parts(images, LAYOUT_FOLDERS)
    return Labelled(
        folder,
        images,
        layout=Layout.VOC,
        file=listed_in,
        classes=reader.classes(),
        boxed=True,
        unlabelled=sum(image.annotations is None for image in images),
        problems=sheets.complaints.all(),
        notes=(*reader.notes(listed_in), *([Note(_FROM_ZERO)] if sheets.from_zero else [])),
    )


def write_voc(folder: Path, images: Sequence[Sized], classes: Sequence[str]) -> None:
    """Writes the annotations of photos that lie in `folder/JPEGImages`, the lists of parts and `classes.txt`.

    Args:
        images: a photo without annotations (None) gets no file.

    Raises:
        DataError: a box has another class, or a class has a name that the format cannot hold.
        OutputError: a file cannot be written.
    """
    text = class_list(classes, TITLE)
    for sized in images:
        if sized.image.annotations is not None:
            below = sized.image.path.relative_to(folder / PHOTOS)
            file = (folder / _ANNOTATIONS / below).with_suffix(_SUFFIX)
            write_unsynced(file, _document(sized, classes, below))
    for part in Part:
        stems = [_stem(one.image.path, folder / PHOTOS) for one in images if one.image.part is part]
        if stems:
            place = folder / _SETS / f"{part.value}.txt"
            write_unsynced(place, "".join(f"{stem}\n" for stem in stems).encode("utf-8", "surrogateescape"))
    write_unsynced(folder / CLASS_LISTS[0], text.encode("utf-8"))


@dataclass(frozen=True, slots=True)
class _Page:
    """What one file says, its coordinates as they stand there: label and the texts of four edges."""

    names: tuple[str, ...]
    size: tuple[float | None, float | None]
    things: tuple[tuple[str, tuple[str, ...]], ...]


class _Sheets:
    """Reads XML files, each once; whether pixels count from 0 or from 1 shows in all of them together."""

    def __init__(self, lenient: bool) -> None:
        self.complaints = Complaints(lenient)
        self.from_zero = False
        self._pages: dict[Path, _Page] = {}

    def look(self, files: Sequence[Path]) -> None:
        """Reads all, and looks for a box that begins at 0."""
        for file in files:
            page = self._pages[file] = _page(file)
            self.from_zero |= any(_begins_at_zero(texts) for _, texts in page.things)

    def sheet(self, file: Path) -> Sheet:
        """What a file says."""
        page = self._pages[file]
        things = tuple(Thing(label, self._edges(texts), " ".join(texts)) for label, texts in page.things)
        return Sheet(page.names, page.size, things)

    def _edges(self, texts: Sequence[str]) -> Edges | None:
        numbers = [number for text in texts if (number := finite(text)) is not None]
        if len(numbers) != len(_EDGES):
            return None
        left, top, right, bottom = numbers
        if self.from_zero or any("." in text for text in texts):
            return left, top, right, bottom
        return left - 1, top - 1, right, bottom


def _page(file: Path) -> _Page:
    root = _root(file)
    size = root.find("size")
    named = (_text(root, "filename"), _text(root, "path"))
    return _Page(
        names=tuple(name.replace("\\", "/") for name in named if name and "\0" not in name),
        size=(None, None) if size is None else (finite(_text(size, "width")), finite(_text(size, "height"))),
        things=tuple((_text(one, "name"), _texts(one.find("bndbox"))) for one in root.findall("object")),
    )


def _texts(box: Element | None) -> tuple[str, ...]:
    return tuple(_text(box, name) if box is not None else "" for name in _EDGES)


def _begins_at_zero(texts: Sequence[str]) -> bool:
    return not any("." in text for text in texts) and any(finite(one) == 0 for one in texts[:2])


def _listed_parts(folder: Path, images: Sequence[Image]) -> tuple[Image, ...] | None:
    """Parts as `ImageSets/Main` lists them; a photo that several lists name has none."""
    parts: dict[str, Part | None] = {}
    for part in Part:
        for stem in _listed(folder / _SETS / f"{part.value}.txt"):
            parts[stem] = part if parts.get(stem, part) is part else None
    if not parts:
        return None
    return tuple(replace(image, part=parts.get(_stem(image.path, folder / PHOTOS))) for image in images)


def _listed(file: Path) -> Iterator[str]:
    if not file.is_file():
        return
    try:
        text = file.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise DataError("{file} cannot be read: {why}.", file=file, why=error.strerror or error) from error
    yield from (line.strip() for line in text.splitlines() if line.strip())


def _stem(photo: Path, photos: Path) -> str:
    below = photo.relative_to(photos) if photo.is_relative_to(photos) else Path(photo.name)
    return below.with_suffix("").as_posix()


def _document(sized: Sized, classes: Sequence[str], below: Path) -> bytes:
    root = Element("annotation")
    _add(root, {"folder": PHOTOS, "filename": shown(printable(below.name))})
    _add(SubElement(root, "source"), {"database": "Unknown"})
    _add(SubElement(root, "size"), {"width": sized.width, "height": sized.height, "depth": 3})
    _add(root, {"segmented": 0})
    annotations = sized.image.annotations or ()
    edges = [_pixels(one, sized) for one in annotations]
    whole = all(abs(edge - round(edge)) <= _WHOLE for four in edges for edge in four)
    for one, four in zip(annotations, edges, strict=True):
        if one.label not in classes:
            raise DataError(
                "A box in {photo} is called {label}, which is none of the classes. Name it among them.",
                photo=sized.image.name,
                label=one.label,
            )
        thing = SubElement(root, "object")
        _add(thing, {"name": one.label, "pose": "Unspecified", "truncated": 0, "difficult": 0})
        _add(SubElement(thing, "bndbox"), dict(zip(_EDGES, _told(four, whole), strict=True)))
    indent(root)
    content: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _pixels(one: Annotation, sized: Sized) -> Edges:
    left, top = in_pixels(one.box.x, sized.width), in_pixels(one.box.y, sized.height)
    width, height = in_pixels(one.box.width, sized.width), in_pixels(one.box.height, sized.height)
    return left, top, left + width, top + height


def _told(edges: Edges, whole: bool) -> tuple[str, ...]:
    if not whole:
        return tuple(_decimal(edge) for edge in edges)
    left, top, right, bottom = (round(edge) for edge in edges)
    return str(left + 1), str(top + 1), str(right), str(bottom)


def _decimal(edge: float) -> str:
    text = repr(float(edge))
    return text if "e" not in text else f"{edge:.20f}"


def _add(element: Element, values: Mapping[str, object]) -> None:
    for name, value in values.items():
        SubElement(element, name).text = str(value)


def _root(file: Path) -> Element:
    root = read_xml(file, _MOST_BYTES)
    if root.tag != "annotation":
        raise DataError("{file} is no annotation in the format Pascal VOC.", file=file)
    return root


def _text(element: Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


def _begin(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(_SNIFFED)
    except OSError as error:
        raise DataError("{file} cannot be read: {why}.", file=file, why=error.strerror or error) from error


_FROM_ZERO = noted(
    "Boxes of these annotations begin at pixel 0, so all whole numbers were read as edges from 0."
)
