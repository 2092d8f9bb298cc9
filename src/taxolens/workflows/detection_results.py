"""What another program found in photos, matched with the photos of a data set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from taxolens.core.records import Image
from taxolens.data.dataset import Dataset
from taxolens.formats.coco import CocoFile, find_coco
from taxolens.formats.coco_found import (
    CocoNumbers,
    FoundBox,
    FoundPhoto,
    coco_numbers,
    is_coco_found,
    open_coco_found,
)
from taxolens.formats.detections import open_detections
from taxolens.formats.media import by_file
from taxolens.formats.result import Result
from taxolens.formats.source import label_text


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of detections, read.

    Attributes:
        photos: each once.
        detector: what drew the boxes; None where the file does not tell.
        lists_all: photos without boxes are listed too, so one that is not listed was not looked at.
    """

    photos: tuple[FoundPhoto, ...]
    detector: str | None
    lists_all: bool


def is_found_file(path: Path) -> bool:
    """Whether a file in place of a model is one of detections."""
    return path.suffix.lower() == ".json"


def read_found(path: Path, dataset: Dataset, data: Path) -> FoundFile:
    """Reads a file of MegaDetector, SpeciesNet or COCO.

    Args:
        dataset: says what the numbers of COCO results mean.
        data: as the user named it.

    Raises:
        DataError: the file cannot be read, or something in it cannot be meant.
    """
    if is_coco_found(path):
        found = open_coco_found(path)
        photos = found.photos(_numbers(dataset, data, found.numbered), dataset.classes)
        return FoundFile(photos, None, any(not photo.boxes for photo in photos))
    opened = open_detections(path, threshold=0.0, root=dataset.root)
    known = {label_text(name).casefold() for name in dataset.classes}
    photos = tuple(_photo(name, rows, known) for name, rows in by_file(opened.results()))
    return FoundFile(photos, opened.detector, lists_all=True)


def _numbers(dataset: Dataset, data: Path, asked: Sequence[str]) -> CocoNumbers:
    """What numbers of photos and classes mean: those of the annotations, unless all of them are names of photos."""
    names = _Names(dataset.images)
    if not asked or all(names.path(one) is not None for one in asked):
        return CocoNumbers()
    files = (CocoFile(data),) if data.suffix.lower() == ".json" else find_coco(dataset.root)
    return coco_numbers(files)


def _photo(name: str, rows: Iterable[Result], known: set[str]) -> FoundPhoto:
    listed = tuple(rows)
    failure = listed[0].prediction.failure
    boxes = tuple(box for row in listed for box in _boxes(row, known))
    return FoundPhoto(name, boxes, failure=failure.reason if failure else None)


def _boxes(row: Result, known: set[str]) -> Iterator[FoundBox]:
    """A box with the classifier's name for it, and how sure both were; with the detector's where only that one
    is known."""
    said = row.prediction
    if said.box is None:
        return
    edges = (said.box.x, said.box.y, said.box.width, said.box.height)
    sure = said.score if row.detector_score is None else row.detector_score
    category = label_text(row.category or "")
    label = label_text(said.top1)
    if label != category and (label.casefold() in known or category.casefold() not in known):
        yield FoundBox(label, edges, True, min(1.0, sure * said.ranking[0].score))
    else:
        yield FoundBox(category or label, edges, True, sure)


@dataclass(frozen=True, slots=True)
class Matching:
    """Photos of a data set with what was found in them.

    Attributes:
        found: photo of the data by number, to what was found.
        strangers: names in the file that are no photo of the data, or may be several.
        by_file_name: folders did not agree, so file names alone decided.
    """

    found: dict[int, FoundPhoto] = field(default_factory=dict)
    strangers: tuple[str, ...] = ()
    by_file_name: bool = False


def matching(images: Sequence[Image], photos: Sequence[FoundPhoto]) -> Matching:
    """Finds the photo that each name means.

    1. A name means the photo whose path ends with it, or whose name it ends with; not where several do.
    2. Where no name means any photo, file names alone decide, if none is there twice on either side.
    3. An ending such as .jpg may be missing, and of a number zeros in front.
    """
    names = _Names(images)
    found = _each_once((names.path(photo.name), photo) for photo in photos)
    if found:
        return Matching(found, _strangers(photos, found))
    alone = {PurePosixPath(photo.name).name for photo in photos}
    if len(alone) == len(photos):
        found = _each_once((names.file_name(photo.name), photo) for photo in photos)
    return Matching(found, _strangers(photos, found), by_file_name=bool(found))


def _each_once(pairs: Iterable[tuple[int | None, FoundPhoto]]) -> dict[int, FoundPhoto]:
    found: dict[int, FoundPhoto] = {}
    for number, photo in pairs:
        if number is not None:
            found.setdefault(number, photo)
    return found


def _strangers(photos: Sequence[FoundPhoto], found: dict[int, FoundPhoto]) -> tuple[str, ...]:
    used = {id(photo) for photo in found.values()}
    return tuple(photo.name for photo in photos if id(photo) not in used)


class _Names:
    """The photos by the end of their path."""

    def __init__(self, images: Sequence[Image]) -> None:
        self._paths = [PurePosixPath(image.path.as_posix()).parts for image in images]
        self._names = [PurePosixPath(image.name).parts for image in images]
        self._by_end: dict[str, list[int]] = defaultdict(list)
        for number, parts in enumerate(self._names):
            self._by_end[parts[-1]].append(number)
            stem = PurePosixPath(parts[-1]).stem
            bare = str(int(stem)) if stem.isascii() and stem.isdigit() else stem
            for other in {stem, bare} - {parts[-1]}:
                self._by_end[other].append(number)

    def path(self, name: str) -> int | None:
        parts = PurePosixPath(name).parts
        if not parts:
            return None
        fits = [
            number
            for number in self._by_end.get(parts[-1], ())
            if _ends(self._paths[number], parts) or _ends(parts, self._names[number])
        ]
        exact = [number for number in fits if self._names[number] == parts]
        return _only(exact) if exact else _only(fits)

    def file_name(self, name: str) -> int | None:
        return _only(self._by_end.get(PurePosixPath(name).name, ()))


def _ends(long: tuple[str, ...], short: tuple[str, ...]) -> bool:
    """Whether a path ends with another; the last part is known to agree but for an ending."""
    return len(short) <= len(long) and long[-len(short) : -1] == short[:-1]


def _only(numbers: Sequence[int]) -> int | None:
    return numbers[0] if len(numbers) == 1 else None
