"""Detections to fixed objects for a person to look through, and to results without them."""

from __future__ import annotations

import hashlib
import re
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from taxolens.core.errors import DataError, UsageError
from taxolens.core.geometry import Box
from taxolens.core.progress import Progress, Silent
from taxolens.core.texts import Say, plain
from taxolens.data.recurring import Positions, recurring
from taxolens.formats.detections import open_detections
from taxolens.formats.megadetector import is_megadetector
from taxolens.formats.repeats import FOUND, Repeat, Reviewed, read_reviewed, write_repeats
from taxolens.formats.set_aside import SetAside, write_set_aside
from taxolens.formats.sightings import Sighting, check_megadetector, sightings
from taxolens.imaging.metadata import read_metadata
from taxolens.recipes.repeats import RepeatsRecipe, SetAsideRecipe
from taxolens.recipes.source import SiteBy
from taxolens.storage.atomic import told_as_output
from taxolens.workflows.repeats_page import write_pages

_CARD_FOLDER = re.compile(r"DCIM|\d{3}[A-Z0-9_]{5}", re.IGNORECASE)
"""What cameras make on a card (DCF 2.0, 3.2.1): a new one after 9,999 photos, of the same camera."""
_TIMES_READ = 24
_TABLES = (".csv", ".xlsx", ".parquet")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class RepeatsSummary:
    """What was found.

    Attributes:
        detections: that were looked at.
        objects: places where boxes come back.
        boxes: detections at these places.
        brief: places that were left out because their photos span too little time.
        undated: objects whose photos tell no time.
    """

    detections: int
    objects: int
    boxes: int
    brief: int
    undated: int


def repeats(recipe: RepeatsRecipe, *, progress: Progress | None = None, say: Say = plain) -> RepeatsSummary:
    """Finds boxes that come back and writes the folder to look through.

    Raises:
        UsageError: the folder holds something else, or there is no folder of photos.
        DataError: the file of detections cannot be read.
        OutputError: the folder cannot be written.
    """
    progress = progress or Silent()
    _check(recipe)
    cameras = _cameras(recipe, progress, say)
    search = _Search(recipe)
    places = [place for (site, _), camera in sorted(cameras.items()) for place in search.places(site, camera)]
    found = [place.numbered(number) for number, place in enumerate(places, start=1)]
    with told_as_output(recipe.out):
        recipe.out.mkdir(parents=True, exist_ok=True)
    write_repeats(found, recipe.out, results=recipe.results.name, sha256=_sha256(recipe.results))
    write_pages(found, recipe, progress=progress, say=say)
    return RepeatsSummary(
        detections=sum(len(camera) for camera in cameras.values()),
        objects=len(found),
        boxes=sum(len(positions) for one in found for positions in one.boxes.values()),
        brief=search.brief,
        undated=sum(isinstance(one.first, str) for one in found),
    )


@dataclass(frozen=True, slots=True)
class AsideSummary:
    """What became of the detections.

    Attributes:
        done: what was changed.
        reviewed: what the person decided.
    """

    done: SetAside
    reviewed: Reviewed


def set_aside(recipe: SetAsideRecipe) -> AsideSummary:
    """Writes the detections anew, those of objects that nobody kept with a negative confidence.

    Raises:
        UsageError: the output would replace what is read, or something else.
        DataError: the folder is of other detections, or a file cannot be read.
        OutputError: the file cannot be written.
    """
    check_megadetector(recipe.results)
    if recipe.out.resolve() == recipe.results.resolve():
        raise UsageError(
            "{out} is read, so results cannot be written there. Name another --out.", out=recipe.out
        )
    if recipe.out.exists() and not is_megadetector(recipe.out):
        raise UsageError("{out} is there already and is no result. Name another --out.", out=recipe.out)
    reviewed = read_reviewed(recipe.reviewed)
    if reviewed.sha256 != _sha256(recipe.results):
        raise DataError(
            "{folder} is about other detections than those in {results}, or they have changed since. "
            "Name the file that was looked through.",
            folder=recipe.reviewed,
            results=recipe.results,
        )
    usual = open_detections(recipe.results).threshold
    return AsideSummary(
        write_set_aside(recipe.results, recipe.out, reviewed.aside, threshold=usual), reviewed
    )


def _check(recipe: RepeatsRecipe) -> None:
    if recipe.results.suffix.lower() in _TABLES:
        raise UsageError(
            "{results} is a table. Write its boxes as detections: taxolens derive {results} --out detections.json",
            results=recipe.results,
        )
    check_megadetector(recipe.results)
    if recipe.photos is not None and not recipe.photos.is_dir():
        raise UsageError("There is no folder {photos}. Check the path.", photos=recipe.photos)
    out = recipe.out
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / FOUND).is_file()):
        raise UsageError("{out} holds something else. Name a new folder to write.", out=out)
    if (out / FOUND).is_file():
        raise UsageError(
            "{out} holds what was found before, and perhaps what somebody decided. Name a new folder, or remove it.",
            out=out,
        )


@dataclass(slots=True)
class _Camera:
    """The detections of one category at one camera, as columns."""

    files: list[str] = field(default_factory=list)
    numbers: array[int] = field(default_factory=lambda: array("l"))
    boxes: array[float] = field(default_factory=lambda: array("f"))
    labels: list[str] = field(default_factory=list)
    taken: list[datetime | None] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.files)

    def add(self, one: Sighting) -> None:
        self.files.append(one.file)
        self.numbers.append(one.number)
        self.boxes.extend((one.box.x, one.box.y, one.box.width, one.box.height))
        self.labels.append(one.label or one.category)
        self.taken.append(one.taken)


def _cameras(recipe: RepeatsRecipe, progress: Progress, say: Say) -> dict[tuple[str, str], _Camera]:
    """Detections by camera and category; only boxes of one category are compared, as MegaDetector's tools do."""
    cameras: dict[tuple[str, str], _Camera] = {}
    for one in progress.track(sightings(recipe.results), what=say("Reading detections")):
        if one.conf >= recipe.confidence and one.box.width * one.box.height <= recipe.largest:
            key = camera_of(one.file, recipe.site_by), one.category
            cameras.setdefault(key, _Camera()).add(one)
    return cameras


def camera_of(name: str, site_by: SiteBy) -> str:
    """The camera that took a photo: its folder; cards with numbered folders are one camera."""
    *folders, _ = name.split("/")
    if site_by is SiteBy.FOLDER:
        return folders[0] if folders else ""
    while folders and _CARD_FOLDER.fullmatch(folders[-1]):
        folders.pop()
    return "/".join(folders)


@dataclass(frozen=True, slots=True)
class _Place:
    """A group of detections that came back for long enough."""

    site: str
    first: datetime | str
    last: datetime | str
    box: Box
    label: str
    boxes: dict[str, list[int]]

    def numbered(self, number: int) -> Repeat:
        return Repeat(self.site, number, self.first, self.last, self.box, self.label, self.boxes)


class _Search:
    """Finds places at one camera after the other.

    Attributes:
        brief: how many places were left out because their photos span too little time: an animal that rests.
    """

    def __init__(self, recipe: RepeatsRecipe) -> None:
        self.brief = 0
        self._recipe = recipe
        self._least = timedelta(hours=recipe.hours)

    def places(self, site: str, camera: _Camera) -> Iterator[_Place]:
        """The places of a camera, the most frequent first."""
        boxes = np.frombuffer(camera.boxes, dtype=np.float32).reshape(-1, 4)
        for group in recurring(boxes, iou=self._recipe.iou):
            members: dict[str, list[int]] = {}
            for position in group:
                members.setdefault(camera.files[position], []).append(camera.numbers[position])
            if len(members) < self._recipe.times:
                continue
            times = self._times(camera, group, list(members))
            if times and max(times) - min(times) < self._least:
                self.brief += 1
                continue
            first, last = (min(times), max(times)) if times else (min(members), max(members))
            middle = Box(*(float(edge) for edge in np.median(boxes[group], axis=0)))
            label = Counter(camera.labels[position] for position in group).most_common(1)[0][0]
            yield _Place(site, first, last, middle, label, members)

    def _times(self, camera: _Camera, group: Positions, names: list[str]) -> list[datetime]:
        """Times as the detections tell them, else as some of the photos do, evenly among their names."""
        told = [taken for taken in (camera.taken[position] for position in group) if taken]
        if told or self._recipe.photos is None:
            return told
        names.sort()
        spread = np.linspace(0, len(names) - 1, min(_TIMES_READ, len(names))).round().astype(int)
        read = (read_metadata(self._recipe.photos / names[position]).taken for position in spread)
        return [taken.replace(tzinfo=None) for taken in read if taken]


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            digest.update(piece)
    return digest.hexdigest()
