from __future__ import annotations

import json
import time

import numpy as np
import pytest
from sklearn import metrics

from taxolens.evaluation.answers import Answers
from taxolens.evaluation.document import to_json
from taxolens.evaluation.judge import judge
from taxolens.evaluation.result import ClassificationResult, Interval


def answers(
    n: int, classes: int, *, signal: float = 2.0, groups: int | None = None, seed: int = 0
) -> Answers:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, n)
    logits = rng.normal(size=(n, classes))
    logits[np.arange(n), truth] += signal
    powers = np.exp(logits)
    return Answers(
        labels=tuple(f"taxon {index}" for index in range(classes)),
        names=tuple(f"{index}.jpg" for index in range(n)),
        truth=truth,
        probabilities=powers / powers.sum(axis=1, keepdims=True),
        groups=None if groups is None else rng.integers(0, groups, n),
    )


def judged(given: Answers, seed: int = 0) -> ClassificationResult:
    return judge(
        given, precision=0.95, temperature=1.5, conformal_quantile=0.8, conformal_coverage=0.95, seed=seed
    )


def intervals(result: ClassificationResult) -> list[Interval]:
    each = [one for row in result.classes for one in (row.precision, row.recall, row.f1)]
    return [result.accuracy, result.macro_f1, result.top5, *each]


def test_the_figures_are_those_of_scikit_learn() -> None:
    given = answers(400, 8)
    best = given.probabilities.argmax(axis=1)

    found = judged(given)

    assert found.accuracy.value == pytest.approx(metrics.accuracy_score(given.truth, best))
    assert found.macro_f1.value == pytest.approx(metrics.f1_score(given.truth, best, average="macro"))
    assert found.top5.value == pytest.approx(
        metrics.top_k_accuracy_score(given.truth, given.probabilities, k=5)
    )
    assert found.loss == pytest.approx(metrics.log_loss(given.truth, given.probabilities))
    assert np.array_equal(found.confusion, metrics.confusion_matrix(given.truth, best))
    report = metrics.classification_report(given.truth, best, output_dict=True)
    for index, row in enumerate(found.classes):
        assert row.f1.value == pytest.approx(report[str(index)]["f1-score"])
        assert row.support == report[str(index)]["support"]


@pytest.mark.parametrize("groups", [None, 1, 20])
def test_every_interval_holds_its_value_and_lies_between_nought_and_one(groups: int | None) -> None:
    found = judged(answers(150, 12, groups=groups))

    assert all(0 <= one.low <= one.value <= one.high <= 1 for one in intervals(found))
    assert found.groups == groups


def test_ninety_of_ninety_do_not_claim_to_be_everything() -> None:
    found = judged(answers(90, 3, signal=50))

    assert all(one.value == 1 and one.high == 1 and 0.7 < one.low < 0.99 for one in intervals(found))


def test_nothing_right_does_not_claim_to_be_nothing() -> None:
    given = answers(30, 3)
    wrong = Answers(
        given.labels, given.names, (given.probabilities.argmax(axis=1) + 1) % 3, given.probabilities
    )

    found = judged(wrong)

    assert found.accuracy.value == 0 and found.accuracy.high > 0.05


def test_one_photo_can_be_judged() -> None:
    found = judged(answers(1, 3, groups=1))

    assert found.n == 1
    assert found.accuracy.high - found.accuracy.low > 0.5


def test_the_most_confident_errors_come_first() -> None:
    found = judged(answers(600, 5, signal=0.5))

    scores = [one.score for one in found.errors]
    assert len(scores) == 24
    assert scores == sorted(scores, reverse=True)
    assert all(one.truth != one.predicted for one in found.errors)


def test_of_photos_that_belong_together_one_error_is_shown() -> None:
    given = answers(300, 5, signal=0.2, groups=20)
    groups = dict(zip(given.names, given.groups.tolist(), strict=True))  # type: ignore[union-attr]

    errors = judged(given).errors

    shown = [groups[error.name] for error in errors]
    assert len(shown) == len(set(shown)) > 5
    alone = judged(answers(300, 5, signal=0.2)).errors
    assert errors[0] == alone[0], "the surest of all is among them"


def test_the_random_sample_depends_on_the_seed_alone() -> None:
    given = answers(100, 3)

    assert judged(given).sample == judged(given).sample
    assert judged(given, seed=1).sample != judged(given).sample
    assert len({one.name for one in judged(given).sample}) == 24


def test_calibration_before_is_that_of_the_logits_without_temperature() -> None:
    given = answers(500, 4)
    logits = np.log(given.probabilities)
    cooled = np.exp(logits / 3) / np.exp(logits / 3).sum(axis=1, keepdims=True)

    plain = judge(given, precision=0.95, temperature=None, conformal_quantile=None, conformal_coverage=None)
    tempered = judge(
        Answers(given.labels, given.names, given.truth, cooled),
        precision=0.95,
        temperature=3.0,
        conformal_quantile=None,
        conformal_coverage=None,
    )

    assert plain.before is None and plain.conformal is None
    assert tempered.before is not None
    assert tempered.before.ece == pytest.approx(plain.calibration.ece)
    assert tempered.calibration.ece != pytest.approx(plain.calibration.ece)


def test_no_photos_are_no_reason_to_crash() -> None:
    empty = Answers(("a", "b"), (), np.empty(0, dtype=np.int64), np.empty((0, 2)))

    assert json.dumps(to_json(judged(empty)), allow_nan=False)


@pytest.mark.parametrize("groups", [None, 15])
def test_the_document_is_plain_json(groups: int | None) -> None:
    given = answers(120, 7, groups=groups)

    document = json.loads(json.dumps(to_json(judged(given)), allow_nan=False))

    asked = {"accuracy", "loss", "macro_f1", "top5", "ece", "n", "per_class", "confusion"}
    more = {"intervals", "ece_before", "groups", "automatic", "conformal", "coverage_curve"}
    assert asked | more <= set(document)
    assert all(isinstance(document[key], float) for key in ("accuracy", "loss", "macro_f1", "top5", "ece"))
    assert {"precision", "recall", "f1", "support"} <= set(document["per_class"]["taxon 3"])
    assert document["confusion"]["labels"] == list(given.labels)
    assert np.sum(document["confusion"]["matrix"]) == document["n"] == 120
    low, high = document["intervals"]["accuracy"]
    assert low <= document["accuracy"] <= high


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "classes", "groups", "seconds"),
    [(1000, 12, None, 15), (24000, 10, None, 15), (24000, 10, 4000, 15), (5000, 1000, 700, 15)],
)
def test_judging_is_quick(n: int, classes: int, groups: int | None, seconds: int) -> None:
    given = answers(n, classes, groups=groups)
    begin = time.process_time()

    judged(given)

    assert time.process_time() - begin < seconds
