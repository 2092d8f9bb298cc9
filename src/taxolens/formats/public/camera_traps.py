"""Camera trap sets of LILA BC: COCO Camera Traps files with boxes, and photos in archives or one by one.

Source: https://lila.science/coco-camera-traps
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from taxolens.core.errors import DataError
from taxolens.core.records import Part
from taxolens.formats.archive import safe_place
from taxolens.formats.boxes import finite
from taxolens.formats.members import Member
from taxolens.formats.moment import local_time
from taxolens.formats.public.item import Content, Item, Opened, PixelBox, Wanted
from taxolens.formats.source import label_text
from taxolens.storage.photos import PHOTO_SUFFIXES

_MOST_BYTES = 1 << 30
# The parts of CCT-20 (Beery et al. 2018, section 3.1): cis: places known from training, trans: new ones
_PARTS = {"train": Part.TRAIN, "val": Part.VAL, "test": Part.TEST}
_PART = re.compile(r"(?:(?:cis|trans)_)?(train|val|test)_annotations\.json")
_NOTHING = frozenset({"empty", "blank", "nothing"})
_NOT_KEPT = frozenset({"human", "person", "people"})  # LILA keeps such photos to itself

ReadPhoto = Callable[[str], bytes]
"""Fetches a photo by its name in the set."""


@dataclass(frozen=True, slots=True)
class CameraTraps:
    """How a camera trap set is read.

    Attributes:
        fetch: fetches single photos, for sets that are published so; None: photos lie in the sources.
    """

    fetch: ReadPhoto | None = None

    def __call__(self, sources: Iterable[Opened], wanted: Wanted) -> Iterator[Content]:
        """The photos with boxes (and those that show nothing), with site, event and time.

        Args:
            wanted: classes; without any, all photos with boxes. With classes, photos that show one of them.

        Raises:
            DataError: no annotations, or no photos of them, are there, or a class is none of the set's.
        """
        opened = tuple(sources)
        items = _items(opened, wanted)
        if self.fetch is not None:
            fetch = self.fetch
            for item in items.values():
                if not item.boxes and not wanted.classes:
                    continue  # tens of thousands of empty photos, one by one, are had when they are asked for
                yield Content(item, lambda item=item: fetch(item.name.as_posix()))  # type: ignore[misc]
            return
        found = 0
        for member in _photos(opened):
            if (shown := _item_of(member, items)) is not None:
                found += 1
                yield Content(shown, member.read)
        if items and not found:
            raise DataError(
                "None of the photos that the annotations name is there, the first is {first}. Name the archive of "
                "the photos too.",
                first=next(iter(items)),
            )


def _photos(opened: Iterable[Opened]) -> Iterator[Member]:
    for source in opened:
        for member in source():
            if member.place.suffix.lower() in PHOTO_SUFFIXES:
                yield member


def _item_of(member: Member, items: dict[str, Item]) -> Item | None:
    """The item of a photo: archives put folders above the names that the annotations give."""
    parts = member.place.parts
    for first in range(len(parts)):
        item = items.get("/".join(parts[first:]))
        if item is not None:
            return item
    return None


def _items(opened: Iterable[Opened], wanted: Wanted) -> dict[str, Item]:
    documents: list[_Document] = []
    for source in opened:
        documents += list(_documents(source, found=bool(documents)))
    if not documents:
        raise DataError(
            "There are no annotations of camera traps (a JSON file with images, annotations and categories) here. "
            "Name the original files."
        )
    wanted.choose({name for one in documents for name in one.names.values()})
    return {item.name.as_posix(): item for one in documents for item in one.items(wanted)}


def _documents(source: Opened, *, found: bool) -> Iterator[_Document]:
    """The annotations of a source. Where some were found in an earlier one, an archive that begins with photos
    is not gone through: unpacking gigabytes for names takes minutes."""
    for member in source():
        if found and member.place.suffix.lower() in PHOTO_SUFFIXES:
            return
        document = _document(member)
        if document is not None:
            yield document


@dataclass(slots=True)
class _Document:
    """One file of annotations."""

    values: dict[str, Any]
    source: PurePosixPath
    part: Part | None
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = {
            str(row.get("id")): label_text(str(row.get("name")))
            for row in self.values["categories"]
            if isinstance(row, dict)
        }

    def items(self, wanted: Wanted) -> Iterator[Item]:
        said: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for one in self.values["annotations"]:
            if isinstance(one, dict):
                said[str(one.get("image_id"))].append(one)
        for row in self.values["images"]:
            name = row.get("file_name") if isinstance(row, dict) else None
            if isinstance(name, str) and name.strip("./\\ "):
                item = self._item(row, said.get(str(row.get("id")), []))
                if item is not None and _is_wanted(item, wanted):
                    yield item

    def _item(self, row: dict[str, Any], said: list[dict[str, Any]]) -> Item | None:
        shown = {self.names.get(str(one.get("category_id")), "") for one in said}
        there = [one for one in said if self._name(one).lower() not in _NOTHING]
        boxes = [box for one in there if (box := _box(one, self._name(one), row)) is not None]
        most = max([len(there), *(_animals(one) for one in (row, *said))])
        if not said or len(boxes) != most or {name.lower() for name in shown} & _NOT_KEPT:
            return None  # nobody drew boxes, or not around all that is there
        width, height = finite(row.get("width")), finite(row.get("height"))
        return Item(
            name=safe_place(row["file_name"], Path(self.source.name)),
            label=label_text(next(iter(shown))) if len(shown) == 1 else None,
            part=self.part,
            site=_text(row.get("location")),
            sequence=_text(row.get("seq_id")),
            taken=local_time(_text(row.get("datetime")) or _text(row.get("date_captured")) or ""),
            boxes=tuple(boxes),
            size=(width, height) if width and height else None,
        )

    def _name(self, annotation: dict[str, Any]) -> str:
        return self.names.get(str(annotation.get("category_id")), "")


def _is_wanted(item: Item, wanted: Wanted) -> bool:
    shown = {box.label for box in item.boxes or ()} or {item.label or ""}
    return any(wanted.takes(label) for label in shown)


def _box(annotation: dict[str, Any], label: str, row: dict[str, Any]) -> PixelBox | None:
    given, scale = annotation.get("bbox"), (1.0, 1.0)
    if given is None and annotation.get("bbox_relative") is not None:
        given = annotation["bbox_relative"]
        scale = (finite(row.get("width")) or 0.0, finite(row.get("height")) or 0.0)
    values = [finite(value) for value in given] if isinstance(given, list) else []
    numbers = [value for value in values if value is not None]
    if len(numbers) != 4 or len(values) != 4 or not label:
        return None
    x, y, width, height = (number * scale[place % 2] for place, number in enumerate(numbers))
    return PixelBox(label, x, y, width, height)


def _animals(row: dict[str, Any]) -> int:
    """How many animals there are, where a set says that not all of them have a box (Missouri: `n_boxes`)."""
    return int(finite(row.get("n_boxes")) or 0)


def _document(member: Member) -> _Document | None:
    if member.place.suffix.lower() != ".json" or member.size > _MOST_BYTES:
        return None
    try:
        values = json.loads(member.read())
    except (ValueError, RecursionError):
        return None
    tables = ("images", "annotations", "categories")
    if not isinstance(values, dict) or not all(isinstance(values.get(table), list) for table in tables):
        return None
    part = _PART.fullmatch(member.place.name)
    return _Document(values, member.place, _PARTS[part[1]] if part else None)


def _text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return label_text(str(value)) or None
