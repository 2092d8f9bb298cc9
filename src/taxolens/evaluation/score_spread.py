"""95 % intervals of figures that are made of scores: log-loss and calibration error.

Resampled as the others are (`bootstrap`). The calibration error of few photos is too high on average, and so
are its draws; the interval says how far it moves with the photos, not how much of it is chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.evaluation.answers import Answers
from taxolens.evaluation.bootstrap import Limits, middle, unit_draws
from taxolens.evaluation.calibration import BINS
from taxolens.evaluation.metrics import log_losses
from taxolens.evaluation.result import Interval

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ScoreSpread:
    """Log-loss and expected calibration error with their intervals."""

    loss: Interval
    ece: Interval


def score_spread(answers: Answers, *, seed: int = 0) -> ScoreSpread:
    """Judges the scores of at least one photo."""
    units = _units(answers)
    sums = _sums(answers, units)  # [u, 2 + bins]: photos, loss, then how far each bin is off
    counts = len(sums)
    tables = [
        _figures(weights, sums)
        for weights in unit_draws(np.full(counts, 1 / counts), counts, counts, seed=seed)
    ]
    loss, ece = (np.concatenate(parts) for parts in zip(*tables, strict=True))
    whole = _figures(np.ones((1, counts), dtype=np.int64), sums)
    return ScoreSpread(_around(float(whole[0][0]), middle(loss)), _around(float(whole[1][0]), middle(ece)))


def _units(answers: Answers) -> NDArray[np.int64]:
    if answers.groups is None:
        return np.arange(answers.n)
    return np.unique(answers.groups, return_inverse=True)[1].astype(np.int64)


def _sums(answers: Answers, units: NDArray[np.int64]) -> Floats:
    score = answers.probabilities.max(axis=1)
    right = answers.probabilities.argmax(axis=1) == answers.truth
    where = np.minimum((score * BINS).astype(np.int64), BINS - 1)
    sums = np.zeros((int(units.max()) + 1, 2 + BINS))
    np.add.at(sums[:, 0], units, 1.0)
    np.add.at(sums[:, 1], units, log_losses(answers.probabilities, answers.truth))
    np.add.at(sums, (units, 2 + where), right - score)
    return sums


def _figures(weights: NDArray[np.int64], sums: Floats) -> tuple[Floats, Floats]:
    drawn = weights @ sums
    return drawn[:, 1] / drawn[:, 0], np.abs(drawn[:, 2:]).sum(axis=1) / drawn[:, 0]


def _around(value: float, limits: Limits) -> Interval:
    return Interval(value, min(float(limits[0]), value), max(float(limits[1]), value))
