"""Sets in which each photo has a sheet of its own that says what is in it and where, in pixels, by name.

What Pascal VOC and LabelMe share: a photo without a sheet was not looked at, one whose sheet is empty shows
nothing. Classes are called by their names; a list of them gives their order, and names those without boxes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from taxolens.core.errors import DataError
from taxolens.core.printable import UNPRINTABLE
from taxolens.core.records import Annotation, Image
from taxolens.core.texts import noted
from taxolens.formats.beside import LAYOUT_FOLDERS, Pair, Pairing
from taxolens.formats.boxes import EMPTY, NO_IMAGE, OUTSIDE, SYNTAX, TWICE, Complaints
from taxolens.formats.frame import Frame, frame_of
from taxolens.formats.parts import part_named
from taxolens.formats.source import BoxProblem, Note, label_text, printable
from taxolens.storage.atomic import told_as_output

CLASS_LISTS = ("classes.txt", "labelmap.txt", "labels.txt")
"""Files that list the classes of such sets, in the order in which they are looked for."""

_NAMED = 10

Edges = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels from the photo's corner."""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that a sheet shows.

    Attributes:
        label: None where it has no name.
        edges: None where they cannot be meant.
        text: how it stands there.
    """

    label: str | None
    edges: Edges | None
    text: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file says of its photo.

    Attributes:
        names: what it calls the photo, with forward slashes; the likeliest first.
        size: width and height in pixels, where it tells them.
    """

    names: tuple[str, ...]
    size: tuple[float | None, float | None]
    things: tuple[Thing, ...]


@dataclass(slots=True)
class SheetReader:
    """Reads photos with their sheets.

    Args:
        root: folder that names are relative to.
        parse: reads a sheet.
        listed: the classes that a list names, in its order.
        complaints: hears what cannot be meant.
        inside: refuse photos outside `root`.
    """

    root: Path
    parse: Callable[[Path], Sheet]
    listed: Sequence[str]
    complaints: Complaints
    inside: bool = False
    _unlisted: Counter[str] = field(default_factory=Counter)

    def images(self, files: Iterable[Path]) -> Iterator[Image]:
        """The photos, each once."""
        pairing = Pairing(self.root, lambda file: self.parse(file).names, self.inside)
        for pair in pairing.pairs(files):
            yield self._image(pair)
        for file, other in pairing.doubled:
            self._tell(TWICE, _DOUBLED, file, 0, other.name)

    def classes(self) -> tuple[str, ...]:
        """The names of all boxes, once they are read: the listed ones, then the others by name."""
        return (*self.listed, *sorted(self._unlisted))

    def notes(self, file: Path | None) -> Iterator[Note]:
        """What should be told of the classes, once all is read.

        Args:
            file: the list of classes.
        """
        if file is None or not self._unlisted:
            return
        names = ", ".join(f"{name} ({count})" for name, count in self._unlisted.most_common(_NAMED))
        yield Note(_UNLISTED, {"file": file.name, "names": names})

    def _image(self, pair: Pair) -> Image:
        path = pair.photo
        below = path.relative_to(self.root) if path.is_relative_to(self.root) else path
        name = printable(below.as_posix())
        annotations = None
        if pair.file is not None:
            sheet = self.parse(pair.file)
            frame = frame_of(*sheet.size, path) if sheet.things else Frame(1, 1)
            if frame is not None:
                annotations = tuple(self._annotations(sheet, frame, pair.file))
            else:
                self._tell(NO_IMAGE, _NO_SIZE, pair.file, 0, name)
        return Image(path=path, name=name, groups=groups_above(below), annotations=annotations)

    def _annotations(self, sheet: Sheet, frame: Frame, file: Path) -> Iterator[Annotation]:
        for number, thing in enumerate(sheet.things, start=1):
            annotation = self._annotation(thing, number, frame, file)
            if annotation is not None:
                yield annotation

    def _annotation(self, thing: Thing, number: int, frame: Frame, file: Path) -> Annotation | None:
        label = label_text(thing.label or "")
        if not label:
            self._tell(SYNTAX, _NO_NAME, file, number, thing.text)
            return None
        if thing.edges is None:
            self._tell(SYNTAX, _NO_BOX, file, number, thing.text)
            return None
        left, top, right, bottom = thing.edges
        if right <= left or bottom <= top:
            self._tell(EMPTY, _NO_AREA, file, number, thing.text)
            return None
        if frame.is_left_by(*thing.edges):
            self._tell(OUTSIDE, _OUTSIDE, file, number, thing.text)
        box = frame.box(left, top, right - left, bottom - top)
        if box is None:
            return None
        if label not in self.listed:
            self._unlisted[label] += 1
        return Annotation(label, box)

    def _tell(self, code: str, template: str, file: Path, number: int, text: str) -> None:
        shown = printable(text)[:80]
        error = DataError(template, file=file, number=number, text=shown)
        name = file.relative_to(self.root) if file.is_relative_to(self.root) else file
        problem = BoxProblem(printable(name.as_posix()), 0, code, f"{number}: {shown}" if number else shown)
        self.complaints.tell(problem, error)


def listed_classes(folder: Path, names: Iterable[str]) -> tuple[Path | None, tuple[str, ...]]:
    """The first of some lists of classes that is there, and what it names: a class a line. What LabelMe keeps
    for itself (`__ignore__`, `_background_`), lines that begin with `#`, and what CVAT adds after a colon are left
    out.

    Raises:
        DataError: it cannot be read.
    """
    file = next((folder / name for name in names if (folder / name).is_file()), None)
    if file is None:
        return None, ()
    try:
        lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise DataError("{file} cannot be read: {why}.", file=file, why=error.strerror or error) from error
    if file.name == _CVAT:
        lines = [line.partition(":")[0] for line in lines if not line.startswith(("#", "background:"))]
    named = (label_text(line) for line in lines)
    kept = (name for name in named if name and name not in _NO_CLASSES)
    return file, tuple(dict.fromkeys(kept))


def class_list(classes: Iterable[str], title: str) -> str:
    """A list of classes, one a line.

    Args:
        title: of the format.

    Raises:
        DataError: a name has a line end, or another character that no text file holds.
    """
    names = tuple(classes)
    for name in names:
        if UNPRINTABLE.search(name) or name.splitlines() != [name]:
            raise DataError(
                "The class {name} has a character that {format} cannot hold. Rename it.",
                name=repr(name),
                format=title,
            )
    return "".join(f"{name}\n" for name in names)


def write_unsynced(file: Path, content: bytes) -> None:
    """Writes a file of a set that is not yet in its place; whoever moves it there syncs all of it at once, as
    thousands of syncs take minutes.

    Raises:
        OutputError: it cannot be written.
    """
    with told_as_output(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def groups_above(below: PurePath) -> tuple[str, ...]:
    """The folders above a photo, without those that only belong to the layout."""
    return tuple(
        label_text(part)
        for part in below.parent.parts
        if part.lower() not in LAYOUT_FOLDERS and part != "/" and part_named(part) is None
    )


_CVAT = "labelmap.txt"
_NO_CLASSES = ("__ignore__", "_background_")
_DOUBLED = noted("{file} and {text} are about the same photo. Keep one of them.")
_NO_SIZE = noted("{file} does not tell the size of its photo {text}, which cannot be read. Add the photo.")
_NO_NAME = noted("Object {number} in {file} has no name: {text}. Name its class.")
_NO_BOX = noted("Object {number} in {file} is no box of numbers: {text}. Draw it anew.")
_NO_AREA = noted("Object {number} in {file} is a box without area: {text}. Delete it or draw it anew.")
_OUTSIDE = noted("Object {number} in {file} is a box that leaves the photo: {text}. Boxes are in pixels.")
_UNLISTED = noted("Classes that {file} does not list, which come after the listed ones: {names}.")
