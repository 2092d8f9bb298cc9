"""The single detections of MegaDetector's batch output, each with the place where it stands in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from taxolens.core.errors import DataError
from taxolens.core.geometry import Box
from taxolens.formats.detected import Entry
from taxolens.formats.detections import Dialect, open_detections
from taxolens.formats.json_stream import BEGIN, members
from taxolens.formats.moment import local_time

IMAGES = "images"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One detection.

    Attributes:
        file: the photo or video.
        number: position among the detections of its file, from 0.
        category: what the detector calls it.
        conf: 0..1; below 0 where it was set aside before.
        label: what the classifier calls it, where it says so.
        taken: local time of its photo.
    """

    file: str
    number: int
    category: str
    conf: float
    box: Box
    label: str | None = None
    taken: datetime | None = None


def check_megadetector(path: Path) -> None:
    """Refuses files of detections that cannot be written back as they are.

    Raises:
        DataError: it cannot be read, or is another program's.
    """
    if open_detections(path).dialect is not Dialect.MEGADETECTOR:
        raise DataError(
            "{path} is no batch output of MegaDetector. Make one of it with: "
            "taxolens convert {path} --threshold 0 --out detections.json",
            path=path,
        )


def sightings(path: Path) -> Iterator[Sighting]:
    """All detections of a file that `check_megadetector` accepts, one photo held at a time.

    Raises:
        DataError: an entry cannot be meant.
    """
    source = open_detections(path)
    for key, values in members(path, (IMAGES,)):
        if key != IMAGES or values is BEGIN:
            continue
        entry = Entry.of(values, path, key="file")
        text = entry.values.get("datetime")
        taken = local_time(text) if isinstance(text, str) else None
        for number, one in enumerate(entry.objects("detections")):
            ranking = source.ranking(entry, one)
            yield Sighting(
                entry.name,
                number,
                source.category(entry, one.get("category")),
                entry.confidence(one.get("conf")),
                entry.box(one.get("bbox")),
                ranking[0].label if ranking else None,
                taken,
            )
