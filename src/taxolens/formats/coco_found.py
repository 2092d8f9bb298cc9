"""Boxes that a detector found, in the two shapes that COCO knows (https://cocodataset.org/#format-results).

- a list of `image_id`, `category_id`, `bbox`, `score`, whose numbers are those of the annotations that were to be
  found; some programs write the photo's name in place of its number, or a `file_name` beside it, which then counts;
- a whole COCO document whose annotations have a `score`, as `taxolens identify` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from taxolens.core.errors import DataError
from taxolens.formats.boxes import finite
from taxolens.formats.coco import CocoFile
from taxolens.formats.json_stream import BEGIN, members
from taxolens.formats.source import label_text

_MOST_BYTES = 2 << 30
_LISTS = ("images", "annotations")


@dataclass(frozen=True, slots=True)
class FoundBox:
    """A box as a file gives it.

    Attributes:
        edges: left, top, width, height: pixels, or shares of the photo.
        relative: they are shares.
        score: 0..1.
    """

    label: str
    edges: tuple[float, float, float, float]
    relative: bool
    score: float


@dataclass(frozen=True, slots=True)
class FoundPhoto:
    """A photo as a file of detections names it.

    Attributes:
        size: width and height that boxes in pixels are measured in; None: those of the upright photo.
        failure: why the detector could not read it.
    """

    name: str
    boxes: tuple[FoundBox, ...]
    size: tuple[float, float] | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class CocoNumbers:
    """What numbers mean: file names of photos, names of classes."""

    images: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    categories: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def is_coco_found(path: Path) -> bool:
    """Whether a JSON file is a list of COCO results, or a COCO document.

    Raises:
        DataError: it cannot be read, or is no JSON.
    """
    seen: set[str] = set()
    for key, value in members(path, ("", *_LISTS, "predictions")):
        if key == "" and value is not BEGIN:
            return isinstance(value, dict) and "image_id" in value
        if key == "annotations":
            return True
        if key == "predictions":
            return False
        seen.add(key)
    return seen == {""}


def coco_numbers(files: Iterable[CocoFile]) -> CocoNumbers:
    """What the numbers of annotation files mean.

    Raises:
        DataError: a file cannot be read, or two files mean different things by a number.
    """
    images: dict[str, str] = {}
    categories: dict[str, str] = {}
    for file in files:
        document = _read(file.path)
        for row in _rows(file.path, document, "images"):
            _learn(images, row.get("id"), row.get("file_name"), file.path)
        for row in _rows(file.path, document, "categories"):
            _learn(categories, row.get("id"), row.get("name"), file.path)
    return CocoNumbers(images, categories)


def numbered_from(categories: Iterable[str], classes: Sequence[str]) -> int | None:
    """Whether classes are numbered from 0 or from 1 where only their order is known; None: both are possible.

    Raises:
        DataError: there are more numbers than classes.
    """
    numbers = {int(key) for key in categories if key.isascii() and key.isdigit()}
    if numbers and max(numbers) > len(classes) - (0 in numbers):
        raise DataError(
            "The results number classes up to {number}, and the data know {count} classes. Name the COCO "
            "annotations that the numbers are from as DATA.",
            number=max(numbers),
            count=len(classes),
        )
    if 0 in numbers:
        return 0
    return 1 if len(classes) in numbers else None


@dataclass(frozen=True, slots=True)
class CocoFound:
    """A file of found boxes."""

    path: Path
    document: Any

    @property
    def numbered(self) -> tuple[str, ...]:
        """What a list of results calls its photos, each once; empty for a document, which names them itself."""
        if not isinstance(self.document, list):
            return ()
        rows = [row for row in self.document if isinstance(row, dict) and not row.get("file_name")]
        return tuple(dict.fromkeys(key for row in rows if (key := _key(row.get("image_id"))) is not None))

    def photos(self, numbers: CocoNumbers, classes: Sequence[str]) -> tuple[FoundPhoto, ...]:
        """Photo by photo in the order of the file.

        Args:
            numbers: of the annotations, for a list of results.
            classes: in their order, for a list where `numbers` knows no categories.

        Raises:
            DataError: something in the file cannot be meant.
        """
        if isinstance(self.document, list):
            known = numbers if numbers.categories else replace(numbers, categories=self._ordered(classes))
            return _photos(self.path, self.document, known, {})
        images = {_key(row.get("id")) or "": row for row in _rows(self.path, self.document, "images")}
        categories = _rows(self.path, self.document, "categories")
        own = CocoNumbers(
            {key: str(row.get("file_name")) for key, row in images.items()},
            {_key(row.get("id")) or "": str(row.get("name")) for row in categories},
        )
        return _photos(self.path, _rows(self.path, self.document, "annotations"), own, images)

    def _ordered(self, classes: Sequence[str]) -> dict[str, str]:
        named = {_key(row.get("category_id")) or "" for row in self.document if isinstance(row, dict)}
        first = numbered_from(named, classes)
        return {str(number): name for number, name in enumerate(classes, 1 if first is None else first)}


def open_coco_found(path: Path) -> CocoFound:
    """Reads a file of found boxes.

    Raises:
        DataError: it cannot be read.
    """
    return CocoFound(path, _read(path))


def _rows(path: Path, document: Any, name: str) -> list[dict[str, Any]]:
    rows = document.get(name) if isinstance(document, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DataError("{file} is no COCO file. What it lacks: {lacking}.", file=path, lacking=name)
    return rows


def _photos(
    path: Path, annotations: list[Any], numbers: CocoNumbers, listed: Mapping[str, Mapping[str, Any]]
) -> tuple[FoundPhoto, ...]:
    boxes: dict[str, list[FoundBox]] = {key: [] for key in listed}
    for row in annotations:
        if not isinstance(row, dict):
            raise _fault(path, row)
        named = row.get("file_name")
        key = named if isinstance(named, str) and named else _key(row.get("image_id"))
        if key is None:
            raise _fault(path, row)
        found = _box(path, row, numbers.categories)
        boxes.setdefault(key, [])
        if found is not None:
            boxes[key].append(found)
    return tuple(
        FoundPhoto(numbers.images.get(key, key), tuple(found), *_about(listed.get(key, {})))
        for key, found in boxes.items()
    )


def _about(row: Mapping[str, Any]) -> tuple[tuple[float, float] | None, str | None]:
    width, height = finite(row.get("width")), finite(row.get("height"))
    failure = row.get("failure")
    size = (width, height) if width and height and width > 0 and height > 0 else None
    return size, str(failure) if failure is not None else None


def _box(path: Path, row: dict[str, Any], categories: Mapping[str, str]) -> FoundBox | None:
    """A box; None for an annotation of a whole photo."""
    relative = row.get("bbox") is None
    given = row.get("bbox_relative") if relative else row.get("bbox")
    if given is None:
        return None
    edges = [finite(one) for one in given] if isinstance(given, list) else []
    score = finite(row.get("score"))
    if len(edges) != 4 or None in edges or score is None or not 0 <= score <= 1:
        raise _fault(path, row)
    label = categories.get(_key(row.get("category_id")) or "")
    if label is None:
        raise DataError(
            "{file} has boxes of the category {number}, which nothing names. The data know {known}.",
            file=path,
            number=row.get("category_id"),
            known=", ".join(f"{key} {name}" for key, name in list(categories.items())[:10]) or "–",
        )
    left, top, width, height = (float(one or 0.0) for one in edges)
    return FoundBox(label_text(label), (left, top, width, height), relative, score)


def _fault(path: Path, row: object) -> DataError:
    return DataError(
        "{file} lists something that is no found box with image_id, category_id, bbox and score (0..1): {text}.",
        file=path,
        text=repr(row)[:120],
    )


def _learn(table: dict[str, str], number: object, name: object, file: Path) -> None:
    key = _key(number)
    if key is None or not isinstance(name, str):
        return
    if table.setdefault(key, name) != name:
        raise DataError(
            "The results speak of photos and classes by number, and {file} numbers them differently than the "
            "annotations beside it. Name one of these files as DATA.",
            file=file,
        )


def _key(value: object) -> str | None:
    """A number or text as it identifies something; files mix 1, 1.0 and "1"."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _read(path: Path) -> Any:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError
        return json.loads(path.read_bytes())
    except OSError as error:
        raise DataError("{file} cannot be read: {why}.", file=path, why=error.strerror or error) from error
    except (ValueError, RecursionError) as error:
        raise DataError("{file} is no JSON, or damaged. Get it again.", file=path) from error
