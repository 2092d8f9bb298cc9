"""How well each class stands apart from all others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from taxolens.probe.crossing import Crossed
from taxolens.probe.regression import Classes, Floats

_FEWEST = 5


def separability(crossed: Crossed, truth: Classes) -> Floats:
    """Area under the ROC curve of each class against the rest, from cross-validated probabilities.

    The chance that a photo of the class gets a higher probability of it than a photo of another class does,
    ties counted half (Hanley and McNeil 1982, Radiology 143).

    Args:
        truth: int64 [n].

    Returns:
        float64 [c], 1 wholly apart, 0.5 not at all; NaN where fewer than 5 photos of the class, or of others, were judged.
    """
    chances, known = crossed.probabilities[crossed.judged], truth[crossed.judged]
    return np.array([_area(chances[:, one], known == one) for one in range(chances.shape[1])])


def _area(score: Floats, own: NDArray[np.bool_]) -> float:
    inside = int(own.sum())
    outside = len(own) - inside
    if min(inside, outside) < _FEWEST:
        return float("nan")
    above = float(rankdata(score)[own].sum()) - inside * (inside + 1) / 2
    return above / (inside * outside)
