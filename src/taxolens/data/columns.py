"""What is known of photos, column by column: a million of them cost numbers, not objects."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from taxolens.core.records import Image, Part

UNKNOWN = -1
"""Number of what is not known of a photo."""

PARTS = (Part.TRAIN, Part.VAL, Part.TEST)
"""The parts of a split, in the order of their numbers."""


@dataclass(frozen=True, slots=True)
class Columns:
    """n photos.

    Attributes:
        names: paths relative to the source.
        hashes: sha256 of the files; None where no file was looked at.
        labels: the classes, sorted.
        label: int64 [n], number of each photo's class.
        site: int64 [n], number of the site, or `UNKNOWN`.
        sequence: int64 [n], number of the sequence, or `UNKNOWN`.
        day: int64 [n], day on which it was taken (1 is 1 January of the year 1), or `UNKNOWN`.
        part: int64 [n], what the source says: place in `PARTS`, or `UNKNOWN`.
        content: int64 [n], number of the file's bytes: identical files have the same.
        origin: int64 [n], number of the photo that a copy was made from, and of that photo itself; None where
            no photo is known to be a copy.
    """

    names: Sequence[str]
    hashes: Sequence[str] | None
    labels: tuple[str, ...]
    label: NDArray[np.int64]
    site: NDArray[np.int64]
    sequence: NDArray[np.int64]
    day: NDArray[np.int64]
    part: NDArray[np.int64]
    content: NDArray[np.int64]
    origin: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.label)

    def learners(self, rows: NDArray[np.int64]) -> Columns:
        """Some of the photos, as if the source said nothing of their part."""
        return Columns(
            [self.names[row] for row in rows.tolist()],
            None if self.hashes is None else [self.hashes[row] for row in rows.tolist()],
            self.labels,
            self.label[rows],
            self.site[rows],
            self.sequence[rows],
            self.day[rows],
            np.full(len(rows), UNKNOWN, np.int64),
            self.content[rows],
            None if self.origin is None else self.origin[rows],
        )

    def without_parts(self) -> Columns:
        """The same photos, as if the source said nothing of their part."""
        return replace(self, part=np.full(len(self), UNKNOWN, np.int64))

    def duplicates(self) -> tuple[tuple[int, ...], ...]:
        """Photos with identical bytes, in groups of two and more, in the order of the photos."""
        copies = np.bincount(self.content)[self.content] > 1 if len(self) else np.empty(0, np.bool_)
        return _alike(self.content, np.flatnonzero(copies))

    def made_of_one(self) -> tuple[tuple[int, ...], ...]:
        """Photos with the copies that were made from them, in groups of two and more."""
        if self.origin is None:
            return ()
        return _alike(self.origin, np.flatnonzero(np.bincount(self.origin)[self.origin] > 1))


def _alike(numbers: NDArray[np.int64], rows: NDArray[np.int64]) -> tuple[tuple[int, ...], ...]:
    """The rows that share a number."""
    groups: dict[int, list[int]] = {}
    for row, number in zip(rows.tolist(), numbers[rows].tolist(), strict=True):
        groups.setdefault(number, []).append(row)
    return tuple(map(tuple, groups.values()))


class Numbers:
    """Numbers for things in the order in which they come; what is empty has none."""

    def __init__(self) -> None:
        self._known: dict[Hashable, int] = {}

    def of(self, thing: Hashable) -> int:
        """The number of a thing, the next free one where it is new."""
        return self._known.setdefault(thing, len(self._known)) if thing else UNKNOWN

    @property
    def things(self) -> tuple[Hashable, ...]:
        """The things, in the order of their numbers."""
        return tuple(self._known)


def columns_of(images: Sequence[Image]) -> Columns:
    """The columns of images; one without a hash is identical only to itself, listed twice."""
    labels, codes = as_codes([image.label or "" for image in images])
    copies, origins = any(image.copy_of for image in images), Numbers()
    sites, sequences, contents = Numbers(), Numbers(), Numbers()
    return Columns(
        names=[image.name for image in images],
        hashes=[image.sha256 or "" for image in images],
        labels=labels,
        label=codes,
        site=_column((sites.of(image.site) for image in images), len(images)),
        sequence=_column((sequences.of(image.sequence) for image in images), len(images)),
        day=_column((image.taken.toordinal() if image.taken else UNKNOWN for image in images), len(images)),
        part=_column((PARTS.index(image.part) if image.part else UNKNOWN for image in images), len(images)),
        content=_column((contents.of(image.sha256 or str(image.path)) for image in images), len(images)),
        origin=_column((origins.of(image.copy_of or image.name) for image in images), len(images))
        if copies
        else None,
    )


def as_codes(names: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The different names, sorted, and the place of each name among them."""
    labels = tuple(sorted(set(names)))
    order = {name: code for code, name in enumerate(labels)}
    return labels, _column((order[name] for name in names), len(names))


def _column(values: Iterable[int], count: int) -> NDArray[np.int64]:
    return np.fromiter(values, np.int64, count)
