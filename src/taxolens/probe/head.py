"""A linear head on frozen embeddings: multinomial logistic regression that knows how sure it is.

The strength of the regularisation is chosen on validation along a path from strong to weak, each fit
starting where the last one ended; the temperature is fitted on validation too (Guo et al. 2017,
arXiv 1706.04599). Why the solver is ours: docs/decisions/0002-head-solver.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from taxolens.core.progress import Progress
from taxolens.core.texts import Say
from taxolens.evaluation.calibration import fit_temperature
from taxolens.evaluation.metrics import log_loss
from taxolens.probe.regression import Floats, Regression, Vectors
from taxolens.recipes.train import ClassWeight

STRENGTHS = tuple(float(c) for c in 10.0 ** np.arange(-5, 1.01, 0.5))
_PATIENCE = 2
_FOLDS = 4
_FEWEST_VAL = 10

Classes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Trial:
    """A regularisation that was tried, and what validation said: mean log-loss and accuracy."""

    regularisation: float
    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Head:
    """A linear head.

    Attributes:
        weights: float64 [d, c], for embeddings as they are.
        bias: float64 [c].
        regularisation: C of the logistic regression, larger is weaker.
        temperature: what logits are divided by.
        trials: every regularisation that was tried.
    """

    weights: Floats
    bias: Floats
    regularisation: float
    temperature: float
    trials: tuple[Trial, ...]

    def logits(self, vectors: Vectors) -> Floats:
        """Uncalibrated, float64 [n, c]."""
        return vectors.astype(np.float64) @ self.weights + self.bias

    def probabilities(self, vectors: Vectors) -> Floats:
        """Calibrated, float64 [n, c]; rows sum to 1."""
        return softmax(self.logits(vectors) / self.temperature)


def softmax(logits: Floats) -> Floats:
    """Rows to probabilities."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def fit_head(
    vectors: Vectors,
    truth: Classes,
    val_vectors: Vectors,
    val_truth: Classes,
    *,
    classes: int,
    class_weight: ClassWeight,
    progress: Progress,
    say: Say,
) -> Head:
    """Fits a head.

    Without enough validation photos (fewer than 10, or all of one class) regularisation and temperature are
    chosen by cross-validation inside the training photos.

    Args:
        vectors: float32 [n, d], embeddings of training photos.
        truth: int64 [n], their classes, 0..classes-1.
        val_vectors: float32 [m, d].
        val_truth: int64 [m].
    """
    # Several threads on products this small wait for one another, and far longer where others work too.
    with threadpool_limits(limits=1):
        return _fitted(vectors, truth, val_vectors, val_truth, classes, class_weight, progress, say)


def _fitted(
    vectors: Vectors,
    truth: Classes,
    val_vectors: Vectors,
    val_truth: Classes,
    classes: int,
    class_weight: ClassWeight,
    progress: Progress,
    say: Say,
) -> Head:
    weight = _weights(truth, classes, class_weight)
    whole = Regression(vectors, truth, weight, classes)
    if len(val_truth) >= _FEWEST_VAL and len(np.unique(val_truth)) > 1:
        tried = _path(whole, val_vectors, val_truth, progress, say)
        best = min(tried, key=lambda one: one.trial.loss)
        temperature = fit_temperature(best.logits, val_truth)
    else:
        strength, temperature, trials = _crossed(vectors, truth, weight, classes)
        fitted = whole.fit(strength)
        return Head(*fitted.plain(), strength, temperature, trials)
    return Head(*best.plain, best.trial.regularisation, temperature, tuple(one.trial for one in tried))


@dataclass(frozen=True, slots=True)
class _Tried:
    trial: Trial
    logits: Floats
    plain: tuple[Floats, Floats]


def _path(
    regression: Regression, vectors: Vectors, truth: Classes, progress: Progress, say: Say
) -> list[_Tried]:
    """Weaker and weaker regularisation, until validation has been worse twice."""
    tried: list[_Tried] = []
    for strength in progress.track(STRENGTHS, what=say("Fitting the head")):
        logits = regression.fit(strength).logits(vectors)
        trial = Trial(
            strength, log_loss(softmax(logits), truth), float((logits.argmax(axis=1) == truth).mean())
        )
        tried.append(_Tried(trial, logits, regression.plain()))
        best = min(range(len(tried)), key=lambda index: tried[index].trial.loss)
        if len(tried) - 1 - best >= _PATIENCE:
            break
    return tried


def _crossed(
    vectors: Vectors, truth: Classes, weight: NDArray[np.float32], classes: int
) -> tuple[float, float, tuple[Trial, ...]]:
    """Regularisation and temperature from photos that each fold's head has not seen."""
    fold = _stratified(truth)
    logits = np.zeros((len(STRENGTHS), len(truth), classes))
    for own in range(_FOLDS):
        held, rest = fold == own, fold != own
        regression = Regression(vectors[rest], truth[rest], weight[rest], classes)
        for index, strength in enumerate(STRENGTHS):
            logits[index, held] = regression.fit(strength).logits(vectors[held])
    trials = tuple(
        Trial(strength, log_loss(softmax(one), truth), float((one.argmax(axis=1) == truth).mean()))
        for strength, one in zip(STRENGTHS, logits, strict=True)
    )
    best = min(range(len(trials)), key=lambda index: trials[index].loss)
    return STRENGTHS[best], fit_temperature(logits[best], truth), trials


def _stratified(truth: Classes) -> Classes:
    """Fold numbers that deal out each class in turn, the first photo of a class to every fold's training."""
    fold = np.empty_like(truth)
    for label in np.unique(truth):
        rows = np.flatnonzero(truth == label)
        fold[rows] = np.arange(len(rows)) % _FOLDS
    return fold


def _weights(truth: Classes, classes: int, class_weight: ClassWeight) -> NDArray[np.float32]:
    """How much each photo counts; on average 1."""
    if class_weight is ClassWeight.NONE:
        return np.ones(len(truth), dtype=np.float32)
    counts = np.bincount(truth, minlength=classes)
    present = int((counts > 0).sum())
    return np.asarray(len(truth) / (present * counts[truth]), dtype=np.float32)
