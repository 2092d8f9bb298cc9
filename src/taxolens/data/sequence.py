"""Sites and sequences that no column names: from folders, EXIF times, or numbers in file names."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import PurePosixPath
from types import MappingProxyType

from taxolens.core.records import Image
from taxolens.recipes.numbers import check_gap
from taxolens.recipes.source import SequenceBy, SiteBy

_LAST_NUMBER = re.compile(r"(.*?)(\d+)\D*\Z", re.DOTALL)

_EPOCH = datetime(1970, 1, 1)


def with_sites(images: Sequence[Image], by: SiteBy) -> tuple[Image, ...]:
    """Gives images without a site the one that `by` finds: the outermost folder above the class folder."""
    if by is SiteBy.NONE:
        return tuple(images)
    return tuple(
        replace(image, site=image.groups[0]) if image.site is None and image.groups else image
        for image in images
    )


def with_sequences(images: Sequence[Image], by: SequenceBy, gap: float) -> tuple[Image, ...]:
    """Gives images without a sequence the one that `by` finds. A sequence is called after its first photo,
    or after its folder.

    Photos of one event may lie in several class folders, so class folders are looked at together where
    the folders above them (and the site) are the same:

    - exif: photos of one camera, in the order of their times; a pause of more than `gap` seconds begins a
      new sequence. Photos without a time stay alone. Where all photos of a camera tell their time zone, a
      change of zone (or to summer time) is no pause.
    - filename: photos whose names are equal up to the last number, in the order of that number; a step of
      more than `gap` begins a new sequence.
    - folder: the folder above the class folder.

    Raises:
        UsageError: the gap is negative or no number.
    """
    check_gap(gap)
    if by is SequenceBy.NONE:
        return tuple(images)
    found = _FINDERS[by](images, gap)
    return tuple(
        replace(image, sequence=found[index]) if image.sequence is None and index in found else image
        for index, image in enumerate(images)
    )


def _by_folder(images: Sequence[Image], gap: float) -> dict[int, str]:
    del gap
    return {index: "/".join(image.groups) for index, image in enumerate(images) if image.groups}


def _by_time(images: Sequence[Image], gap: float) -> dict[int, str]:
    cameras: dict[Hashable, list[tuple[float, int]]] = defaultdict(list)
    for index, image in enumerate(images):
        if image.taken is not None:
            seconds = (image.taken.replace(tzinfo=None) - _EPOCH).total_seconds()
            cameras[image.site, image.groups, image.camera].append((seconds, index))
    return _runs(images, {camera: _in_one_zone(images, own) for camera, own in cameras.items()}, gap)


def _in_one_zone(images: Sequence[Image], places: list[tuple[float, int]]) -> list[tuple[float, int]]:
    """Seconds of UTC where every photo tells its offset, else of local time: only one kind can be compared."""
    offsets = [images[index].utc_offset for _, index in places]
    if None in offsets:
        return places
    return [
        (seconds - 60 * (offset or 0), index)
        for (seconds, index), offset in zip(places, offsets, strict=True)
    ]


def _by_number(images: Sequence[Image], gap: float) -> dict[int, str]:
    series: dict[Hashable, list[tuple[float, int]]] = defaultdict(list)
    for index, image in enumerate(images):
        found = _LAST_NUMBER.match(PurePosixPath(image.name).stem)
        if found:
            prefix = unicodedata.normalize("NFC", found[1])
            series[image.site, image.groups, prefix].append((int(found[2]), index))
    return _runs(images, series, gap)


def _runs(
    images: Sequence[Image], series: dict[Hashable, list[tuple[float, int]]], gap: float
) -> dict[int, str]:
    """Cuts each series where its positions are more than `gap` apart."""
    found: dict[int, str] = {}
    for places in series.values():
        ordered = sorted(places, key=lambda place: (place[0], images[place[1]].name))
        before, name = None, ""
        for position, index in ordered:
            if before is None or position - before > gap:
                name = images[index].name
            found[index] = name
            before = position
    return found


_FINDERS: Mapping[SequenceBy, Callable[[Sequence[Image], float], dict[int, str]]] = MappingProxyType(
    {SequenceBy.FOLDER: _by_folder, SequenceBy.EXIF: _by_time, SequenceBy.FILENAME: _by_number}
)
