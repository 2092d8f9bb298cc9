"""Classes made equally large: how many copies of which photos fill up the small ones.

A class of m photos that lacks k gets k // m copies of each of them and one more of k % m that chance picks,
so that no photo counts for much more than another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import DataError
from taxolens.recipes.prepare import BalanceTo


@dataclass(frozen=True, slots=True)
class Photos:
    """Photos of the training part.

    Attributes:
        label: int64 [n], number of each photo's class.
        rank: uint64 [n], random number of each photo.
        doubtful: bool [n], an identical file has another label: not to be multiplied while others are there.
    """

    label: NDArray[np.int64]
    rank: NDArray[np.uint64]
    doubtful: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Balanced:
    """What is to be done.

    Attributes:
        target: photos that every class is to have.
        copies: int64 [n], how many copies are made of each photo.
        kept: bool [n], false for photos of classes that are cut.
    """

    target: int
    copies: NDArray[np.int64]
    kept: NDArray[np.bool_]


def balance(photos: Photos, to: BalanceTo | int, *, cut: bool) -> Balanced:
    """Fills small classes up to a number of photos; larger ones are kept whole, or cut to it.

    Raises:
        DataError: a number that no class falls short of, without `cut`.
    """
    copies = np.zeros(len(photos.label), np.int64)
    kept = np.ones(len(photos.label), np.bool_)
    counts = np.bincount(photos.label) if len(photos.label) else np.zeros(1, np.int64)
    target = _target(counts[counts > 0], to)
    if to is BalanceTo.NONE:
        return Balanced(target, copies, kept)
    _check(target, counts[counts > 0], cut)
    order = np.lexsort((photos.rank, photos.doubtful, photos.label))
    starts = np.searchsorted(photos.label[order], np.arange(len(counts) + 1))
    for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        rows = order[start:end]
        if len(rows) > target:
            kept[rows[target:]] = not cut
        elif len(rows):
            copies[_sources(photos, rows)] = _dealt(len(_sources(photos, rows)), target - len(rows))
    return Balanced(target, copies, kept)


def _target(counts: NDArray[np.int64], to: BalanceTo | int) -> int:
    if isinstance(to, int):
        return to
    if not len(counts) or to is BalanceTo.NONE:
        return 0
    return int(counts.max()) if to is BalanceTo.MAX else int(np.median(counts))


def _check(target: int, counts: NDArray[np.int64], cut: bool) -> None:
    if len(counts) and not cut and target < counts.min():
        raise DataError(
            "Every class has {count} training photos or more, so nothing fills up to {target}. Balance to a "
            "larger number, or add --cut.",
            count=int(counts.min()),
            target=target,
        )


def _sources(photos: Photos, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    sure = rows[~photos.doubtful[rows]]
    return sure if len(sure) else rows


def _dealt(sources: int, lacking: int) -> NDArray[np.int64]:
    each, rest = divmod(lacking, sources)
    return each + (np.arange(sources) < rest).astype(np.int64)
