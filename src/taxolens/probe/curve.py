"""What more photos would bring: a model taught on few, more and all photos, and the line carried on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import curve_fit
from threadpoolctl import threadpool_limits

from taxolens.probe.regression import Classes, Floats, Problem, Vectors
from taxolens.probe.rehearsal import folds_of
from taxolens.probe.space import Embeddings, space_of

_SHARES = (0.05, 0.1, 0.2, 0.4, 0.7, 1.0)
_REPEATS = 5
_FEWEST_POINTS = 3
_USUAL_STRENGTH = 1e-3
_SLOPES = (0.05, 1.5)


@dataclass(frozen=True, slots=True)
class Curve:
    """Accuracy by how many photos were learnt from.

    Attributes:
        per_class: photos of a class learnt from, the mean over the classes, rising.
        accuracy: float64 [p], share of unseen photos named correctly, the mean of the repeats.
        low: float64 [p], the worst repeat.
        high: float64 [p], the best.
        floor: error that no number of photos would mend, by the fitted line: error = floor + a * photos^-b;
            1 where nothing could be fitted.
        expected: accuracy with twice the photos of today by that line; NaN where none could be fitted.
        slope: b.
    """

    per_class: tuple[int, ...]
    accuracy: Floats
    low: Floats
    high: Floats
    floor: float
    expected: float
    slope: float

    def needed(self, accuracy: float) -> float:
        """Photos per class that would reach an accuracy by the fitted line; infinity where none would."""
        if not len(self.accuracy) or not np.isfinite(self.expected):
            return float("inf")
        now = 1 - float(self.accuracy[-1]) - self.floor
        left = 1 - accuracy - self.floor
        if left >= now:
            return float(self.per_class[-1])
        return float("inf") if left <= 0 else float(self.per_class[-1] * (now / left) ** (1 / self.slope))


def learning_curve(
    vectors: Embeddings,
    truth: Classes,
    *,
    groups: Classes | None = None,
    seed: int = 0,
    strength: float = _USUAL_STRENGTH,
) -> Curve:
    """Teaches on growing shares of every class; each fold of five is once what is looked at.

    The line is the power law that learning curves follow (Hestness et al. 2017, arXiv 1712.00409).

    Args:
        vectors: float32 [n, d].
        truth: int64 [n], 0..c-1.
        groups: int64 [n], photos that are learnt from together or not at all.
        strength: C of the regression, as cross-validation chose it.
    """
    rows = space_of(vectors).rows
    number = np.arange(len(truth)) if groups is None else np.unique(groups, return_inverse=True)[1]
    fold = folds_of(truth, number, _REPEATS, seed)
    present = len(np.unique(truth))
    counts: list[list[float]] = [[] for _ in _SHARES]
    scores: list[list[float]] = [[] for _ in _SHARES]
    with threadpool_limits(1, user_api="blas"):
        for one in np.unique(fold[fold >= 0]):
            order = _turns(truth, number, np.flatnonzero(fold != one), seed + int(one))
            held = np.flatnonzero(fold == one)
            for place, share in enumerate(_SHARES):
                learnt = np.flatnonzero(order <= share)
                counts[place].append(len(learnt) / present)
                scores[place].append(_score(rows, truth, learnt, held, strength))
    return _drawn(counts, scores)


def _turns(truth: Classes, number: Classes, rows: Classes, seed: int) -> Floats:
    """When each row's turn comes to be learnt from, float64 [n] 0..1: groups by lot within their class.

    The first group of every class comes at once; rows not in `rows` never (infinity).
    """
    rng = np.random.default_rng(seed)
    turn = np.full(len(truth), np.inf)
    for label in np.unique(truth[rows]):
        own = rows[truth[rows] == label]
        names, inverse = np.unique(number[own], return_inverse=True)
        place = rng.permutation(len(names))[inverse]
        sizes = np.bincount(place)
        before = np.cumsum(sizes) - sizes
        turn[own] = before[place] / len(own)
    return turn


def _score(rows: Vectors, truth: Classes, learnt: Classes, held: Classes, strength: float) -> float:
    names, known = np.unique(truth[learnt], return_inverse=True)
    if len(names) < 2:
        return float((truth[held] == names[0]).mean())
    problem = Problem(rows[learnt], known, np.ones(len(learnt), dtype=np.float32), len(names))
    found = problem.solve(strength, problem.nothing(), tolerance=1e-3)
    return float((names[found.logits(rows[held]).argmax(axis=1)] == truth[held]).mean())


def _drawn(counts: list[list[float]], scores: list[list[float]]) -> Curve:
    if not scores[0]:
        nothing = np.empty(0)
        return Curve((), nothing, nothing, nothing, 1.0, float("nan"), 0.0)
    photos = [max(1, round(float(np.mean(one)))) for one in counts]
    first = [place for place, n in enumerate(photos) if photos.index(n) == place]
    table = np.array([scores[place] for place in first])
    per_class = tuple(photos[place] for place in first)
    mean = table.mean(axis=1)
    floor, expected, slope = _carried_on(np.array(per_class, dtype=np.float64), mean)
    return Curve(per_class, mean, table.min(axis=1), table.max(axis=1), floor, expected, slope)


def _carried_on(photos: Floats, accuracy: Floats) -> tuple[float, float, float]:
    """Floor, accuracy at twice the photos and slope of the power law through the errors."""
    if len(photos) < _FEWEST_POINTS:
        return 1.0, float("nan"), 0.0
    error = 1 - accuracy
    scale = photos / photos[-1]

    def law(x: Floats, floor: float, height: float, slope: float) -> Floats:
        return np.asarray(floor + height * x**-slope)

    bounds = ([0.0, 0.0, _SLOPES[0]], [max(float(error[-1]), 1e-9), 1.0, _SLOPES[1]])
    start = (float(error[-1]) / 2, max(float(error[-1]) / 2, 1e-6), 0.5)
    doubt = 1 / np.sqrt(scale)
    try:
        found, _ = curve_fit(law, scale, error, p0=start, bounds=bounds, sigma=doubt, maxfev=5000)
    except RuntimeError:
        return 1.0, float("nan"), 0.0
    floor, height, slope = (float(one) for one in found)
    gained = height * (1 - 2.0**-slope)
    return floor, float(min(1.0, accuracy[-1] + gained)), slope
