"""A Camtrap DP package as labelled photos: its media with what observations say of each.

Where observations have boxes, photos have boxes; else each photo has the one class of its observations. A class is what
Taxolens wrote as `label:` into the tags, else the scientific name, else the type (`human`, `vehicle`). A photo with the
type `blank` shows nothing; one that is `unclassified` or `unknown`, or has no observation of its own, was not looked at.
Source: https://camtrap-dp.tdwg.org/data/ (1.0)
"""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from taxolens.core.errors import DataError
from taxolens.core.geometry import Box
from taxolens.core.records import Annotation, Image
from taxolens.core.texts import noted
from taxolens.formats.boxes import box_within, finite
from taxolens.formats.moment import local_time
from taxolens.formats.source import Labelled, Layout, Note, label_text, printable

PACKAGE = "datapackage.json"

_MEDIA, _OBSERVATIONS, _DEPLOYMENTS = "media.csv", "observations.csv", "deployments.csv"
_UNSAID = frozenset({"unclassified", "unknown", ""})
_BLANK = "blank"
_BOX = ("bboxX", "bboxY", "bboxWidth", "bboxHeight")
_TAG = "label:"

_Row = Mapping[str, str]


def find_camtrap(folder: Path) -> bool:
    """Whether a folder holds a package."""
    return all((folder / name).is_file() for name in (PACKAGE, _MEDIA, _OBSERVATIONS))


def read_camtrap(folder: Path, *, photos: Path | None = None, inside: bool = False) -> Labelled:
    """Reads the photos of a package.

    Args:
        photos: folder that file paths are relative to; None: that of the package.
        inside: refuse photos outside that folder, for packages of unknown origin.

    Raises:
        DataError: a table cannot be read.
    """
    said: dict[str, list[_Row]] = defaultdict(list)
    events = 0
    for row in _rows(folder / _OBSERVATIONS):
        if row.get("mediaID"):
            said[row["mediaID"]].append(row)
        else:
            events += 1
    boxed = any(_box(row) is not None for rows in said.values() for row in rows)
    places = {
        row["deploymentID"]: row.get("locationName") or row["deploymentID"] for row in _deployments(folder)
    }
    reader = _Reader(photos or folder, inside, boxed, said, places)
    images = tuple(reader.image(row) for row in _rows(folder / _MEDIA) if row.get("filePath"))
    named = images if boxed else tuple(image for image in images if image.label is not None)
    labels = dict.fromkeys(one.label for image in images for one in image.annotations or ())
    return Labelled(
        photos or folder,
        named,
        ignored=len(images) - len(named),
        layout=Layout.CAMTRAP,
        file=folder / PACKAGE,
        classes=tuple(labels),
        boxed=boxed,
        unlabelled=sum(image.annotations is None for image in named) if boxed else 0,
        notes=(Note(_EVENTS, {"count": events}),) if events else (),
        nameless=() if named else images,
    )


@dataclass(slots=True)
class _Reader:
    """Turns rows of media into images."""

    root: Path
    inside: bool
    boxed: bool
    said: Mapping[str, Sequence[_Row]]
    places: Mapping[str, str]

    def image(self, row: _Row) -> Image:
        """One photo."""
        path = self._path(row["filePath"])
        below = path.relative_to(self.root) if path.is_relative_to(self.root) else path
        rows = self.said.get(row.get("mediaID", ""), ())
        events = {one.get("eventID", "") for one in rows} - {""}
        return Image(
            path=path,
            name=printable(below.as_posix()),
            label=None if self.boxed else _class_of(rows),
            site=label_text(self.places.get(row.get("deploymentID", ""), "")) or None,
            sequence=events.pop() if len(events) == 1 else None,
            taken=local_time(row.get("timestamp", "")),
            annotations=_annotations(rows) if self.boxed else None,
        )

    def _path(self, named: str) -> Path:
        ways = [self.root / named, self.root / unquote(named)]
        path = next((way for way in ways if os.path.isfile(way)), ways[0])  # noqa: PTH113 - a long name is no error
        outside = not Path(os.path.normpath(path)).is_relative_to(os.path.normpath(self.root))
        if "\0" in named or (self.inside and outside):
            raise DataError(
                "{file} names a photo outside the archive. Name only photos in it.", file=self.root / _MEDIA
            )
        return path


def _annotations(rows: Sequence[_Row]) -> tuple[Annotation, ...] | None:
    found = [Annotation(label, box) for row in rows if (box := _box(row)) and (label := _label(row))]
    if found:
        return tuple(found)
    return () if rows and all(row.get("observationType") == _BLANK for row in rows) else None


def _class_of(rows: Sequence[_Row]) -> str | None:
    """The one class of a photo; none where observations say several."""
    labels = {_BLANK if row.get("observationType") == _BLANK else _label(row) for row in rows}
    return labels.pop() if len(labels) == 1 else None


def _label(row: _Row) -> str | None:
    kind = row.get("observationType", "")
    if kind in _UNSAID:
        return None
    tags = (tag.strip() for tag in row.get("observationTags", "").split("|"))
    tagged = next((tag.removeprefix(_TAG) for tag in tags if tag.startswith(_TAG)), "")
    return label_text(tagged) or label_text(row.get("scientificName", "")) or kind


def _box(row: _Row) -> Box | None:
    numbers = [number for name in _BOX if (number := finite(row.get(name, ""))) is not None]
    if len(numbers) != len(_BOX):
        return None
    left, top, width, height = numbers
    return box_within(left, top, left + width, top + height)


def _deployments(folder: Path) -> Iterator[_Row]:
    table = folder / _DEPLOYMENTS
    if table.is_file():
        yield from (row for row in _rows(table) if row.get("deploymentID"))


def _rows(table: Path) -> Iterator[_Row]:
    """One row at a time; cells that a row lacks are empty."""
    try:
        with table.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            for row in csv.DictReader(file):
                yield {key: (value or "").strip() for key, value in row.items() if isinstance(key, str)}
    except (OSError, csv.Error) as error:
        raise DataError("{file} cannot be read: {why}.", file=table, why=error) from error


_EVENTS = noted("Observations of events, which belong to no single photo and are left out: {count}.")
