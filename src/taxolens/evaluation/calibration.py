"""How sure is sure: temperature, reliability, conformal sets, and when to say "unsure"."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from taxolens.evaluation.result import Calibration, ConformalResult, ReliabilityBin

Floats = NDArray[np.float64]
Classes = NDArray[np.int64]

BINS = 15
LOWEST_THRESHOLD = 0.5
COLDEST, HOTTEST = 0.05, 20.0
_FEWEST_ABOVE = 5
_STEPS = 60
_GOLDEN = (math.sqrt(5) - 1) / 2


def fit_temperature(logits: Floats, truth: Classes) -> float:
    """The temperature with the smallest log-loss (Guo et al. 2017, arXiv 1706.04599).

    The log-loss is convex in 1/T, so golden-section search finds the one minimum.

    Args:
        logits: float64 [n, c].
        truth: int64 [n].

    Returns:
        0.05..20; 1 where there is nothing to fit on.
    """
    if not len(truth):
        return 1.0
    low, high = 1 / HOTTEST, 1 / COLDEST
    for _ in range(_STEPS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if _loss(logits * left, truth) <= _loss(logits * right, truth):
            high = right
        else:
            low = left
    return float(2 / (low + high))


def at_temperature(probabilities: Floats, temperature: float) -> Floats:
    """Probabilities as they were before division by a temperature, or after it (its inverse)."""
    logs = np.log(np.maximum(probabilities, np.finfo(np.float64).tiny)) * temperature
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def reliability(probabilities: Floats, truth: Classes) -> Calibration:
    """Expected calibration error over 15 equal-width bins (Guo et al. 2017), and the bins.

    Args:
        probabilities: float64 [n, c].
        truth: int64 [n].
    """
    if not len(truth):
        return Calibration(0.0, ())
    score = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    where = np.minimum((score * BINS).astype(np.int64), BINS - 1)
    bins = tuple(
        ReliabilityBin(
            low=index / BINS,
            high=(index + 1) / BINS,
            confidence=float(score[where == index].mean()),
            accuracy=float(right[where == index].mean()),
            count=int((where == index).sum()),
        )
        for index in np.unique(where).tolist()
    )
    gaps = sum(one.count * abs(one.accuracy - one.confidence) for one in bins)
    return Calibration(gaps / len(truth), bins)


def conformal_quantile(probabilities: Floats, truth: Classes, coverage: float) -> float:
    """The quantile of split conformal prediction with the score 1 - p(truth) (LAC: Sadinle et al. 2019).

    Sets of the classes with p >= 1 - quantile hold the truth in at least `coverage` of cases, for photos
    exchangeable with these ones. With too few photos for that promise the quantile is 1: every class.

    Returns:
        0..1.
    """
    n = len(truth)
    rank = math.ceil((n + 1) * coverage)
    if rank > n:
        return 1.0
    scores = np.sort(1 - probabilities[np.arange(n), truth])
    return float(np.clip(scores[max(rank, 1) - 1], 0.0, 1.0))


def conformal_sets(probabilities: Floats, quantile: float) -> NDArray[np.bool_]:
    """Which classes are in the set of each image, [n, c]; the best class always is."""
    inside = probabilities >= 1 - quantile
    inside[np.arange(len(probabilities)), probabilities.argmax(axis=1)] = True
    return inside


def conformal_result(
    probabilities: Floats, truth: Classes, quantile: float, coverage: float
) -> ConformalResult | None:
    """How the sets did on images whose truth is known; None without images."""
    if not len(truth):
        return None
    inside = conformal_sets(probabilities, quantile)
    sizes = inside.sum(axis=1)
    return ConformalResult(
        asked=coverage,
        found=float(inside[np.arange(len(truth)), truth].mean()),
        mean_size=float(sizes.mean()),
        sizes=tuple(np.bincount(sizes).tolist()),
    )


def unsure_threshold(probabilities: Floats, truth: Classes, precision: float) -> float:
    """The score below which an answer should be "unsure".

    1. Answers are ranked from the surest down; the threshold is the lowest score at which the answers from
       there upwards are right as often as asked.
    2. Fewer than five answers say nothing: above them the threshold is not put.
    3. It is never below 0.5: more belief must stand behind the name than behind all others together, for
       photos unlike anything seen no validation vouches for.
    4. Where no threshold reaches the asked accuracy, only answers surer than all seen are accepted.

    Args:
        probabilities: float64 [n, c], calibrated, of validation images.
        truth: int64 [n].
        precision: accuracy asked of accepted answers, 0..1.

    Returns:
        0.5..1.
    """
    if not len(truth):
        return LOWEST_THRESHOLD
    score = probabilities.max(axis=1)
    order = np.argsort(-score, kind="stable")
    right = (probabilities.argmax(axis=1) == truth)[order]
    accepted = np.arange(1, len(order) + 1)
    ends = np.append(np.diff(score[order]) != 0, True)
    fits = (np.cumsum(right) / accepted >= precision) & ends & (accepted >= min(_FEWEST_ABOVE, len(order)))
    if not fits.any():
        return float(min(1.0, max(LOWEST_THRESHOLD, np.nextafter(score.max(), 2.0))))
    return float(max(LOWEST_THRESHOLD, score[order][np.flatnonzero(fits)[-1]]))


def _loss(logits: Floats, truth: Classes) -> float:
    top = logits.max(axis=1)
    sums = np.exp(logits - top[:, None]).sum(axis=1)
    return float((np.log(sums) + top - logits[np.arange(len(truth)), truth]).mean())
