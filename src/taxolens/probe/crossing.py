"""Cross-validation: every photo judged by a model that did not learn from it or its group."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from taxolens.evaluation.calibration import fit_temperature
from taxolens.probe.head import softmax
from taxolens.probe.regression import Classes, Floats, Problem
from taxolens.probe.rehearsal import Choice, Rehearsal, choose, folds_of, teachable
from taxolens.probe.share import Share, share_right
from taxolens.probe.space import Embeddings, space_of

_STRENGTHS = tuple(10.0**power for power in (-4, -3.5, -3, -2.5, -2, -1, 0))


@dataclass(frozen=True, slots=True)
class Crossed:
    """What models said of photos they had not seen.

    Attributes:
        judged: bool [n]; not judged is a photo whose class lies in one group only, or in one fold with what its
            photos belong to: a model that had not seen it cannot know its class.
        probabilities: float64 [n, c], calibrated; NaN where not judged.
        predicted: int64 [n]; -1 where not judged.
        accuracy: share named correctly.
        strength: C of the regressions, the one that did best over all folds.
    """

    judged: NDArray[np.bool_]
    probabilities: Floats
    predicted: Classes
    accuracy: Share
    strength: float


def cross_validate(
    vectors: Embeddings,
    truth: Classes,
    classes: int,
    *,
    groups: Classes | None = None,
    folds: int = 5,
    seed: int = 0,
) -> Crossed:
    """Teaches a regularised logistic regression on all folds but one, for each fold.

    Args:
        vectors: float32 [n, d].
        truth: int64 [n], 0..classes-1.
        groups: int64 [n], photos that stay together.
    """
    rows = space_of(vectors).rows
    number = np.arange(len(truth)) if groups is None else groups
    fold = folds_of(truth, number, folds, seed)
    problem = Problem(rows, truth, np.ones(len(truth), dtype=np.float32), classes)
    with threadpool_limits(1, user_api="blas"):
        judged = teachable(truth, fold)
        found = _choice(problem, fold, judged)
    probabilities = np.full((len(truth), classes), np.nan)
    if found is not None:
        probabilities[_order(fold, judged)] = softmax(
            found.logits / fit_temperature(found.logits, found.truth)
        )
    predicted = np.where(judged, np.nan_to_num(probabilities, nan=-1.0).argmax(axis=1), -1)
    right = predicted[judged] == truth[judged]
    accuracy = share_right(right, None if groups is None else groups[judged])
    return Crossed(judged, probabilities, predicted, accuracy, found.strength if found else _STRENGTHS[2])


def _choice(problem: Problem, fold: Classes, judged: NDArray[np.bool_]) -> Choice | None:
    parts = [
        Rehearsal(problem.rows(fold != one), problem.rows(judged & (fold == one)))
        for one in np.unique(fold[judged])
    ]
    return replace(choose(parts, _STRENGTHS), maps=()) if parts else None


def _order(fold: Classes, judged: NDArray[np.bool_]) -> Classes:
    """Rows in the order in which the folds are looked at."""
    return np.concatenate([np.flatnonzero(judged & (fold == one)) for one in np.unique(fold[judged])])
