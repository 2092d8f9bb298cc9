"""Two detectors on the same photos: by how much they differ, and whether that could be luck.

Both are drawn together, so what makes a photo hard for both is no part of the doubt. Drawn are groups (a site, a
sequence) where they are known, else photos.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from taxolens.core.errors import UsageError
from taxolens.evaluation.detection.answers import BoxAnswers, ranked, usual_limit
from taxolens.evaluation.detection.coco import SIZES, coco_figures, mean_known
from taxolens.evaluation.detection.matching import NONE, matched, overlaps
from taxolens.evaluation.detection.resampling import Resampling
from taxolens.evaluation.paired import Outcomes, mcnemar_p
from taxolens.evaluation.result import Interval

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

_OVERLAP = 0.5
_DOUBT = 0.05


@dataclass(frozen=True, slots=True)
class SizeChange:
    """True boxes of one size by who found them at the working point.

    Attributes:
        name: "all", "small", "medium" or "large", by COCO's areas.
        outcomes: boxes; "rightly" means found.
    """

    name: str
    outcomes: Outcomes

    @property
    def lost(self) -> float:
        """The first's recall less the second's, -1..1; 0 where there is no such box."""
        found = self.outcomes
        return (found.only_first - found.only_second) / found.n if found.n else 0.0

    @property
    def p(self) -> float:
        """Chance of so many boxes lost, or more, were both equally good (exact, one-sided, each box by itself)."""
        found = self.outcomes
        differ = found.only_first + found.only_second
        return float(bdtr(found.only_second, differ, 0.5)) if differ else 1.0


@dataclass(frozen=True, slots=True)
class PairedBoxes:
    """The second detector against the first, on the same photos.

    Attributes:
        first: the first's mAP50, 0..1.
        second: the second's.
        difference: the second's less the first's, -1..1, with its 95 % interval.
        lost_at_most: one-sided 95 % upper bound of the first's less the second's.
        sizes: true boxes at the working points: all together, then small, medium and large.
        p: of the exact McNemar test of all boxes, which takes each as independent.
    """

    first: float
    second: float
    difference: Interval
    lost_at_most: float
    sizes: tuple[SizeChange, ...]

    @property
    def p(self) -> float:
        """Two-sided p-value of "both find equally many boxes"."""
        found = self.sizes[0].outcomes
        return mcnemar_p(found.only_first, found.only_second)


def compare_boxes(
    first: BoxAnswers, second: BoxAnswers, *, scores: tuple[float, float], seed: int = 0
) -> PairedBoxes:
    """Compares two detectors on the same photos.

    The draws of few photos cannot show all doubt: a loss that no true box shows is still possible at a rate of
    1 - 0.05 ** (1 / boxes), "3 in n", and the bounds are never closer.

    Args:
        first: one's boxes.
        second: the other's, on the same photos in the same order, with the same classes and true boxes.
        scores: from which each one's boxes count at its working point.

    Raises:
        UsageError: the answers are not about the same photos, or there is no true box.
    """
    if first.names != second.names or first.labels != second.labels or not len(first.truth):
        raise UsageError(
            "Only answers on the same photos can be compared. Judge both models on the same data."
        )
    limit = usual_limit(first.truth)
    sides = [_side(ranked(one, limit), seed) for one in (first, second)]
    entries = max(len(one.right) for one in sides)
    drawn = np.subtract(*(one.draws.means(one.right, entries=entries) for one in sides))
    drawn = drawn[np.isfinite(drawn)]
    least = 1 - _DOUBT ** (1 / len(first.truth))
    lost = sides[0].map50 - sides[1].map50
    low, middle, high = (float(one) for one in np.quantile(drawn, (_DOUBT / 2, 1 - _DOUBT, 1 - _DOUBT / 2)))
    return PairedBoxes(
        sides[0].map50,
        sides[1].map50,
        Interval(-lost, min(-high, -lost - least), max(-low, -lost + least)),
        max(middle, lost + least),
        _sizes(first, [one.found(score) for one, score in zip(sides, scores, strict=True)]),
    )


@dataclass(frozen=True, slots=True)
class _Side:
    """One detector's boxes, ranked and matched."""

    answers: BoxAnswers
    given: NDArray[np.int64]
    map50: float
    draws: Resampling

    @property
    def right(self) -> Flags:
        return np.asarray(self.given != NONE)

    def found(self, score: float) -> Flags:
        """Which true boxes are found from a score on, [t]."""
        hit = np.zeros(len(self.answers.truth), dtype=bool)
        hit[self.given[self.right & (self.answers.score >= score)]] = True
        return hit


def _side(answers: BoxAnswers, seed: int) -> _Side:
    pairs = overlaps(answers.truth, answers.found, _OVERLAP)
    own = pairs.at(answers.found.label[pairs.found] == answers.truth.label[pairs.truth])
    rivals = answers.found.label * max(answers.n, 1) + answers.found.image
    nothing = np.zeros((1, len(answers.truth)), dtype=bool)
    given = matched(own, rivals, np.array([_OVERLAP]), nothing)[0, 0].astype(np.int64)
    map50 = mean_known(coco_figures(answers, own).by_class[0, 0])
    return _Side(answers, given, map50, Resampling(answers, seed=seed))


def _sizes(answers: BoxAnswers, found: list[Flags]) -> tuple[SizeChange, ...]:
    area = answers.truth.area
    return tuple(
        SizeChange(name, _outcomes(*(one[(area >= low) & (area <= high)] for one in found)))
        for name, low, high in SIZES
    )


def _outcomes(first: Flags, second: Flags) -> Outcomes:
    return Outcomes(
        both=int((first & second).sum()),
        only_first=int((first & ~second).sum()),
        only_second=int((~first & second).sum()),
        neither=int((~first & ~second).sum()),
    )
