"""What can be accepted without a person looking: share accepted against share right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taxolens.evaluation.result import CoveragePoint

_MOST_POINTS = 200


def coverage_curve(score: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[CoveragePoint, ...]:
    """From accepting everything to accepting only the surest, at most 200 points."""
    points = _all_points(score, right)
    if len(points) <= _MOST_POINTS:
        return points
    chosen = np.unique(np.linspace(0, len(points) - 1, _MOST_POINTS).astype(int))
    return tuple(points[index] for index in chosen)


def automatic_point(
    score: NDArray[np.float64], right: NDArray[np.bool_], precision: float
) -> CoveragePoint | None:
    """The point with the largest coverage whose accuracy is at least `precision`; None where none is."""
    return next((point for point in _all_points(score, right) if point.accuracy >= precision), None)


def _all_points(score: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[CoveragePoint, ...]:
    """One point per score that occurs: equal scores are accepted together."""
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    ends = np.flatnonzero(np.append(np.diff(ranked) != 0, True)) if len(ranked) else np.empty(0, dtype=int)
    hits = np.cumsum(right[order])
    return tuple(
        CoveragePoint(float(ranked[end]), (end + 1) / len(ranked), float(hits[end] / (end + 1)))
        for end in reversed(ends.tolist())
    )
