"""PlantVillage: folders `Plant___state`, in up to three versions (color, grayscale, segmented).

The authors' repository holds `raw/color/Apple___Black_rot/...` and so on; the copy at Mendeley Data holds the
colour version alone, without that folder, and a class of its own for photos without leaves.
Sources: https://github.com/spMohanty/PlantVillage-Dataset and https://data.mendeley.com/datasets/tywbtsjrjv/1
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from taxolens.core.errors import DataError
from taxolens.formats.members import Member
from taxolens.formats.public.item import Content, Item, Opened, Wanted
from taxolens.storage.photos import PHOTO_SUFFIXES

COLOUR = "color"
VARIANTS = (COLOUR, "grayscale", "segmented")

_BETWEEN = "___"


@dataclass(frozen=True, slots=True)
class _Place:
    """What the path of a photo says of it."""

    plant: str
    label: str
    variant: str


def read_plantvillage(sources: Iterable[Opened], wanted: Wanted) -> Iterator[Content]:
    """The photos of the wanted plants or classes, below a folder for each plant.

    A class is asked for by its name ("Apple___Black_rot") or its plant ("apple": all four).

    Raises:
        DataError: there are no such folders, not in the wanted version, or a class is none of them.
    """
    opened = tuple(sources)
    version = wanted.variant if wanted.variant in VARIANTS else COLOUR
    found = {place for source in opened for member in source() if (place := _place(member))}
    labels = {place.label: place.plant for place in found if place.variant == version}
    if not labels:
        raise DataError(
            "This is not PlantVillage: it holds no folders such as {example}. Name the original archive, or the "
            "folder that it was unpacked to.",
            example=f"{version}/Apple___Black_rot",
        )
    wanted.choose(labels, lambda label: (labels[label], labels[label].partition("_")[0]))
    for source in opened:
        for member in source():
            place = _place(member)
            if place and place.variant == version and wanted.takes(place.label):
                name = PurePosixPath(member.place.name)
                yield Content(Item(name, place.label, group=place.plant), member.read)


def _place(member: Member) -> _Place | None:
    parts = member.place.parts
    if len(parts) < 2 or _BETWEEN not in parts[-2] or member.place.suffix.lower() not in PHOTO_SUFFIXES:
        return None
    plant = parts[-2].partition(_BETWEEN)[0]
    variant = next((part for part in parts[:-2] if part in VARIANTS), COLOUR)
    return _Place(plant, parts[-2], variant)
