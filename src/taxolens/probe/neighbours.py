"""Each photo named by the photos most like it: k nearest neighbours, leave one out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from taxolens.evaluation.metrics import confusion_matrix
from taxolens.probe.regression import Classes, Floats, Vectors
from taxolens.probe.share import share_right
from taxolens.probe.space import Embeddings, space_of

_ROWS_AT_ONCE = 512
_TEMPERATURE = 0.07
_OWN = -2.0  # below any cosine


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What the neighbours say.

    Attributes:
        accuracy: share of photos that their neighbours name correctly, 0..1.
        interval: its 95 % limits.
        ungrouped: the same share where photos of the same group count as neighbours too: copies and frames
            of one event make it look better than it is.
        per_class: float64 [c], share of each class that is named correctly; NaN where it has no photo.
        confusion: int64 [c, c], photos by their class (row) and what the neighbours say (column).
        predicted: int64 [n], what the neighbours say; -1 where there are none.
        nearest: int64 [n, k], the nearest rows of other groups, nearest first; -1 where there are fewer.
        own: float64 [n], share of the neighbours that are of the photo's own class.
    """

    accuracy: float
    interval: tuple[float, float]
    ungrouped: float
    per_class: Floats
    confusion: NDArray[np.int64]
    predicted: Classes
    nearest: NDArray[np.int64]
    own: Floats


def leave_one_out(
    vectors: Embeddings, truth: Classes, classes: int, *, k: int = 10, groups: Classes | None = None
) -> Neighbours:
    """Names each photo by its k nearest, of which the nearer ones count more.

    Nearness is the cosine of standardised embeddings, and a neighbour counts exp(cosine / 0.07), as in Wu et
    al. (2018, arXiv 1805.01978). On photos of dogs, leaves and a camera trap this named as many or more
    correctly than plain votes did, and standardised numbers no fewer than plain ones.

    Args:
        vectors: float32 [n, d].
        truth: int64 [n], 0..classes-1.
        groups: int64 [n]; photos of the same group do not count as neighbours.
    """
    rows = space_of(vectors).rows
    nearest, closeness = _nearest(rows, k, groups)
    predicted = _votes(nearest, closeness, truth, classes)
    right = predicted == truth
    plain = right if groups is None else _votes(*_nearest(rows, k, None), truth, classes) == truth
    named = predicted >= 0
    confusion = confusion_matrix(truth[named], predicted[named], classes)
    totals = np.bincount(truth, minlength=classes)
    share = share_right(right, groups)
    return Neighbours(
        accuracy=share.value,
        interval=share.interval,
        ungrouped=float(plain.mean()),
        per_class=np.where(totals > 0, confusion.diagonal() / np.maximum(totals, 1), np.nan),
        confusion=confusion,
        predicted=predicted,
        nearest=nearest,
        own=_own(nearest, truth),
    )


def _nearest(rows: Vectors, k: int, groups: Classes | None) -> tuple[NDArray[np.int64], Vectors]:
    """The nearest rows [n, k] and their cosines."""
    unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    n, k = len(unit), min(k, len(unit) - 1)
    number = np.arange(n) if groups is None else groups
    nearest, closeness = np.empty((n, k), np.int64), np.empty((n, k), np.float32)
    with threadpool_limits(1, user_api="blas"):
        for begin in range(0, n, _ROWS_AT_ONCE):
            block = slice(begin, begin + _ROWS_AT_ONCE)
            cosines = unit[block] @ unit.T
            cosines[number[block, None] == number[None, :]] = _OWN
            some = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
            values = np.take_along_axis(cosines, some, 1)
            order = np.argsort(-values, axis=1, kind="stable")
            nearest[block] = np.take_along_axis(some, order, 1)
            closeness[block] = np.take_along_axis(values, order, 1)
    nearest[closeness <= _OWN] = -1
    return nearest, closeness


def _votes(nearest: NDArray[np.int64], closeness: Vectors, truth: Classes, classes: int) -> Classes:
    """The class with most votes; -1 where there is no neighbour."""
    votes = np.zeros((len(nearest), classes))
    row, column = np.nonzero(nearest >= 0)
    weight = np.exp((closeness - closeness[:, :1]) / _TEMPERATURE)
    np.add.at(votes, (row, truth[nearest[row, column]]), weight[row, column])
    return np.where((nearest >= 0).any(axis=1), votes.argmax(axis=1), -1)


def _own(nearest: NDArray[np.int64], truth: Classes) -> Floats:
    there = nearest >= 0
    same = (truth[nearest] == truth[:, None]) & there
    return np.asarray(same.sum(axis=1) / np.maximum(there.sum(axis=1), 1))
