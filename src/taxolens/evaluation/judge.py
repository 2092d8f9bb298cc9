"""From answers to everything that a report says of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taxolens.evaluation.answers import Answers
from taxolens.evaluation.bootstrap import Limits, Spread, spread
from taxolens.evaluation.calibration import at_temperature, conformal_result, reliability
from taxolens.evaluation.coverage import automatic_point, coverage_curve
from taxolens.evaluation.limits import f1_limits, mean_limits, wilson
from taxolens.evaluation.metrics import (
    confusion_matrix,
    f1_of,
    log_loss,
    macro_f1_of,
    precision_of,
    rank_of_truth,
    recall_of,
)
from taxolens.evaluation.result import (
    Calibration,
    ClassificationResult,
    ClassResult,
    Interval,
    Mistake,
)

_NEAR = 5
_SHOWN = 24
Floats = NDArray[np.float64]
Pair = tuple[float, float]


def judge(
    answers: Answers,
    *,
    precision: float,
    temperature: float | None,
    conformal_quantile: float | None,
    conformal_coverage: float | None,
    seed: int = 0,
) -> ClassificationResult:
    """Judges a classifier by its answers.

    Intervals are those of the bootstrap, by group where groups are known, and never narrower than those of a
    formula that knows how little a handful of photos says.

    Args:
        precision: accuracy asked of answers that are accepted automatically, 0..1.
        temperature: what the logits were divided by; None where the model has no such thing.
        conformal_quantile: see `taxolens.evaluation.calibration`; None: no sets are judged.
        conformal_coverage: coverage for which the quantile was chosen.
        seed: of the resampling and of the random sample.
    """
    if not answers.n:
        return _nothing(answers)
    truth, probabilities = answers.truth, answers.probabilities
    predicted = probabilities.argmax(axis=1).astype(np.int64)
    near = rank_of_truth(probabilities, truth) < _NEAR
    matrix = confusion_matrix(truth, predicted, len(answers.labels))
    drawn = spread(truth, predicted, near, len(answers.labels), groups=answers.groups, seed=seed)
    score, right = probabilities.max(axis=1), predicted == truth
    sets = conformal_quantile is not None and conformal_coverage is not None
    return ClassificationResult(
        labels=answers.labels,
        n=answers.n,
        groups=None if answers.groups is None else len(np.unique(answers.groups)),
        accuracy=_share(right, drawn.accuracy),
        macro_f1=_macro_f1(matrix, drawn),
        top5=_share(near, drawn.top5),
        loss=log_loss(probabilities, truth),
        classes=_classes(answers.labels, matrix, drawn),
        confusion=tuple(tuple(row) for row in matrix.tolist()),
        calibration=reliability(probabilities, truth),
        before=reliability(at_temperature(probabilities, temperature), truth) if temperature else None,
        coverage=coverage_curve(score, right),
        automatic=automatic_point(score, right, precision),
        conformal=conformal_result(probabilities, truth, conformal_quantile or 0.0, conformal_coverage or 0.0)
        if sets
        else None,
        errors=_mistakes(answers, predicted, score, _surest_errors(score, right, answers.groups)),
        sample=_mistakes(answers, predicted, score, _random(answers.n, seed)),
    )


def _nothing(answers: Answers) -> ClassificationResult:
    unknown = Interval(0.0, 0.0, 1.0)
    return ClassificationResult(
        labels=answers.labels,
        n=0,
        groups=None,
        accuracy=unknown,
        macro_f1=unknown,
        top5=unknown,
        loss=0.0,
        classes=tuple(ClassResult(label, unknown, unknown, unknown, 0) for label in answers.labels),
        confusion=tuple((0,) * len(answers.labels) for _ in answers.labels),
        calibration=Calibration(0.0, ()),
        before=None,
        coverage=(),
        automatic=None,
        conformal=None,
        errors=(),
        sample=(),
    )


def _share(right: NDArray[np.bool_], drawn: Limits) -> Interval:
    return _outer(
        float(right.mean()), drawn, wilson(np.array(float(right.sum())), np.array(float(len(right))))
    )


def _outer(value: float, first: Limits | Pair, second: Limits | Pair) -> Interval:
    """The wider of two intervals, on each side."""
    low, high = min(float(first[0]), float(second[0])), max(float(first[1]), float(second[1]))
    return Interval(value, min(low, value), max(high, value))


def _macro_f1(matrix: NDArray[np.int64], drawn: Spread) -> Interval:
    right, called, support = _counts(matrix)
    present = support > 0
    each = f1_of(right, called, support)[present]
    low, high = f1_limits(right[present], called[present], support[present])
    return _outer(float(macro_f1_of(right, called, support)), drawn.macro_f1, mean_limits(each, low, high))


def _classes(labels: tuple[str, ...], matrix: NDArray[np.int64], drawn: Spread) -> tuple[ClassResult, ...]:
    right, called, support = _counts(matrix)
    precision = (precision_of(right, called), drawn.precision, wilson(right, called))
    recall = (recall_of(right, support), drawn.recall, wilson(right, support))
    f1 = (f1_of(right, called, support), drawn.f1, f1_limits(right, called, support))
    return tuple(
        ClassResult(label, _at(index, *precision), _at(index, *recall), _at(index, *f1), int(support[index]))
        for index, label in enumerate(labels)
    )


def _at(index: int, value: Floats, first: Limits, second: Limits) -> Interval:
    return _outer(
        float(value[index]), (first[0][index], first[1][index]), (second[0][index], second[1][index])
    )


def _counts(matrix: NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """Right answers, answers and images of each class."""
    exact = matrix.astype(np.float64)
    return np.diag(exact), exact.sum(axis=0), exact.sum(axis=1)


def _surest_errors(
    score: Floats, right: NDArray[np.bool_], groups: NDArray[np.int64] | None
) -> NDArray[np.int64]:
    """The wrong answers with the highest scores; of photos that belong together only the first is shown,
    lest one burst fill the page."""
    wrong = np.flatnonzero(~right)
    surest = wrong[np.argsort(-score[wrong], kind="stable")]
    if groups is not None:
        _, first = np.unique(groups[surest], return_index=True)
        surest = surest[np.sort(first)]
    return surest[:_SHOWN]


def _random(n: int, seed: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).permutation(n)[:_SHOWN]


def _mistakes(
    answers: Answers, predicted: NDArray[np.int64], score: Floats, rows: NDArray[np.int64]
) -> tuple[Mistake, ...]:
    return tuple(
        Mistake(
            answers.names[row],
            answers.labels[answers.truth[row]],
            answers.labels[predicted[row]],
            float(score[row]),
        )
        for row in rows.tolist()
    )
