"""95 % intervals of average precision: photos, or groups of them, are drawn again and again.

Boxes are matched once. A draw only decides how often each photo counts, so a curve is drawn from weighted counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from taxolens.evaluation.bootstrap import Limits, middle, unit_draws
from taxolens.evaluation.detection.answers import BoxAnswers
from taxolens.evaluation.detection.coco import RECALLS
from taxolens.evaluation.metrics import precision_of

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PrecisionLimits:
    """Limits over the draws, at the first overlap asked for.

    Attributes:
        classes: of the AP of each class, [c] each.
        mean: of their mean.
        mean_of_all: of the mean over classes and all overlaps.
    """

    classes: Limits
    mean: Limits
    mean_of_all: Limits


class Resampling:
    """Draws of one set of photos.

    Args:
        answers: ranked.
    """

    def __init__(self, answers: BoxAnswers, *, seed: int) -> None:
        self._answers, self._seed = answers, seed
        self._classes = len(answers.labels)
        groups = answers.groups if answers.groups is not None else np.arange(answers.n)
        unit = np.unique(groups, return_inverse=True)[1]
        self._units = int(unit.max()) + 1
        self._truth, self._found = unit[answers.truth.image], unit[answers.found.image]
        order = np.lexsort((-answers.score, answers.found.label))
        edges = np.searchsorted(answers.found.label[order], np.arange(self._classes + 1))
        self._rows = [order[edges[one] : edges[one + 1]] for one in range(self._classes)]

    def average_precision(self, right: Flags) -> PrecisionLimits:
        """Limits of average precision.

        Args:
            right: bool [h, f]: which boxes are right at each of several overlaps.
        """
        drawn = self._drawn(right, max(right.shape[1], self._units))
        first = drawn[:, 0]
        return PrecisionLimits(middle(first), middle(_mean(first)), middle(_mean(drawn.mean(axis=1))))

    def means(self, right: Flags, *, entries: int) -> Floats:
        """Mean over the classes of average precision in each draw, [draws].

        Two resamplings of the same photos, seed and `entries` draw the same photos in the same order.

        Args:
            right: bool [f]: which boxes are right.
            entries: numbers that a draw costs, which decides how many draws there are.
        """
        return _mean(self._drawn(right[np.newaxis], max(entries, self._units))[:, 0])

    def _drawn(self, right: Flags, entries: int) -> Floats:
        """Average precision, [draws, h, c]."""
        tables = []
        for weights in self._draws(entries):
            ap = np.full((len(weights), len(right), self._classes), np.nan)
            for one in np.unique(self._answers.truth.label).tolist():
                ap[:, :, one] = self._ap(right, one, weights)
            tables.append(ap)
        return np.concatenate(tables)

    def shares(self, right: Flags, work: Flags) -> tuple[Limits, Limits]:
        """Limits of precision and recall at a working point; the last column is for all classes together.

        Args:
            right: bool [f].
            work: bool [f], boxes at the working point.
        """
        found = self._by_unit(self._found[work], self._answers.found.label[work])
        hits = self._by_unit(self._found[work & right], self._answers.found.label[work & right])
        truth = self._by_unit(self._truth, self._answers.truth.label)
        precision: list[Floats] = []
        recall: list[Floats] = []
        for weights in self._draws(found.size):
            right_drawn = weights @ hits
            for drawn, whole in ((precision, weights @ found), (recall, weights @ truth)):
                drawn.append(np.where(whole > 0, precision_of(right_drawn, whole), np.nan))
        return middle(np.concatenate(precision)), middle(np.concatenate(recall))

    def recall_of(self, chosen: Flags, hit: Flags) -> Limits:
        """Limits of the share of some true boxes that are found: both bool [t]."""
        all_of = np.bincount(self._truth[chosen], minlength=self._units).astype(np.float64)
        hits = np.bincount(self._truth[chosen & hit], minlength=self._units).astype(np.float64)
        drawn = [
            np.where(weights @ all_of > 0, precision_of(weights @ hits, weights @ all_of), np.nan)
            for weights in self._draws(self._units)
        ]
        return middle(np.concatenate(drawn))

    def _draws(self, entries: int) -> Iterator[Whole]:
        likely = np.full(self._units, 1 / self._units)
        return unit_draws(likely, self._units, max(entries, 1), seed=self._seed)

    def _by_unit(self, unit: Whole, label: Whole) -> Floats:
        """Counts [units, classes + 1]."""
        width = self._classes + 1
        counts = np.bincount(unit * width + label, minlength=self._units * width).reshape(-1, width)
        counts[:, -1] = counts.sum(axis=1)
        return counts.astype(np.float64)

    def _ap(self, right: Flags, one: int, weights: Whole) -> Floats:
        """Average precision of a class, [draws, h]; NaN where a draw has no true boxes of it.

        Precision rises at right boxes alone and recall grows at them alone, so only they are looked at.
        """
        rows = self._rows[one]
        own = self._answers.truth.label == one
        true = weights @ np.bincount(self._truth[own], minlength=self._units)
        times = weights[:, self._found[rows]]
        every = np.cumsum(times, axis=1, dtype=np.float64)
        ap = np.full((len(weights), len(right)), np.nan)
        for overlap, hit in enumerate(right[:, rows]):
            at = np.flatnonzero(hit)
            reached, so_far = np.cumsum(times[:, at], axis=1, dtype=np.float64), every[:, at]
            precision = np.divide(reached, so_far, out=np.zeros_like(reached), where=so_far > 0)
            filled = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
            ap[:, overlap] = np.where(true > 0, _read(reached, filled, true), np.nan)
        return ap


def _mean(ap: Floats) -> Floats:
    """Over the classes that a draw has: [draws, c] to [draws]."""
    known = np.isfinite(ap)
    count = known.sum(axis=1)
    total = np.where(known, ap, 0.0).sum(axis=1)
    return np.asarray(np.divide(total, count, out=np.full(len(ap), np.nan), where=count > 0))


def _read(reached: Floats, filled: Floats, true: Whole) -> Floats:
    """The mean of the precisions at the 101 recalls, for each draw."""
    mean = np.zeros(len(reached))
    for draw, support in enumerate(true.tolist()):
        where = reached[draw].searchsorted(_hits_for(support))
        mean[draw] = filled[draw, where[where < filled.shape[1]]].sum() / len(RECALLS)
    return mean


@lru_cache(maxsize=4096)
def _hits_for(support: int) -> Floats:
    """How many right boxes reach each of the 101 recalls; a hair less, so that 0.3 of 10 are 3."""
    return RECALLS * support * (1 - 1e-12)
