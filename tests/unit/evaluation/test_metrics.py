from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as judge

from taxolens.evaluation.metrics import (
    confusion_matrix,
    f1_of,
    log_loss,
    macro_f1_of,
    precision_of,
    rank_of_truth,
    recall_of,
)


def answers(seed: int, n: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, n)
    logits = rng.normal(size=(n, classes))
    logits[np.arange(n), truth] += 1.5
    powers = np.exp(logits)
    return truth, powers / powers.sum(axis=1, keepdims=True)


@given(st.integers(0, 1000), st.integers(1, 200), st.integers(2, 12))
def test_the_figures_are_those_of_scikit_learn(seed: int, n: int, classes: int) -> None:
    truth, probabilities = answers(seed, n, classes)
    best, labels = probabilities.argmax(axis=1), np.arange(classes)
    matrix = confusion_matrix(truth, best, classes)
    right, called, support = np.diag(matrix) * 1.0, matrix.sum(axis=0) * 1.0, matrix.sum(axis=1) * 1.0
    precision, recall, f1, counted = judge.precision_recall_fscore_support(
        truth, best, labels=labels, zero_division=0
    )

    assert (matrix == judge.confusion_matrix(truth, best, labels=labels)).all()
    assert precision_of(right, called) == pytest.approx(precision)
    assert recall_of(right, support) == pytest.approx(recall)
    assert f1_of(right, called, support) == pytest.approx(f1)
    assert macro_f1_of(right, called, support) == pytest.approx(f1[counted > 0].mean())
    assert log_loss(probabilities, truth) == pytest.approx(
        judge.log_loss(truth, probabilities, labels=labels)
    )


@given(st.integers(0, 1000), st.integers(1, 100), st.integers(7, 12))
def test_the_five_best_are_those_of_scikit_learn(seed: int, n: int, classes: int) -> None:
    truth, probabilities = answers(seed, n, classes)
    expected = judge.top_k_accuracy_score(truth, probabilities, k=5, labels=np.arange(classes))

    assert (rank_of_truth(probabilities, truth) < 5).mean() == pytest.approx(expected)


def test_of_equal_scores_the_first_class_is_the_answer() -> None:
    level = np.full((4, 4), 0.25)

    assert rank_of_truth(level, np.arange(4)).tolist() == [0, 1, 2, 3]


def test_a_truth_held_impossible_costs_much_but_not_endlessly() -> None:
    assert log_loss(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(-np.log(1e-15))


def test_a_class_that_nobody_saw_or_named_scores_nought_and_does_not_count_in_the_mean() -> None:
    right, called, support = np.array([3.0, 0.0]), np.array([3.0, 0.0]), np.array([3.0, 0.0])

    assert f1_of(right, called, support).tolist() == [1.0, 0.0]
    assert macro_f1_of(right, called, support) == 1.0
