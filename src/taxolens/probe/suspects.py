"""Labels that are likely wrong: confident learning on cross-validated probabilities.

Northcutt, Jiang and Chuang (2021), "Confident Learning", Journal of Artificial Intelligence Research 70.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.probe.crossing import Crossed, cross_validate
from taxolens.probe.regression import Classes, Floats
from taxolens.probe.space import Embeddings


@dataclass(frozen=True, slots=True)
class Suspects:
    """Photos whose label is likely wrong, the likeliest first.

    Attributes:
        rows: int64 [s], which photos.
        given: int64 [s], their labels.
        suggested: int64 [s], what a model that had not seen them calls them.
        of_given: float64 [s], probability of the label.
        of_suggested: float64 [s], probability of the model's own answer.
        margin: float64 [s], the second less the first, 0..1.
        accuracy: share of all photos that such a model names as labelled, 0..1.
        interval: its 95 % limits.
    """

    rows: Classes
    given: Classes
    suggested: Classes
    of_given: Floats
    of_suggested: Floats
    margin: Floats
    accuracy: float
    interval: tuple[float, float]


def find_suspects(
    vectors: Embeddings,
    truth: Classes,
    labels: tuple[str, ...],
    *,
    groups: Classes | None = None,
    folds: int = 5,
    seed: int = 0,
    crossed: Crossed | None = None,
) -> Suspects:
    """Ranks labels that stand against what the other photos say.

    Args:
        vectors: float32 [n, d].
        truth: int64 [n], 0..len(labels)-1.
        groups: int64 [n], photos that stay together in the folds.
        crossed: the cross-validation where it has been done already.
    """
    seen = crossed or cross_validate(vectors, truth, len(labels), groups=groups, folds=folds, seed=seed)
    rows = np.flatnonzero(seen.judged)
    chances = seen.probabilities[rows]
    of_given = chances[np.arange(len(rows)), truth[rows]]
    of_suggested = chances.max(axis=1, initial=0.0)
    margin = of_suggested - of_given
    doubted = np.flatnonzero(_doubted(chances, truth[rows], len(labels)))
    order = doubted[np.argsort(-margin[doubted], kind="stable")]
    return Suspects(
        rows=rows[order],
        given=truth[rows[order]],
        suggested=chances.argmax(axis=1)[order] if len(rows) else order,
        of_given=of_given[order],
        of_suggested=of_suggested[order],
        margin=margin[order],
        accuracy=seen.accuracy.value,
        interval=seen.accuracy.interval,
    )


def _doubted(chances: Floats, truth: Classes, classes: int) -> NDArray[np.bool_]:
    """Rows off the diagonal of the confident joint: sure of another class as photos of that class are."""
    own = chances[np.arange(len(truth)), truth]
    counts = np.bincount(truth, minlength=classes)
    usual = np.bincount(truth, weights=own, minlength=classes) / np.maximum(counts, 1)
    usual[counts == 0] = np.inf
    sure = np.where(chances >= usual, chances, -1.0)
    return np.asarray((sure.max(axis=1, initial=-1.0) >= 0) & (sure.argmax(axis=1) != truth) & (own < 0.5))
