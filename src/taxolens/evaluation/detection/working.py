"""At which score a box should count: what each score brings, and which one is best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taxolens.evaluation.detection.result import WorkingPoint

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_ROUNDING = 1e-9


def best_f1(score: Floats, right: Flags, support: int) -> WorkingPoint | None:
    """The score with the best F1, of equals the highest; None where no box is right.

    Args:
        score: [f].
        right: [f], which boxes stand for a true one.
        support: true boxes.
    """
    points = _points(score, right, support)
    f1 = points[3]
    return _point(points, int(np.argmax(f1))) if len(f1) and f1.max() > 0 else None


def precise_from(score: Floats, right: Flags, support: int, precision: float) -> WorkingPoint | None:
    """The lowest score from which on the precision asked for is reached; None where none does."""
    points = _points(score, right, support)
    there = np.flatnonzero(points[1] >= precision - _ROUNDING)
    return _point(points, int(there[-1])) if len(there) and points[2][there[-1]] > 0 else None


def score_like(first: Floats, least: float, second: Floats) -> float:
    """The score from which a second detector shows as many boxes of the same photos as a first one from `least` on.

    Whole numbers of eight bits push all scores a little up or down: the same score would not mean the same.

    Args:
        first: [f], scores of the first's boxes.
        second: [g].
    """
    count = int((first >= least).sum())
    falling = np.sort(second)[::-1]
    return float(falling[count - 1]) if 0 < count <= len(falling) else least


def point_at(score: Floats, right: Flags, support: int, least: float) -> WorkingPoint:
    """What boxes with at least this score bring; a precision of nothing is NaN."""
    kept = score >= least
    hits, count = int(right[kept].sum()), int(kept.sum())
    return WorkingPoint(
        least,
        hits / count if count else float("nan"),
        hits / support if support else float("nan"),
        2 * hits / (count + support) if count + support else float("nan"),
    )


def _points(score: Floats, right: Flags, support: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Score, precision, recall and F1 for each score that occurs, falling: equal scores count together."""
    order = np.argsort(-score, kind="stable")
    sorted_scores = score[order]
    ends = (
        np.flatnonzero(np.append(np.diff(sorted_scores) != 0, True)) if len(score) else np.empty(0, np.int64)
    )
    hits, count = np.cumsum(right[order])[ends], ends + 1.0
    return sorted_scores[ends], hits / count, hits / max(support, 1), 2 * hits / (count + support)


def _point(points: tuple[Floats, Floats, Floats, Floats], at: int) -> WorkingPoint:
    score, precision, recall, f1 = (float(column[at]) for column in points)
    return WorkingPoint(score, precision, recall, f1)
