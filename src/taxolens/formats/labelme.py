"""LabelMe annotations: a JSON for each photo, read and written.

`shapes` with a `label` and `points` in pixels of the upright photo, from its corner; `imagePath` is relative to the
JSON. Read are files of versions 2 to 5 and those of X-AnyLabeling. Of polygons, circles and masks the box around them is
taken; points and lines enclose nothing and are no boxes: both are told. `labels.txt` gives the order of the classes.
Source: https://github.com/wkentaro/labelme (labelme/_label_file.py)
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from taxolens.core.errors import DataError
from taxolens.core.records import Annotation
from taxolens.core.texts import noted
from taxolens.formats.beside import LAYOUT_FOLDERS, files_below
from taxolens.formats.boxes import Complaints, finite
from taxolens.formats.frame import in_pixels
from taxolens.formats.parts import with_folder_parts
from taxolens.formats.sheets import (
    Edges,
    Sheet,
    SheetReader,
    Thing,
    class_list,
    listed_classes,
    write_unsynced,
)
from taxolens.formats.source import Labelled, Layout, Note, Sized, printable

TITLE = "LabelMe"

_VERSION = "5.5.0"
_LISTS = ("labels.txt", "classes.txt")
_SUFFIX = ".json"
_MOST_BYTES = 1 << 29  # a file may carry its photo
_SNIFFED = 4096
_TRIED = 20
_OPEN_SHAPES = frozenset({"point", "points", "line", "linestrip"})
_BOX = "rectangle"


def find_labelme(folder: Path) -> bool:
    """Whether a folder holds annotations of this kind."""
    for number, file in enumerate(files_below(folder, _SUFFIX)):
        if is_labelme(file):
            return True
        if number >= _TRIED:
            break
    return False


def is_labelme(file: Path) -> bool:
    """Whether a JSON file begins as an annotation of this kind does."""
    try:
        with file.open("rb") as opened:
            begin = opened.read(_SNIFFED)
    except OSError as error:
        raise DataError("{file} cannot be read: {why}.", file=file, why=error.strerror or error) from error
    return any(key in begin for key in (b'"shapes"', b'"imagePath"', b'"imageData"'))


def labelme_files(folder: Path) -> tuple[Path, ...]:
    """The annotations in a folder."""
    return tuple(filter(is_labelme, files_below(folder, _SUFFIX)))


def read_labelme(folder: Path, *, inside: bool = False, lenient: bool = False) -> Labelled:
    """Reads the photos and boxes of a folder.

    Args:
        inside: refuse photos outside the folder, for sets of unknown origin.
        lenient: collect what cannot be meant in `problems`, and read the rest.

    Raises:
        DataError: an annotation cannot be meant.
    """
    listed_in, listed = listed_classes(folder, _LISTS)
    complaints = Complaints(lenient)
    sheets = _Sheets()
    reader = SheetReader(folder, sheets.sheet, listed, complaints, inside)
    files = labelme_files(folder)
    images = with_folder_parts(tuple(reader.images(files)), LAYOUT_FOLDERS)
    return Labelled(
        folder,
        images,
        layout=Layout.LABELME,
        file=listed_in,
        classes=reader.classes(),
        boxed=True,
        unlabelled=sum(image.annotations is None for image in images),
        problems=complaints.all(),
        notes=(*reader.notes(listed_in), *sheets.notes()),
    )


def write_labelme(folder: Path, images: Sequence[Sized], classes: Sequence[str]) -> None:
    """Writes a JSON beside each photo, and `labels.txt`.

    Args:
        images: in the folder; a photo without annotations (None) gets no file.

    Raises:
        DataError: a box has another class, or a class has a name that the format cannot hold.
        OutputError: a file cannot be written.
    """
    text = class_list(classes, TITLE)
    for sized in images:
        if sized.image.annotations is not None:
            content = json.dumps(_document(sized, classes), ensure_ascii=False, indent=2, allow_nan=False)
            write_unsynced(sized.image.path.with_suffix(_SUFFIX), content.encode("utf-8"))
    write_unsynced(folder / _LISTS[0], text.encode("utf-8"))


class _Sheets:
    """Reads JSON files, and counts shapes that are no boxes.

    A file is read once for its photo's name and once for what it shows, so each counts once.
    """

    def __init__(self) -> None:
        self._around: dict[Path, int] = {}
        self._open: dict[Path, Counter[str]] = {}

    def notes(self) -> tuple[Note, ...]:
        """What became of other shapes."""
        around, without = sum(self._around.values()), sum(self._open.values(), Counter[str]())
        kinds = ", ".join(f"{kind} ({count})" for kind, count in sorted(without.items()))
        return (
            *([Note(_AROUND, {"count": around})] if around else []),
            *([Note(_OPEN, {"count": without.total(), "kinds": kinds})] if without else []),
        )

    def sheet(self, file: Path) -> Sheet:
        """What a file says."""
        document = _document_in(file)
        path, shapes = document.get("imagePath"), document["shapes"]
        closed = [one for one in shapes if _kind(one) not in _OPEN_SHAPES]
        self._around[file] = sum(_kind(one) != _BOX for one in closed)
        self._open[file] = Counter(kind for one in shapes if (kind := _kind(one)) in _OPEN_SHAPES)
        named = path.replace("\\", "/") if isinstance(path, str) and path and "\0" not in path else None
        return Sheet(
            names=(printable(named),) if named else (),
            size=(finite(document.get("imageWidth")), finite(document.get("imageHeight"))),
            things=tuple(_thing(one) for one in closed),
        )


def _document_in(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ValueError
        document = json.loads(file.read_bytes())
    except OSError as error:
        raise DataError("{file} cannot be read: {why}.", file=file, why=error.strerror or error) from error
    except (ValueError, RecursionError) as error:
        raise DataError("{file} is no JSON, or damaged. Get it again.", file=file) from error
    shapes = document.get("shapes") if isinstance(document, dict) else None
    if not isinstance(shapes, list) or not all(isinstance(one, dict) for one in shapes):
        raise DataError("{file} has no list of shapes, as files of LabelMe have. Draw them anew.", file=file)
    return {**document, "shapes": shapes}


def _kind(shape: dict[str, Any]) -> str:
    """The type of a shape; files of version 2 and 3 know polygons only."""
    kind = shape.get("shape_type")
    return kind if isinstance(kind, str) and kind else "polygon"


def _thing(shape: dict[str, Any]) -> Thing:
    label, points = shape.get("label"), shape.get("points")
    text = json.dumps(points)[:200]
    named = str(label) if isinstance(label, str | int | float) and not isinstance(label, bool) else None
    return Thing(named, _edges(points, _kind(shape)), text)


def _edges(points: object, kind: str) -> Edges | None:
    pairs = points if isinstance(points, list) else []
    numbers = [
        (x, y)
        for pair in pairs
        if isinstance(pair, list)
        and len(pair) == 2
        and (x := finite(pair[0])) is not None
        and (y := finite(pair[1])) is not None
    ]
    if len(numbers) != len(pairs) or len(numbers) < 2:
        return None
    if kind == "circle":
        (x, y), (a, b) = numbers[:2]
        radius = math.hypot(a - x, b - y)
        return x - radius, y - radius, x + radius, y + radius
    xs, ys = zip(*numbers, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _document(sized: Sized, classes: Sequence[str]) -> dict[str, Any]:
    image = sized.image
    for one in image.annotations or ():
        if one.label not in classes:
            raise DataError(
                "A box in {photo} is called {label}, which is none of the classes. Name it among them.",
                photo=image.name,
                label=one.label,
            )
    return {
        "version": _VERSION,
        "flags": {},
        "shapes": [_shape(one, sized) for one in image.annotations or ()],
        "imagePath": printable(image.path.name),
        "imageData": None,
        "imageHeight": sized.height,
        "imageWidth": sized.width,
    }


def _shape(one: Annotation, sized: Sized) -> dict[str, Any]:
    left, top = in_pixels(one.box.x, sized.width), in_pixels(one.box.y, sized.height)
    right = left + in_pixels(one.box.width, sized.width)
    bottom = top + in_pixels(one.box.height, sized.height)
    return {
        "label": one.label,
        "points": [[left, top], [right, bottom]],
        "group_id": None,
        "description": "",
        "shape_type": _BOX,
        "flags": {},
        "mask": None,
    }


_AROUND = noted("Polygons, circles and masks, of which the box around them was taken: {count}.")
_OPEN = noted("Shapes that enclose nothing, which are no boxes: {count} ({kinds}).")
