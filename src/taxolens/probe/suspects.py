"""Labels that are likely wrong, by cross-validated probabilities.

The ranking by self-confidence, the probability of the given label, is that of Northcutt, Jiang and Chuang
(2021), "Confident Learning", Journal of Artificial Intelligence Research 70. Their thresholds, each class's
mean self-confidence, left out up to half of 15 labels swapped among 300 photos of leaves; probabilities that
are calibrated need none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taxolens.probe.crossing import Crossed, cross_validate
from taxolens.probe.prospects import prospects
from taxolens.probe.regression import Classes, Floats
from taxolens.probe.space import Embeddings

_LIKELY, _DOUBTED, _SURE = 0.05, 0.2, 0.5
_WORTH_A_LOOK = 30


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
        likely: so many of them, the first ones, are likely wrong; the others are worth a look.
        accuracy: share of all photos that such a model names as labelled, 0..1.
        interval: its 95 % limits.
    """

    rows: Classes
    given: Classes
    suggested: Classes
    of_given: Floats
    of_suggested: Floats
    margin: Floats
    likely: int
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

    A label is doubted where it has a probability below 0.2 and another has at least 0.5, likely wrong below
    0.05. Of what else the model would name otherwise, as much is added as makes 30. Nothing is suspected where
    the model is no better than chance.

    Args:
        vectors: float32 [n, d].
        truth: int64 [n], 0..len(labels)-1.
        groups: int64 [n], photos that stay together in the folds.
        crossed: the cross-validation where it has been done already.
    """
    seen = crossed or cross_validate(vectors, truth, len(labels), groups=groups, folds=folds, seed=seed)
    rows = np.flatnonzero(seen.judged)
    if not prospects(seen, truth, groups=groups).above_chance:
        rows = rows[:0]
    chances = seen.probabilities[rows]
    of_given = chances[np.arange(len(rows)), truth[rows]]
    of_suggested = chances.max(axis=1, initial=0.0)
    doubted = (of_given < _DOUBTED) & (of_suggested >= _SURE)
    order = np.lexsort((of_given, ~doubted))
    order = order[(chances.argmax(axis=1) != truth[rows])[order]][: max(int(doubted.sum()), _WORTH_A_LOOK)]
    return Suspects(
        rows=rows[order],
        given=truth[rows[order]],
        suggested=chances.argmax(axis=1)[order],
        of_given=of_given[order],
        of_suggested=of_suggested[order],
        margin=(of_suggested - of_given)[order],
        likely=int((doubted & (of_given < _LIKELY)).sum()),
        accuracy=seen.accuracy.value,
        interval=seen.accuracy.interval,
    )
