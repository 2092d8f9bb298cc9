"""How strongly to regularise: learn with several strengths and look at photos not learnt from.

The path goes from strong to weak regularisation, each fit beginning where the last one ended; it ends when
two strengths in a row did no better than the best before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from taxolens.probe.regression import Classes, Floats, Linear, Problem

STRENGTHS = tuple(float(10.0 ** (step / 2)) for step in range(-8, 5))
_PATIENCE = 2


@dataclass(frozen=True, slots=True)
class Trial:
    """A regularisation that was tried, and how it did on photos not learnt from.

    Attributes:
        regularisation: C of the logistic regression; larger is weaker.
        loss: mean negative log-likelihood, natural logarithm, rows weighted as in the fit.
        accuracy: share right.
    """

    regularisation: float
    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What is learnt from, and what is then looked at."""

    learn: Problem
    check: Problem


@dataclass(frozen=True, slots=True)
class Choice:
    """The best strength.

    Attributes:
        maps: what each rehearsal learnt with it.
        logits: float64 [m, c], with it, of everything looked at.
        truth: int64 [m].
        trials: all that was tried, in order.
    """

    strength: float
    maps: tuple[Linear, ...]
    logits: Floats
    truth: Classes
    trials: tuple[Trial, ...] = ()


def choose(rehearsals: Sequence[Rehearsal], strengths: Iterable[float] = STRENGTHS) -> Choice:
    """Walks the path; needs at least one rehearsal and one strength."""
    maps = [one.learn.nothing() for one in rehearsals]
    truth = np.concatenate([one.check.truth for one in rehearsals])
    weight = np.concatenate([one.check.weight for one in rehearsals]).astype(np.float64)
    best: Choice | None = None
    trials: list[Trial] = []
    for strength in strengths:
        maps = [one.learn.solve(strength, start) for one, start in zip(rehearsals, maps, strict=True)]
        seen = [found.logits(one.check.vectors) for one, found in zip(rehearsals, maps, strict=True)]
        logits = np.concatenate(seen)
        trials.append(_trial(strength, logits, truth, weight))
        since = _since_best(trials)
        if since == 0:
            best = Choice(strength, tuple(maps), logits, truth)
        if since >= _PATIENCE:
            break
    if best is None:
        raise ValueError("no strength to try")
    return replace(best, trials=tuple(trials))


def folds_of(truth: Classes, groups: Classes, k: int = 5, seed: int = 0) -> NDArray[np.int64]:
    """Divides rows into k folds, whole groups together, each class over as many folds as it can be.

    Args:
        truth: [n], classes.
        groups: [n], which rows must not be parted.

    Returns:
        int64 [n]; -1 for a group whose class has no other group: it is always learnt from.
    """
    number = np.unique(groups, return_inverse=True)[1]
    commonest = _commonest(number, truth)
    folds = np.full(len(commonest), -1, dtype=np.int64)
    rng = np.random.default_rng(seed)
    dealt = 0
    for label in np.unique(commonest):
        own = rng.permutation(np.flatnonzero(commonest == label))
        if len(own) > 1:
            folds[own] = (dealt + np.arange(len(own))) % k
            dealt += len(own)
    return np.asarray(folds[number])


def teachable(truth: Classes, fold: Classes) -> NDArray[np.bool_]:
    """Which rows can be judged: they lie in a fold, and their class also has rows outside of it.

    A group is dealt out by its commonest class, so all rows of another class may lie in one fold.

    Args:
        truth: int64 [n].
        fold: int64 [n], as `folds_of` gives them.
    """
    pairs = np.unique(np.stack([truth, fold]), axis=1)
    several = np.bincount(pairs[0]) > 1
    return np.asarray((fold >= 0) & several[truth])


def _commonest(number: Classes, truth: Classes) -> Classes:
    """The commonest class of each group."""
    pairs, count = np.unique(np.stack([number, truth]), axis=1, return_counts=True)
    order = np.lexsort((count, pairs[0]))
    last = np.flatnonzero(np.diff(pairs[0][order], append=-1))
    return np.asarray(pairs[1][order][last])


def _since_best(trials: Sequence[Trial]) -> int:
    losses = [trial.loss for trial in trials]
    return len(losses) - 1 - losses.index(min(losses))


def _trial(strength: float, logits: Floats, truth: Classes, weight: Floats) -> Trial:
    top = logits.max(axis=1)
    loss = top + np.log(np.exp(logits - top[:, None]).sum(axis=1)) - logits[np.arange(len(truth)), truth]
    right = float((logits.argmax(axis=1) == truth).mean())
    return Trial(strength, float((loss * weight).sum() / weight.sum()), right)
