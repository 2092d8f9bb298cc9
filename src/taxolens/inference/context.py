"""Site and event of new photos, found while the table is written: the rows on the disk hold neither."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path

from taxolens.core.records import Image
from taxolens.data.sequence import with_sequences
from taxolens.inference.answered import Place
from taxolens.inference.clocks import Clocks
from taxolens.inference.row import Row
from taxolens.inference.shelf import Rows
from taxolens.recipes.source import SequenceBy, SiteBy

_NOWHERE = Path()


@dataclass(frozen=True, slots=True)
class Context:
    """How site and sequence of a photo are found.

    Attributes:
        site_by: "folder": the first folder below the searched one is the site.
        sequence_by: what makes photos of one folder an event.
        gap: seconds (exif) or steps of the number (filename) that still are one event.
        clocks: what is known of clocks that were wrong.
    """

    site_by: SiteBy = SiteBy.NONE
    sequence_by: SequenceBy = SequenceBy.NONE
    gap: float = 60.0
    clocks: Clocks = field(default_factory=Clocks)


@dataclass(frozen=True, slots=True)
class Placed:
    """A row with its context; `taken` is the true time, as far as clocks are known."""

    row: Row
    taken: datetime | None
    site: str | None
    sequence: str | None


def placed(places: Iterable[Place], rows: Rows, context: Context) -> Iterator[Placed]:
    """Rows with site and sequence, in their order.

    Events are looked for within each folder, as a camera writes them; where they are asked for, each row is
    read twice and the names and times of one folder are held in memory.
    """
    if context.sequence_by is SequenceBy.NONE:
        for place in places:
            row = rows.row(place)
            yield Placed(row, _taken(row, context), site_of(row, context), None)
        return
    for _, folder in groupby(places, key=lambda place: folder_of(rows.row(place))):
        held = list(folder)
        for place, sequence in zip(held, _sequences(held, rows, context), strict=True):
            row = rows.row(place)
            yield Placed(row, _taken(row, context), site_of(row, context), sequence)


def folder_of(row: Row) -> str:
    """The folder of a photo, relative to the searched one."""
    return row.stamp.name.rpartition("/")[0]


def site_of(row: Row, context: Context) -> str | None:
    """Where the camera stood."""
    folder, slash, _ = row.stamp.name.partition("/")
    return folder if slash and context.site_by is SiteBy.FOLDER else None


def _sequences(places: list[Place], rows: Rows, context: Context) -> list[str | None]:
    images = [_image(rows.row(place), context) for place in places]
    return [image.sequence for image in with_sequences(images, context.sequence_by, context.gap)]


def _image(row: Row, context: Context) -> Image:
    folder = folder_of(row)
    taken = _taken(row, context)
    return Image(
        _NOWHERE,
        row.stamp.name,
        groups=(folder,) if folder else (),
        taken=taken,
        camera=row.camera,
        utc_offset=row.utc_offset,
    )


def _taken(row: Row, context: Context) -> datetime | None:
    taken = datetime.fromisoformat(row.taken) if row.taken else None
    return context.clocks.corrected(taken, folder_of(row), row.camera)
