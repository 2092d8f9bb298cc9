"""A share of photos with its doubt, for photos that come in groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.evaluation.limits import wilson
from taxolens.probe.regression import Classes


@dataclass(frozen=True, slots=True)
class Share:
    """A share.

    Attributes:
        value: 0..1; NaN where nothing was asked.
        interval: 95 % limits.
    """

    value: float
    interval: tuple[float, float]


def share_right(right: NDArray[np.bool_], groups: Classes | None = None) -> Share:
    """How many are right.

    Photos of one group stand or fall together, so they count as fewer: the share's variance between groups
    says as how many independent ones (effective sample size; Korn and Graubard 1998, Survey Methodology 24,
    with Wilson's limits in place of Clopper's and Pearson's).

    Args:
        right: [n].
        groups: [n], what belongs together; None: every row stands for itself.
    """
    n = len(right)
    if not n:
        return Share(float("nan"), (0.0, 1.0))
    value = float(right.mean())
    effective = float(n) if groups is None else _effective(right, groups, value)
    low, high = wilson(np.array(value * effective), np.array(effective))
    return Share(value, (float(low), float(high)))


def _effective(right: NDArray[np.bool_], groups: Classes, value: float) -> float:
    number = np.unique(groups, return_inverse=True)[1]
    count = int(number.max()) + 1
    if count == 1 or value in (0.0, 1.0):
        return float(count)
    off = np.bincount(number, weights=right - value)
    variance = float((off**2).sum()) * count / (count - 1) / len(right) ** 2
    return float(np.clip(value * (1 - value) / variance, 1.0, len(right))) if variance else float(len(right))
