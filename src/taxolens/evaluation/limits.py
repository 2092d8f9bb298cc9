"""Intervals that a formula gives, for where resampling sees no doubt.

When all of 90 answers are right, every resample is all right too, and a bootstrap interval would
be [1, 1]. These limits know how little 90 answers are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_Z = 1.959963984540054  # 97.5 % point of the standard normal distribution


def wilson(right: Floats, n: Floats) -> tuple[Floats, Floats]:
    """95 % limits of a share (Wilson 1927, Journal of the American Statistical Association 22).

    Args:
        right: how many of `n`, any shape.
        n: trials; where there are none, the limits are 0 and 1.

    Returns:
        Lower and upper limit, 0..1.
    """
    right, n = np.asarray(right, dtype=np.float64), np.asarray(n, dtype=np.float64)
    trials = np.maximum(n, 1.0)
    share = right / trials
    middle = share + _Z**2 / (2 * trials)
    half = _Z * np.sqrt(share * (1 - share) / trials + _Z**2 / (4 * trials**2))
    low = np.where(right <= 0, 0.0, (middle - half) / (1 + _Z**2 / trials))
    high = np.where(right >= n, 1.0, (middle + half) / (1 + _Z**2 / trials))
    return np.where(n > 0, low, 0.0), np.where(n > 0, high, 1.0)


def f1_limits(right: Floats, predicted: Floats, support: Floats) -> tuple[Floats, Floats]:
    """95 % limits of F1.

    F1 = 2J / (1 + J), where J is the share of right answers among the images that are of the class or
    called so; J is a plain share, and the way from J to F1 only rises, so its Wilson limits carry over.
    """
    low, high = wilson(right, predicted + support - right)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def mean_limits(values: Floats, low: Floats, high: Floats) -> tuple[float, float]:
    """95 % limits of the mean of figures that each have limits (MOVER: Zou and Donner 2008).

    Statistics in Medicine 27, 1693-1702; the figures count as independent.
    """
    n = max(len(values), 1)
    mean = float(values.sum()) / n
    below = float(np.sqrt(((values - low) ** 2).sum())) / n
    above = float(np.sqrt(((high - values) ** 2).sum())) / n
    return max(mean - below, 0.0), min(mean + above, 1.0)
