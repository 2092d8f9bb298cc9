"""Which photos are studied where all would be too many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LEAST_PER_CLASS = 20
_LEAST_TO_JUDGE = 2

MOST_CLASSES = 250
"""Classes that are studied together: 5,000 photos hold 20 of each, and a minute is enough for them."""


def stratified(
    truth: NDArray[np.int64], most: int, seed: int, *, classes: int = MOST_CLASSES
) -> NDArray[np.int64]:
    """At most `most` rows, each class in its proportion, but 20 of each where it has them and there is room.

    Of more than `classes` classes so many are drawn by lot, first among those with 20 rows.

    Args:
        truth: int64 [n], class of each row; negative: not to be drawn.

    Returns:
        int64, rows in ascending order; all rows with a class where neither they nor their classes are too many.
    """
    random = np.random.default_rng(seed)
    present, counts = np.unique(truth[truth >= 0], return_counts=True)
    chosen = _drawn(counts, max(1, min(classes, most // _LEAST_TO_JUDGE)), random)
    known = np.flatnonzero(np.isin(truth, present[chosen]))
    if len(known) <= most:
        return known
    parts = [
        random.choice(np.flatnonzero(truth == one), wanted, replace=False)
        for one, wanted in zip(present[chosen].tolist(), _wanted(counts[chosen], most).tolist(), strict=True)
    ]
    return np.sort(np.concatenate(parts))


def _drawn(counts: NDArray[np.int64], classes: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Places of the classes to be drawn from, ascending."""
    if len(counts) <= classes:
        return np.arange(len(counts))
    order = np.lexsort((random.permutation(len(counts)), -np.minimum(counts, _LEAST_PER_CLASS)))
    return np.sort(order[:classes])


def _wanted(counts: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Rows of each class: its share; what all have for sure is taken from the shares of the large ones."""
    sure = np.minimum(counts, min(_LEAST_PER_CLASS, most // len(counts)))
    more = np.maximum(np.round(counts * (most / counts.sum())).astype(np.int64) - sure, 0)
    room = most - int(sure.sum())
    wanted: NDArray[np.int64] = sure + (more if more.sum() <= room else more * room // more.sum())
    return wanted
