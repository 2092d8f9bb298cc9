"""COCO annotations and COCO Camera Traps, read and written.

Boxes are absolute pixels `[x, y, width, height]` of the photo as its `width` and `height` are given. Camera
Traps files add `location`, `seq_id` and `datetime` to images, and annotations that name a whole image.
Sources: https://cocodataset.org/#format-data and https://lila.science/coco-camera-traps
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from taxolens.core.errors import DataError
from taxolens.core.records import Annotation, Image, Part
from taxolens.core.texts import noted
from taxolens.formats.boxes import (
    CLASS,
    EMPTY,
    NO_IMAGE,
    OUTSIDE,
    SYNTAX,
    TWICE,
    Complaints,
    finite,
)
from taxolens.formats.frame import Frame, frame_of, in_pixels
from taxolens.formats.moment import local_time
from taxolens.formats.parts import part_named
from taxolens.formats.source import BoxProblem, Labelled, Layout, Note, Sized, label_text, printable
from taxolens.storage.atomic import written_whole

ANNOTATIONS = "annotations.coco.json"

_NAMES = (ANNOTATIONS, "_annotations.coco.json")
_MOST_BYTES = 2 << 30
_SAMPLE = 20
_RELATIVE_SLACK = 1e-3
_NOTHING = frozenset({"empty", "blank", "nothing"})


@dataclass(frozen=True, slots=True)
class CocoFile:
    """A file of annotations and the part of a split that its folder names."""

    path: Path
    part: Part | None = None


def find_coco(folder: Path) -> tuple[CocoFile, ...]:
    """The COCO files of a folder: its own, else those of its `train`, `valid` and `test`, else those called
    `annotations/instances_*.json`."""
    for name in _NAMES:
        if (folder / name).is_file():
            return (CocoFile(folder / name),)
    below = [one for one in sorted(folder.iterdir()) if part_named(one.name) and one.is_dir()]
    found = [CocoFile(one / name, part_named(one.name)) for one in below for name in _NAMES]
    if found := [one for one in found if one.path.is_file()]:
        return tuple(found)
    instances = sorted((folder / "annotations").glob("instances_*.json"))
    return tuple(CocoFile(one, _part_in(one.stem)) for one in instances)


def _part_in(stem: str) -> Part | None:
    return part_named(stem.removeprefix("instances_").rstrip("0123456789_-"))


def read_coco(
    files: Sequence[CocoFile], root: Path, *, inside: bool = False, lenient: bool = False
) -> Labelled:
    """Reads the photos that COCO files name; whether they can be read is not asked.

    Where no annotation has a box, the file names whole photos: each photo with one class has it as its label.
    Otherwise photos have annotations and no label.

    Args:
        root: folder that names are relative to.
        inside: refuse photos outside `root`, for files of unknown origin.
        lenient: collect what cannot be meant in `problems`, and read the rest.

    Raises:
        DataError: a file is no COCO file, or something in it cannot be meant.
    """
    complaints = Complaints(lenient)
    read = [_File(_document(file.path), file, root, inside, complaints) for file in files]
    boxed = any(one.has_boxes for one in read)
    images = [image for one in read for image in one.images(boxed)]
    named = [image for image in images if boxed or image.label is not None]
    return Labelled(
        root,
        tuple(named),
        ignored=len(images) - len(named),
        layout=Layout.COCO,
        file=files[0].path,
        classes=_classes(read) if boxed else (),
        boxed=boxed,
        unlabelled=sum(image.annotations is None for image in named) if boxed else 0,
        problems=complaints.all(),
        notes=tuple(note for one in read for note in one.notes()),
        nameless=() if named else tuple(images),
    )


def _classes(files: Iterable[_File]) -> tuple[str, ...]:
    names = (name for one in files for name in one.classes if name.lower() not in _NOTHING)
    return tuple(dict.fromkeys(names))


def write_coco(path: Path, images: Iterable[Sized], classes: Sequence[str], *, whole: bool = False) -> None:
    """Writes annotations that `read_coco` reads back. Photos below the file's folder are named from there,
    others by their full path. Site, sequence, time and part are kept as Camera Traps fields.

    Args:
        images: a photo without annotations (None) is marked as not looked at.
        classes: names of the boxes; the first category is 1.
        whole: photos have labels and no boxes, so annotations name whole images.

    Raises:
        DataError: a box has another class.
        OutputError: the file cannot be written.
    """
    numbers = {name: number for number, name in enumerate(classes, start=1)}
    listed = list(images)
    said = _label_of if whole else _boxes_of
    annotations = [one for number, sized in enumerate(listed, 1) for one in said(sized, number, numbers)]
    here = path.parent.resolve()
    document = {
        "info": {"description": path.stem, "version": "1.0"},
        "licenses": [],
        "categories": [{"id": number, "name": name} for name, number in numbers.items()],
        "images": [_image_of(sized, number, here, whole) for number, sized in enumerate(listed, 1)],
        "annotations": [{"id": number, **one} for number, one in enumerate(annotations, 1)],
    }
    with written_whole(path) as file:
        file.write(json.dumps(document, allow_nan=False).encode("ascii"))


def _image_of(sized: Sized, number: int, here: Path, whole: bool) -> dict[str, object]:
    image = sized.image
    place = Path(os.path.abspath(image.path))  # noqa: PTH100 - links are kept as the source named them
    name = place.relative_to(here) if place.is_relative_to(here) else place
    known = {
        "location": image.site,
        "seq_id": image.sequence,
        "datetime": image.taken.replace(tzinfo=None).isoformat(sep=" ") if image.taken else None,
        "split": image.part.value if image.part else None,
        "unlabelled": True if image.annotations is None and not whole else None,
    }
    size = {"file_name": name.as_posix(), "width": sized.width, "height": sized.height}
    return {"id": number, **size, **{key: value for key, value in known.items() if value is not None}}


def _label_of(sized: Sized, number: int, numbers: Mapping[str, int]) -> Iterator[dict[str, object]]:
    if sized.image.label is not None:
        yield {"image_id": number, "category_id": numbers[sized.image.label]}


def _boxes_of(sized: Sized, number: int, numbers: Mapping[str, int]) -> Iterator[dict[str, object]]:
    for one in sized.image.annotations or ():
        if one.label not in numbers:
            raise DataError(
                "A box in {photo} is called {label}, which is none of the classes. Name it among them.",
                photo=sized.image.name,
                label=one.label,
            )
        x, width = in_pixels(one.box.x, sized.width), in_pixels(one.box.width, sized.width)
        y, height = in_pixels(one.box.y, sized.height), in_pixels(one.box.height, sized.height)
        yield {
            "image_id": number,
            "category_id": numbers[one.label],
            "bbox": [x, y, width, height],
            "area": width * height,
            "iscrowd": 0,
        }


def _document(path: Path) -> dict[str, Any]:
    """A JSON file that has what a COCO file must have."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise DataError("{file} cannot be read: {why}.", file=path, why=error.strerror or error) from error
    except (ValueError, RecursionError) as error:
        raise DataError("{file} is no JSON, or damaged. Get it again.", file=path) from error
    lists = document if isinstance(document, dict) else {}
    if lacking := [name for name in ("images", "categories") if not _is_table(lists.get(name))]:
        raise DataError(
            "{file} is no COCO file. What it lacks: {lacking}.", file=path, lacking=", ".join(lacking)
        )
    if not _is_table(lists.setdefault("annotations", [])):
        raise DataError("{file} is no COCO file. What it lacks: {lacking}.", file=path, lacking="annotations")
    return lists


def _is_table(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


@dataclass(slots=True)
class _File:
    """One COCO file.

    Attributes:
        classes: names of the categories, by number.
    """

    document: dict[str, Any]
    source: CocoFile
    root: Path
    inside: bool
    complaints: Complaints
    classes: tuple[str, ...] = ()
    _names: dict[object, str] = field(default_factory=dict)
    _of_image: dict[object, list[dict[str, Any]]] = field(default_factory=dict)
    _base: Path = Path()

    def __post_init__(self) -> None:
        self._names = _category_names(self.document, self.source.path)
        self.classes = tuple(dict.fromkeys(self._names.values()))
        self._base = _base_of(self.document["images"], self.source.path, self.root)
        self._of_image = self._by_image()

    @property
    def has_boxes(self) -> bool:
        """Whether any annotation says where something is."""
        return any(_box(one) is not None for one in self.document["annotations"])

    def notes(self) -> Iterator[Note]:
        """Annotations of one number are several; other programs keep one of them."""
        ids = [key for one in self.document["annotations"] if (key := _key(one.get("id"))) is not None]
        if repeated := len(ids) - len(set(ids)):
            yield Note(_SAME_ID, {"count": repeated, "file": self.source.path.name})

    def _by_image(self) -> dict[object, list[dict[str, Any]]]:
        known = {_key(row.get("id")) for row in self.document["images"]}
        found: dict[object, list[dict[str, Any]]] = defaultdict(list)
        for one in self.document["annotations"]:
            key = _key(one.get("image_id"))
            if key in known:
                found[key].append(one)
            else:
                self._complain(NO_IMAGE, _NO_IMAGE, one.get("id"), one.get("image_id"), None)
        return found

    def images(self, boxed: bool) -> Iterator[Image]:
        """The images in the order of the file, each once."""
        seen: set[tuple[str, object]] = set()
        for row in self.document["images"]:
            name, key = row.get("file_name"), _key(row.get("id"))
            if not isinstance(name, str) or not _is_name(name):
                self._complain(SYNTAX, _NO_FILE, row.get("id"), name, None)
            elif ("id", key) in seen or ("name", name) in seen:
                self._complain(TWICE, _TWICE, row.get("id"), name, None)
            else:
                seen |= {("id", key), ("name", name)}
                yield self._image(row, name, boxed)

    def _image(self, row: dict[str, Any], file_name: str, boxed: bool) -> Image:
        path = self._path(file_name)
        below = path.relative_to(self.root) if path.is_relative_to(self.root) else path
        said = self._of_image.get(_key(row.get("id")), [])
        image = Image(
            path=path,
            name=printable(below.as_posix()),
            site=_text(row.get("location")),
            sequence=_text(row.get("seq_id")),
            taken=local_time(_text(row.get("datetime")) or _text(row.get("date_captured")) or ""),
            part=part_named(_text(row.get("split")) or "") or self.source.part,
        )
        if not boxed:
            return replace(image, label=self._label(said))
        return replace(image, annotations=self._annotations(row, image, said))

    def _path(self, file_name: str) -> Path:
        named = PurePosixPath(file_name.replace("\\", "/"))
        if self.inside and (named.is_absolute() or ".." in named.parts):
            raise DataError(
                "{file} names a photo outside the archive. Name only photos in it.", file=self.source.path
            )
        exact = self._base / file_name
        return self._base / named if "\\" in file_name and not os.path.isfile(exact) else exact  # noqa: PTH113

    def _label(self, said: Iterable[dict[str, Any]]) -> str | None:
        """The class of a whole image; none where it has several."""
        names = {self._names.get(_key(one.get("category_id"))) for one in said}
        return names.pop() if len(names) == 1 else None

    def _annotations(
        self, row: dict[str, Any], image: Image, said: Sequence[dict[str, Any]]
    ) -> tuple[Annotation, ...] | None:
        """The boxes of an image. A class without a box says that somebody looked at the image but drew
        nothing, unless the class is that of empty images; their boxes, where a file has such, hold nothing."""
        there = [one for one in said if not self._is_nothing(one)]
        boxes = [one for one in there if _box(one) is not None]
        if not boxes:
            return None if row.get("unlabelled") is True or there else ()
        frame = frame_of(finite(row.get("width")), finite(row.get("height")), image.path)
        if frame is None:
            return None
        found = [self._annotation(one, frame, image) for one in boxes]
        return tuple(one for one in found if one is not None)

    def _is_nothing(self, one: dict[str, Any]) -> bool:
        return self._names.get(_key(one.get("category_id")), "").lower() in _NOTHING

    def _annotation(self, one: dict[str, Any], frame: Frame, image: Image) -> Annotation | None:
        given = _box(one)
        values = given if isinstance(given, list) else []
        numbers = [number for value in values if (number := finite(value)) is not None]
        told = (one.get("id"), given, image.name)
        if one.get("bbox") is None:
            frame = replace(frame, width=1.0, height=1.0, slack=_RELATIVE_SLACK)
        if len(values) != 4 or len(numbers) != 4:
            self._complain(SYNTAX, _FOUR, *told)
            return None
        label = self._names.get(_key(one.get("category_id")))
        if label is None:
            self._complain(CLASS, _NO_CLASS, one.get("id"), one.get("category_id"), image.name)
            return None
        x, y, width, height = numbers
        if width <= 0 or height <= 0:
            self._complain(EMPTY, _NO_AREA, *told)
            return None
        if frame.is_left_by(x, y, x + width, y + height):
            self._complain(OUTSIDE, _OUTSIDE, *told)
        box = frame.box(x, y, width, height)
        return Annotation(label, box) if box else None

    def _complain(self, code: str, template: str, which: object, what: object, name: str | None) -> None:
        fields = {"file": self.source.path, "id": printable(str(which)), "text": printable(str(what))[:80]}
        problem = BoxProblem(name or self.source.path.name, 0, code, f"{fields['id']}: {fields['text']}")
        error = DataError(template, photo=name, **fields)
        if code == CLASS:
            self.complaints.tell_class(problem, error, str(fields["text"]))
        else:
            self.complaints.tell(problem, error)


_SAME_ID = noted(
    "{count} annotations in {file} have the id of another one. All were read; other programs keep one of each id."
)
_NO_IMAGE = noted("Annotation {id} in {file} is about the image {text}, which the file does not list.")
_NO_FILE = noted("The image {id} in {file} names no file: {text}.")
_TWICE = noted("{file} lists the image {id} ({text}) twice. List it once.")
_FOUR = noted("Annotation {id} in {file} is no box of four numbers x, y, width, height: {text}.")
_NO_CLASS = noted("Annotation {id} in {file} has the category {text}, which the file does not list.")
_NO_AREA = noted("Annotation {id} in {file} is a box without area: {text}. Delete it or draw it anew.")
_OUTSIDE = noted(
    "Annotation {id} in {file} is a box that leaves the photo {photo}: {text}. Boxes are x, y, width, height "
    "in pixels."
)


def _box(annotation: dict[str, Any]) -> object:
    """The box in pixels, else the one in shares that Camera Traps files may have instead."""
    box: object = annotation.get("bbox")
    return annotation.get("bbox_relative") if box is None else box


def _is_name(text: str) -> bool:
    """Whether a file can be called so; JSON can spell half a character."""
    try:
        return bool(text.strip()) and b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def _key(value: object) -> object:
    """A number or text as it identifies something; files mix 1, 1.0 and "1"."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, int | float | str) else None


def _text(value: object) -> str | None:
    """A field as text; camera traps are numbered by some and named by others."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return label_text(str(value)) or None


def _category_names(document: dict[str, Any], file: Path) -> dict[object, str]:
    """Names by id, in the order of the ids. Left out is what only stands above others (an export of
    Roboflow lists it first) and no annotation has."""
    rows = document["categories"]
    used = {_key(one.get("category_id")) for one in document["annotations"]}
    above = {_text(row.get("supercategory")) for row in rows if row.get("supercategory") != row.get("name")}
    names: dict[object, str] = {}
    for row in sorted(
        rows, key=lambda row: (not isinstance(row.get("id"), int), str(row.get("id")).zfill(12))
    ):
        key, name = _key(row.get("id")), _text(row.get("name"))
        if key is None or name is None or key in names:
            raise DataError(
                "A category in {file} has no name, or an id that another has: {text}.",
                file=file,
                text=printable(str(row))[:80],
            )
        if name not in above or key in used:
            names[key] = name
    return names


def _base_of(rows: Sequence[dict[str, Any]], file: Path, root: Path) -> Path:
    """The folder that file names are relative to: the one in which most of the first ones are."""
    folder, stem = file.parent, file.stem.removeprefix("instances_")
    candidates = (folder, folder / "images", folder.parent / stem, folder.parent, folder.parent / "images")
    names = [row["file_name"] for row in rows[:_SAMPLE] if isinstance(row.get("file_name"), str)]
    names = [name for name in names if _is_name(name)]

    def there(base: Path) -> int:
        return sum(os.path.isfile(base / name) for name in names)  # noqa: PTH113 - a name too long is no error

    allowed = [base for base in candidates if base == folder or base.is_relative_to(root)]
    return max(allowed, key=there)
