"""Site and event of new photos, found while the table is written: the rows on the disk hold neither."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

from taxolens.core.records import Image
from taxolens.data.sequence import with_sequences
from taxolens.inference.answered import Place
from taxolens.inference.row import Row
from taxolens.inference.store import Store
from taxolens.recipes.source import SequenceBy, SiteBy

_NOWHERE = Path()


@dataclass(frozen=True, slots=True)
class Context:
    """How site and sequence of a photo are found.

    Attributes:
        site_by: "folder": the first folder below the searched one is the site.
        sequence_by: what makes photos of one folder an event.
        gap: seconds (exif) or steps of the number (filename) that still are one event.
    """

    site_by: SiteBy = SiteBy.NONE
    sequence_by: SequenceBy = SequenceBy.NONE
    gap: float = 60.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A row with its context."""

    row: Row
    taken: datetime | None
    site: str | None
    sequence: str | None


def placed(places: Iterable[Place], store: Store, context: Context) -> Iterator[Placed]:
    """Rows with site and sequence, in their order.

    Events are looked for within each folder, as a camera writes them; where they are asked for, each row is
    read twice and the names and times of one folder are held in memory.
    """
    if context.sequence_by is SequenceBy.NONE:
        for place in places:
            row = store.row(place)
            yield Placed(row, _taken(row), _site(row, context), None)
        return
    for _, folder in groupby(places, key=lambda place: _folder(store.row(place))):
        held = list(folder)
        for place, sequence in zip(held, _sequences(held, store, context), strict=True):
            row = store.row(place)
            yield Placed(row, _taken(row), _site(row, context), sequence)


def _sequences(places: list[Place], store: Store, context: Context) -> list[str | None]:
    images = with_sequences([_image(store.row(place)) for place in places], context.sequence_by, context.gap)
    return [image.sequence for image in images]


def _image(row: Row) -> Image:
    folder = _folder(row)
    return Image(_NOWHERE, row.stamp.name, groups=(folder,) if folder else (), taken=_taken(row))


def _folder(row: Row) -> str:
    return row.stamp.name.rpartition("/")[0]


def _taken(row: Row) -> datetime | None:
    return datetime.fromisoformat(row.taken) if row.taken else None


def _site(row: Row, context: Context) -> str | None:
    folder, slash, _ = row.stamp.name.partition("/")
    return folder if slash and context.site_by is SiteBy.FOLDER else None
