"""The figures that decide whether classes can be learnt, gathered class by class."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from taxolens.evaluation.limits import mean_limits
from taxolens.evaluation.metrics import confusion_matrix
from taxolens.probe.crossing import Crossed
from taxolens.probe.regression import Classes, Floats
from taxolens.probe.share import share_right

FEWEST = 10
"""Independent photos of a class below which nothing is said of it: 10 out of 10 may still be 72 %."""

_LEAST_SHARE, _LEAST_PHOTOS = 0.05, 2
_LEAST_SKILL = 0.05
_EASY, _EASY_CLASS = 0.95, 0.8
_FEASIBLE, _FEASIBLE_MEAN = 0.75, 0.6


class Verdict(StrEnum):
    """Whether classes can be learnt from photos like these.

    EASY: 95 % of all photos and 80 % of each class are named correctly. FEASIBLE: 75 % of all and 60 % of a
    class on average. HARD: less, but more than chance. NOT_YET: no more than chance, or too few photos of
    most classes to say.
    """

    EASY = "easy"
    FEASIBLE = "feasible"
    HARD = "hard"
    NOT_YET = "not_yet"


@dataclass(frozen=True, slots=True)
class Pair:
    """Photos of class `a` that will be taken for class `b`: their share, 0..1, of the photos of `a`."""

    a: int
    b: int
    share: float


@dataclass(frozen=True, slots=True)
class Prospects:
    """What cross-validation says of each class.

    Attributes:
        photos: int64 [c].
        units: int64 [c], groups (events, sites), or photos where each stands for itself.
        recall: float64 [c], share named correctly; NaN where it could not be judged.
        chance: what naming the largest class always would reach.
        mean: mean recall of the classes with enough units; NaN where there is none.
        guessing: what it would be by guessing, or by naming one class always.
        above_chance: whether its lower 95 % limit is above that, by a twentieth of the way to perfect.
    """

    photos: NDArray[np.int64]
    units: NDArray[np.int64]
    recall: Floats
    chance: float
    mean: float
    guessing: float
    above_chance: bool

    @property
    def few(self) -> NDArray[np.int64]:
        """Classes with too few units to say anything of them, the fewest first."""
        rare = np.flatnonzero((self.units < FEWEST) & (self.photos > 0))
        return rare[np.argsort(self.units[rare], kind="stable")]


def prospects(crossed: Crossed, truth: Classes, *, groups: Classes | None) -> Prospects:
    """Gathers the figures.

    Args:
        truth: int64 [n].
        groups: int64 [n], what belongs together; None: every photo stands for itself.
    """
    classes = crossed.probabilities.shape[1]
    number = np.arange(len(truth)) if groups is None else groups
    photos = np.bincount(truth, minlength=classes)
    units = np.array([len(np.unique(number[truth == one])) for one in range(classes)])
    shares = []
    for one in range(classes):
        rows = crossed.judged & (truth == one)
        shares.append(share_right(crossed.predicted[rows] == one, number[rows]))
    recall = np.array([share.value for share in shares])
    enough = np.flatnonzero(units >= FEWEST)
    limits = np.array([share.interval for share in shares])[enough].reshape(-1, 2)
    low = mean_limits(recall[enough], limits[:, 0], limits[:, 1])[0]
    guessing = 1 / max(len(enough), 1)
    return Prospects(
        photos=photos,
        units=units,
        recall=recall,
        chance=float(photos.max() / max(len(truth), 1)),
        mean=float(recall[enough].mean()) if len(enough) else float("nan"),
        guessing=guessing,
        above_chance=bool(len(enough) > 1 and low > guessing + _LEAST_SKILL * (1 - guessing)),
    )


def verdict_of(crossed: Crossed, seen: Prospects) -> Verdict:
    """In a word; classes with too few units do not count, but where they are more than half nothing is said."""
    enough = seen.units >= FEWEST
    if not seen.above_chance or enough.sum() < 2 or len(seen.few) > enough.sum():
        return Verdict.NOT_YET
    accuracy = crossed.accuracy.value
    if accuracy >= _EASY and float(seen.recall[enough].min()) >= _EASY_CLASS:
        return Verdict.EASY
    if accuracy >= _FEASIBLE and seen.mean >= _FEASIBLE_MEAN:
        return Verdict.FEASIBLE
    return Verdict.HARD


def confused_pairs(crossed: Crossed, truth: Classes) -> tuple[Pair, ...]:
    """Pairs of which at least 2 photos and 5 % of the first class are taken for the second."""
    known = crossed.judged
    classes = crossed.probabilities.shape[1]
    table = confusion_matrix(truth[known], crossed.predicted[known], classes)
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(share, 0.0)
    row, column = np.nonzero((share >= _LEAST_SHARE) & (table >= _LEAST_PHOTOS))
    pairs = [Pair(int(a), int(b), float(share[a, b])) for a, b in zip(row, column, strict=True)]
    return tuple(sorted(pairs, key=lambda pair: -pair.share))
