"""YOLO labels: beside each photo a text with a line for each box, read and written.

`class x_centre y_centre width height`: the number of the class from 0, then shares of the upright photo's
width and height. An empty text says that nothing is there; a photo without a text was not looked at.
The text of `images/a/1.jpg` is `labels/a/1.txt`, else `1.txt` beside the photo.
Source: https://docs.ultralytics.com/datasets/detect/ (Ultralytics YOLO format).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

import yaml

from taxolens.core.errors import DataError
from taxolens.core.records import Annotation, Image, Part
from taxolens.core.texts import noted
from taxolens.formats.boxes import CLASS, EMPTY, OUTSIDE, SYNTAX, Complaints, box_within, finite, lies_outside
from taxolens.formats.parts import part_named, with_folder_parts
from taxolens.formats.sheets import class_list
from taxolens.formats.source import BoxProblem, Labelled, Layout, label_text, printable
from taxolens.formats.yolo_set import Place, read_yolo_set
from taxolens.storage.atomic import PART, told_as_output, written_whole
from taxolens.storage.photos import walk_photos

DATA_YAML = "data.yaml"
CLASSES = "classes.txt"

_OVER = (1e-4, 1e-4)  # labels have six digits, some tools write four
_MOST_BYTES = 16 << 20
_IMAGES, _LABELS = "images", "labels"
_UNDIVIDED = "# Not divided: val repeats train. To divide it: taxolens prepare\n"
_KEYS = {Part.TRAIN: "train", Part.VAL: "val", Part.TEST: "test"}


def read_yolo(file: Path, root: Path, *, inside: bool = False, lenient: bool = False) -> Labelled:
    """Reads the photos and boxes of a YOLO set.

    Args:
        file: `data.yaml`, or the list of classes.
        root: folder that names are relative to.
        inside: refuse photos outside `root`, for sets of unknown origin.
        lenient: collect what cannot be meant in `problems`, and read the rest.

    Raises:
        DataError: a line cannot be meant, or what names the classes cannot.
    """
    described = read_yolo_set(file)
    if inside:
        _check_inside(described.places, root, file)
    root, places = _comparable(root, described.places, file)
    reader = _Reader(root, described.classes, Complaints(lenient))
    images = tuple(reader.image(path, part) for path, part in _photos(places, root, inside))
    return Labelled(
        root,
        images if any(place.part for place in described.places) else with_folder_parts(images, (_IMAGES,)),
        layout=Layout.YOLO,
        file=file,
        classes=described.classes,
        boxed=True,
        unlabelled=sum(image.annotations is None for image in images),
        problems=reader.complaints.all(),
    )


def write_yolo(
    folder: Path, images: Iterable[Image], classes: Sequence[str], parts: Sequence[Part] = ()
) -> None:
    """Writes the labels of photos that lie in `folder/images`, `classes.txt` and `data.yaml`.

    Args:
        images: with annotations; those without (None) get no label file.
        classes: names of the boxes in the order of their numbers.
        parts: those that have a folder of their own, `images/train` and so on.

    Raises:
        DataError: a photo does not lie there, two would share a label file, a box has another class, or a class has a
            name that no list can hold.
        OutputError: a file cannot be written.
    """
    listed = class_list(classes, "YOLO")
    numbers = {name: number for number, name in enumerate(classes)}
    claimed: dict[Path, str] = {}
    for image in images:
        if image.annotations is None:
            continue
        label = _label_place(folder, image)
        if claimed.setdefault(label, image.name) != image.name:
            raise DataError(
                "{first} and {second} would share one label file. Rename one of them.",
                first=claimed[label],
                second=image.name,
            )
        _write_label(label, "".join(_line(one, numbers, image) for one in image.annotations))
    _write(folder / CLASSES, listed)
    _write(folder / DATA_YAML, _data_yaml(classes, parts))


def _data_yaml(classes: Sequence[str], parts: Sequence[Part]) -> str:
    """`path` is left out: folders are then relative to the file, wherever it is copied. Other programs do not read a
    set without `val`; where nothing is divided, it repeats `train`, which `read_yolo` takes for no division."""
    places = {_KEYS[part]: f"{_IMAGES}/{_KEYS[part]}" for part in Part if part in parts}
    undivided = {"train": _IMAGES, "val": _IMAGES}
    values = {**(places or undivided), "nc": len(classes), "names": dict(enumerate(classes))}
    return ("" if places else _UNDIVIDED) + yaml.safe_dump(values, allow_unicode=True, sort_keys=False)


def _write(file: Path, text: str) -> None:
    with written_whole(file) as target:
        target.write(text.encode("utf-8"))


def _write_label(label: Path, text: str) -> None:
    """Whole or not at all, but not synced: thousands of syncs take minutes, and `data.yaml`, which is
    written last, is."""
    with told_as_output(label):
        label.parent.mkdir(parents=True, exist_ok=True)
        part = label.with_name(f".{label.name}{PART}")
        part.write_text(text, encoding="ascii")
        part.replace(label)


def _label_place(folder: Path, image: Image) -> Path:
    images = folder / _IMAGES
    if not image.path.is_relative_to(images):
        raise DataError(
            "{photo} does not lie in {folder}, where photos with YOLO labels belong.",
            photo=image.path,
            folder=images,
        )
    return (folder / _LABELS / image.path.relative_to(images)).with_suffix(".txt")


def _line(annotation: Annotation, numbers: dict[str, int], image: Image) -> str:
    if annotation.label not in numbers:
        raise DataError(
            "A box in {photo} is called {label}, which is none of the classes. Name it among them.",
            photo=image.name,
            label=annotation.label,
        )
    box = annotation.box
    values = (box.x + box.width / 2, box.y + box.height / 2, box.width, box.height)
    return " ".join([str(numbers[annotation.label]), *(_digits(value) for value in values)]) + "\n"


def _digits(value: float) -> str:
    """Twelve significant digits: a box read from labels is written as it stood there."""
    text = f"{value:.12g}"
    return text if "e" not in text else f"{value:.15f}".rstrip("0")


def _comparable(root: Path, places: tuple[Place, ...], file: Path) -> tuple[Path, tuple[Place, ...]]:
    """The folder that holds all, and the places as paths below it: in full and without `..` where they are
    written in several ways; links stay."""
    paths = [root, *(place.path for place in places)]
    if any(".." in path.parts or path.is_absolute() != root.is_absolute() for path in paths):
        paths = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100 - resolve() would follow links
    try:
        common = Path(os.path.commonpath(paths))
        return common, tuple(replace(each, path=path) for each, path in zip(places, paths[1:], strict=True))
    except ValueError as error:  # several drives
        raise DataError(
            "{file} names folders on several drives. Put its photos on one drive.", file=file
        ) from error


def _check_inside(places: Iterable[Place], root: Path, file: Path) -> None:
    for place in places:
        if not place.path.resolve().is_relative_to(root.resolve()):
            raise DataError("{file} names a folder outside the archive. Name only folders in it.", file=file)


def _photos(places: Iterable[Place], root: Path, inside: bool) -> Iterator[tuple[Path, Part | None]]:
    """Each photo once, with its part; one that lies in several parts (a set whose `val` repeats `train`)
    has none."""
    parts: dict[Path, Part | None] = {}
    for place in places:
        for path in _listed(place.path, root, inside) if place.path.is_file() else walk_photos(place.path):
            parts[path] = place.part if parts.get(path, place.part) is place.part else None
    yield from parts.items()


def _listed(file: Path, root: Path, inside: bool) -> Iterator[Path]:
    """The photos that a text file lists, relative to it or to the set."""
    try:
        text = file.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise DataError("{file} cannot be read: {why}.", file=file, why=error.strerror or error) from error
    for line in text.splitlines():
        named = line.strip()
        if not named or "\0" in named:
            continue
        both = (file.parent / named, root / named)
        path = next((one for one in both if os.path.exists(one)), both[1])  # noqa: PTH110 - never raises
        if inside and not path.resolve().is_relative_to(root.resolve()):
            raise DataError("{file} names a photo outside the archive. Name only photos in it.", file=file)
        yield path


@dataclass(slots=True)
class _Reader:
    """Finds and reads the labels of photos; what lies in a folder is listed once."""

    root: Path
    classes: tuple[str, ...]
    complaints: Complaints
    _texts: dict[str, frozenset[str]] = field(default_factory=dict)

    def image(self, path: Path, part: Part | None) -> Image:
        """One photo with its boxes."""
        below = path.relative_to(self.root) if path.is_relative_to(self.root) else path
        name = printable(below.as_posix())
        text = self._text_of(path)
        return Image(
            path=path,
            name=name,
            groups=_groups(below),
            part=part,
            annotations=None if text is None else tuple(self._annotations(text, name)),
        )

    def _text_of(self, path: Path) -> Path | None:
        folder = str(path.parent)
        mirrored = self._mirrored(path.parent)
        for place in filter(None, (mirrored, folder)):
            if path.stem + ".txt" in self._names(place):
                return Path(place, path.stem + ".txt")
        return None

    def _mirrored(self, folder: Path) -> str | None:
        """The folder of labels for a folder of photos: the last `images` below the root made `labels`."""
        if not folder.is_relative_to(self.root):
            return None
        parts = list(folder.relative_to(self.root).parts)
        if _IMAGES not in parts:
            return None
        last = len(parts) - 1 - parts[::-1].index(_IMAGES)
        return str(self.root.joinpath(*parts[:last], _LABELS, *parts[last + 1 :]))

    def _names(self, folder: str) -> frozenset[str]:
        if folder not in self._texts:
            try:
                names = os.listdir(folder)  # noqa: PTH208 - a Path per file costs more than the rest
            except OSError:
                names = []
            self._texts[folder] = frozenset(name for name in names if name.endswith(".txt"))
        return self._texts[folder]

    def _annotations(self, text: Path, name: str) -> Iterator[Annotation]:
        for number, line in enumerate(_lines(text), start=1):
            if line.strip():
                annotation = self._annotation(line, _Line(text, name, number))
                if annotation is not None:
                    yield annotation

    def _annotation(self, line: str, place: _Line) -> Annotation | None:
        values = [finite(value) for value in line.split()]
        numbers = [value for value in values if value is not None]
        if len(values) != 5 or len(numbers) != 5 or not numbers[0].is_integer():
            self._complain(SYNTAX, _FIVE, line, place)
            return None
        which, x, y, width, height = numbers
        if not 0 <= which < len(self.classes):
            self._complain(CLASS, _NO_CLASS, line, place)
            return None
        if width <= 0 or height <= 0:
            self._complain(EMPTY, _NO_AREA, line, place)
            return None
        edges = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        if lies_outside(*edges, _OVER):
            self._complain(OUTSIDE, _OUTSIDE, line, place)
        box = box_within(*edges)
        return Annotation(self.classes[int(which)], box) if box else None

    def _complain(self, code: str, template: str, line: str, place: _Line) -> None:
        text = printable(line.strip())[:80]
        error = DataError(template, line=place.line, file=place.file, text=text, count=len(self.classes))
        problem = BoxProblem(place.name, place.line, code, text)
        if code == CLASS:
            self.complaints.tell_class(problem, error, text.split()[0])
        else:
            self.complaints.tell(problem, error)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a label file and the photo it is about."""

    file: Path
    name: str
    line: int


_FIVE = noted(
    "Line {line} of {file} is not a class and four numbers: {text}. Write the number of the class, then centre, "
    "width and height of the box, each from 0 to 1."
)
_NO_CLASS = noted(
    "Line {line} of {file} names a class that is not there: {text}. There are {count} classes, and the first "
    "has the number 0."
)
_NO_AREA = noted("Line {line} of {file} is a box without area: {text}. Delete the line or draw the box anew.")
_OUTSIDE = noted(
    "Line {line} of {file} is a box that leaves the photo: {text}. Its centre and size are shares of the photo's "
    "width and height, from 0 to 1."
)


def _lines(file: Path) -> list[str]:
    try:
        if file.stat().st_size <= _MOST_BYTES:
            return file.read_bytes().decode("utf-8-sig", "replace").splitlines()
        why = "too large"
    except OSError as error:
        why = error.strerror or str(error)
    raise DataError("The labels {file} cannot be read: {why}.", file=file, why=why)


def _groups(below: PurePath) -> tuple[str, ...]:
    """The folders above a photo, without those that only belong to the layout."""
    return tuple(
        label_text(part) for part in below.parent.parts if part not in (_IMAGES, "/") and not part_named(part)
    )
