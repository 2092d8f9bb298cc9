"""A linear head on frozen embeddings: multinomial logistic regression that knows how sure it is.

1. Every number of the embedding is standardised over the training photos.
2. Regressions are fitted along a path of regularisations; validation says which is best.
3. The standardisation is folded into weights and bias, so that the head takes embeddings as they are.
4. The temperature is fitted on validation (Guo et al. 2017, arXiv 1706.04599).

Where validation holds too little, folds of the training photos stand in for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from taxolens.core.errors import DataError
from taxolens.core.progress import Progress
from taxolens.core.texts import Say
from taxolens.evaluation.calibration import fit_temperature
from taxolens.probe.regression import Classes, Floats, Linear, Problem, Vectors
from taxolens.probe.rehearsal import STRENGTHS, Choice, Rehearsal, Trial, choose, folds_of
from taxolens.probe.stand import stand_of
from taxolens.recipes.train import ClassWeight

_FEWEST_TO_CHOOSE = 30
_FEWEST_TO_CALIBRATE = 10
_USUAL_STRENGTH = 1e-2
_PLENTY_PER_CLASS = 20


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
    trials: tuple[Trial, ...] = ()

    def logits(self, vectors: Vectors) -> Floats:
        """Uncalibrated, float64 [n, c]."""
        return Linear(self.weights, self.bias).logits(vectors)

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
    groups: Classes | None = None,
    progress: Progress,
    say: Say,
) -> Head:
    """Fits a head.

    Validation photos of a class that has no training photos are left out: nothing can be learnt of it, and
    its probability is always 0.

    Args:
        vectors: float32 [n, d], embeddings of training photos.
        truth: int64 [n], their classes, 0..classes-1.
        val_vectors: float32 [m, d].
        val_truth: int64 [m].
        groups: int64 [n], rows that stay together where training photos are folded (views of one photo,
            photos of one site); None: each row is its own group.

    Raises:
        DataError: fewer than two classes have training photos.
    """
    present, known = np.unique(truth), np.isin(val_truth, truth)
    if len(present) < 2:
        raise DataError("There are training photos of one class only. Add photos of another class.")
    groups = np.arange(len(truth)) if groups is None else groups
    # threads of the matrix library wait for one another longer than they work, most where others work too
    with threadpool_limits(1, user_api="blas"):
        stand = stand_of(vectors)
        learn = _problem(stand.applied(vectors), np.searchsorted(present, truth), class_weight)
        check = _check(learn, stand.applied(val_vectors[known]), np.searchsorted(present, val_truth[known]))
        choice = _chosen(learn, check, groups, progress, say)
        fitted = choice.maps[0] if len(choice.maps) == 1 else learn.solve(choice.strength, learn.nothing())
        temperature = _temperature(fitted, check, choice, progress, say)
    plain = stand.folded(fitted, present, classes)
    return Head(plain.weights, plain.bias, choice.strength, temperature, choice.trials)


def refit_head(
    head: Head, vectors: Vectors, truth: Classes, *, classes: int, class_weight: ClassWeight
) -> Head:
    """The same head learnt again from more photos, validation among them.

    Regularisation and temperature stay as validation chose them while it was unseen.

    Args:
        vectors: float32 [n, d].
        truth: int64 [n].
    """
    present = np.unique(truth)
    with threadpool_limits(1, user_api="blas"):
        stand = stand_of(vectors)
        learn = _problem(stand.applied(vectors), np.searchsorted(present, truth), class_weight)
        fitted = learn.solve(head.regularisation, learn.nothing())
    plain = stand.folded(fitted, present, classes)
    return replace(head, weights=plain.weights, bias=plain.bias)


def _problem(vectors: Vectors, truth: Classes, class_weight: ClassWeight) -> Problem:
    """Every class of `truth` has rows; with balanced weights all classes count the same, a row 1 on average."""
    counts = np.bincount(truth)
    weight = np.ones(len(truth), dtype=np.float32)
    if class_weight is ClassWeight.BALANCED:
        weight = (len(truth) / (len(counts) * counts[truth])).astype(np.float32)
    return Problem(vectors, truth, weight, len(counts))


def _check(learn: Problem, vectors: Vectors, truth: Classes) -> Problem:
    """Validation, where a row counts as much as a training row of its class."""
    weight = np.ones(learn.classes, dtype=np.float32)
    weight[learn.truth] = learn.weight
    return Problem(vectors, truth, weight[truth], learn.classes)


def _chosen(learn: Problem, check: Problem, groups: Classes, progress: Progress, say: Say) -> Choice:
    """By validation where it says enough, else by folds of the training photos, as far as there are any."""
    rehearsals = [Rehearsal(learn, check)]
    if not _enough(check):
        rehearsals = _folded(learn, groups)
        if not rehearsals:
            progress.note(
                say("There are too few photos to choose the regularisation; the usual one was taken.")
            )
            nothing = np.empty(0, dtype=np.int64)
            return Choice(_USUAL_STRENGTH, (), np.empty((0, learn.classes)), nothing)
        progress.note(say("Validation is small or lacks a class; cross-validation chose the regularisation."))
    return choose(rehearsals, progress.track(STRENGTHS, what=say("Fitting the head")))


def _enough(check: Problem) -> bool:
    complete = len(np.unique(check.truth)) == check.classes
    return len(check.truth) >= (_FEWEST_TO_CHOOSE if complete else _PLENTY_PER_CLASS * check.classes)


def _folded(learn: Problem, groups: Classes) -> list[Rehearsal]:
    """Each fold looks only at rows whose class is also in what it learns from."""
    folds = folds_of(learn.truth, groups)
    parts = [(learn.rows(folds != fold), learn.rows(folds == fold)) for fold in np.unique(folds[folds >= 0])]
    taught = [Rehearsal(rest, held.rows(np.isin(held.truth, rest.truth))) for rest, held in parts]
    return [one for one in taught if len(one.check.truth)]


def _temperature(fitted: Linear, check: Problem, choice: Choice, progress: Progress, say: Say) -> float:
    if len(check.truth) >= _FEWEST_TO_CALIBRATE:
        return fit_temperature(fitted.logits(check.vectors), check.truth)
    if len(choice.truth) >= _FEWEST_TO_CALIBRATE:
        return fit_temperature(choice.logits, choice.truth)
    progress.note(say("There are too few photos to calibrate on, so take scores with a grain of salt."))
    return 1.0
