"""How sure is sure: temperature, reliability, conformal sets, and when to say "unsure"."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taxolens.evaluation.result import Calibration, ConformalResult, ReliabilityBin

Floats = NDArray[np.float64]
Classes = NDArray[np.int64]

BINS = 15
LOWEST_THRESHOLD = 0.5
COLDEST, HOTTEST = 0.05, 20.0
_MOST_NEEDED = 100
_ROUNDING = 1e-9
_IMAGINED = 0.25
_STEPS = 60
_GOLDEN = (math.sqrt(5) - 1) / 2


def fit_temperature(logits: Floats, truth: Classes) -> float:
    """The temperature with the smallest log-loss (Guo et al. 2017, arXiv 1706.04599).

    The log-loss is convex in 1/T, so golden-section search finds the one minimum. A few photos without a
    mistake would ask for endless certainty, so a mistake is imagined beside them, as Platt (1999) proposed
    for two classes; it counts a quarter of a photo, which on real photos cost nothing where there were
    mistakes and halved the loss on new photos where there was none.

    Args:
        logits: float64 [n, c], c at least 2.
        truth: int64 [n].

    Returns:
        0.05..20; 1 where there is nothing to fit on.
    """
    if not len(truth):
        return 1.0
    goal = _doubted(logits, truth)
    low, high = 1 / HOTTEST, 1 / COLDEST
    for _ in range(_STEPS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if _loss(logits, left, goal) <= _loss(logits, right, goal):
            high = right
        else:
            low = left
    return float(2 / (low + high))


def at_temperature(probabilities: Floats, temperature: float) -> Floats:
    """Probabilities as they were before division by a temperature, or after it (its inverse)."""
    logs = np.log(np.maximum(probabilities, np.finfo(np.float64).tiny)) * temperature
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def shares_at(scores: NDArray[np.floating[Any]], temperature: float) -> Floats:
    """Class scores of which each was given for itself, as distributions: in proportion to score ** (1 / temperature).

    At a temperature of 1 that is each score divided by the sum of all. The order of classes is the same at any
    temperature, and a class without a score has no share.

    Args:
        scores: [n, c], 0 or more; of every row one is above 0.
        temperature: above 0.

    Returns:
        float64 [n, c], rows that sum to 1.
    """
    values = np.asarray(scores, dtype=np.float64)
    if temperature != 1.0:
        values = values / values.max(axis=1, keepdims=True)
        values = np.where(values > 0, np.power(values, 1 / temperature), 0.0)
    return np.asarray(values / values.sum(axis=1, keepdims=True))


def reliability(probabilities: Floats, truth: Classes) -> Calibration:
    """Expected calibration error over 15 equal-width bins (Guo et al. 2017), and the bins.

    Args:
        probabilities: float64 [n, c].
        truth: int64 [n].
    """
    if not len(truth):
        return Calibration(0.0, ())
    return reliability_of(probabilities.max(axis=1), probabilities.argmax(axis=1) == truth)


def reliability_of(score: Floats, right: NDArray[np.bool_]) -> Calibration:
    """The same for answers of which only the score (0..1, [n]) is known, and whether they are right ([n])."""
    if not len(score):
        return Calibration(0.0, ())
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
    return Calibration(gaps / len(score), bins)


def conformal_quantile(probabilities: Floats, truth: Classes, coverage: float) -> float:
    """The quantile of split conformal prediction with the score 1 - p(truth) (LAC: Sadinle et al. 2019).

    Sets of the classes with 1 - p <= quantile hold the truth in at least `coverage` of cases, for photos
    exchangeable with these ones. With too few photos for that promise the quantile is 1: every class.

    Returns:
        0..1.
    """
    n = len(truth)
    rank = math.ceil((n + 1) * coverage - _ROUNDING)
    if rank > n:
        return 1.0
    scores = np.sort(1 - probabilities[np.arange(n), truth])
    return float(np.clip(scores[max(rank, 1) - 1], 0.0, 1.0))


def conformal_sets(probabilities: Floats, quantile: float) -> NDArray[np.bool_]:
    """Which classes are in the set of each image, [n, c]; the best class always is."""
    inside = np.asarray(1 - probabilities <= quantile)
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

    1. Answers are ranked from the surest down. The threshold is the lowest score at which the answers from
       there upwards are right as often as asked, and are so at every higher score that enough answers reach:
       as many as it takes for one mistake to be allowed (1 / (1 - precision), at most 100), and a tenth of all.
       So a lucky stretch further down does not count, and neither does one wrong label at the very top.
    2. Where there is no such score, the threshold lies above the surest mistake; 1 where nothing does.
    3. It is never below 0.5: more belief must stand behind the name than behind all others together, for
       photos unlike anything seen no validation vouches for.

    It lies midway between the last score above it and the first below, so that the rounding of another
    runtime changes no answer.

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
    ranked, right = score[order], (probabilities.argmax(axis=1) == truth)[order]
    ends = np.flatnonzero(np.append(np.diff(ranked) != 0, True))
    heard = ends + 1 >= _enough(len(ranked), precision)
    fits = np.cumsum(right)[ends] >= precision * (ends + 1) - _ROUNDING
    kept = heard & fits & ~np.logical_or.accumulate(heard & ~fits)
    if kept.any():
        return max(LOWEST_THRESHOLD, _below(ranked, int(ends[kept][-1])))
    return max(LOWEST_THRESHOLD, _above(ranked, int(np.argmin(right))))


def _enough(n: int, precision: float) -> int:
    """How many answers say something of a precision."""
    to_allow_one = (
        _MOST_NEEDED if precision > 1 - 1 / _MOST_NEEDED else math.ceil(1 / (1 - precision) - _ROUNDING)
    )
    return min(n, max(to_allow_one, math.ceil(n / 10)))


def _below(ranked: Floats, last: int) -> float:
    """Midway between a score and the next lower one."""
    return float((ranked[last] + ranked[last + 1]) / 2 if last + 1 < len(ranked) else ranked[last])


def _above(ranked: Floats, mistake: int) -> float:
    """Midway between a score and the next higher one; 1 where there is none."""
    higher = ranked[:mistake][ranked[:mistake] > ranked[mistake]]
    return float((ranked[mistake] + higher[-1]) / 2) if len(higher) else 1.0


def _doubted(logits: Floats, truth: Classes) -> float:
    """Mean logit of the truth, for a little of which the likeliest wrong class stands in."""
    rows = np.arange(len(truth))
    others = np.array(logits, dtype=np.float64)
    others[rows, truth] = -np.inf
    doubt = _IMAGINED / (len(truth) + 2 * _IMAGINED)
    return float(((1 - doubt) * logits[rows, truth] + doubt * others.max(axis=1)).mean())


def _loss(logits: Floats, sharpness: float, goal: float) -> float:
    """Log-loss of logits that are multiplied, when the truth's logit is `goal` on average."""
    sharpened = logits * sharpness
    top = sharpened.max(axis=1)
    sums = np.exp(sharpened - top[:, None]).sum(axis=1)
    return float((np.log(sums) + top).mean()) - sharpness * goal
