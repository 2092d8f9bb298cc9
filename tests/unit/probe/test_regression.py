from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from taxolens.probe.regression import Problem


def problem(seed: int, n: int, d: int, classes: int) -> Problem:
    rng = np.random.default_rng(seed)
    truth = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    middles = rng.normal(size=(classes, d))
    vectors = (middles[truth] + rng.normal(scale=2, size=(n, d))).astype(np.float32)
    vectors -= vectors.mean(axis=0)
    return Problem(vectors, truth, rng.uniform(0.5, 2, n).astype(np.float32), classes)


@given(
    st.integers(0, 1000),
    st.integers(20, 200),
    st.integers(2, 30),
    st.integers(3, 6),
    st.sampled_from([1e-3, 1e-2, 0.1]),
)
@settings(max_examples=20, deadline=None)
def test_the_map_is_the_one_that_scikit_learn_finds(
    seed: int, n: int, d: int, classes: int, strength: float
) -> None:
    given = problem(seed, n, d, classes)
    expected = LogisticRegression(C=strength, tol=1e-8, max_iter=5000).fit(
        given.vectors.astype(np.float64), given.truth, sample_weight=given.weight.astype(np.float64)
    )

    found = given.solve(strength, given.nothing(), tolerance=1e-6)

    assert found.weights == pytest.approx(expected.coef_.T, abs=1e-3)
    believed = softmax(found.logits(given.vectors), axis=1)
    assert believed == pytest.approx(expected.predict_proba(given.vectors), abs=1e-3)


def test_two_classes_make_two_opposite_columns_with_the_same_answers() -> None:
    given = problem(0, 120, 6, 2)
    # |v|^2 / 2 for the one column of scikit-learn is |v / 2|^2 / 2 twice here, half as much: C counts double
    expected = LogisticRegression(C=0.02, tol=1e-8, max_iter=5000).fit(
        given.vectors.astype(np.float64), given.truth, sample_weight=given.weight.astype(np.float64)
    )

    found = given.solve(0.01, given.nothing(), tolerance=1e-6)

    assert found.weights[:, 0] == pytest.approx(-found.weights[:, 1], abs=1e-4)
    believed = softmax(found.logits(given.vectors), axis=1)
    assert believed == pytest.approx(expected.predict_proba(given.vectors), abs=1e-3)


def test_a_warm_start_ends_where_a_cold_one_does() -> None:
    given = problem(1, 200, 10, 4)
    warm = given.solve(0.1, given.solve(0.01, given.nothing()), tolerance=1e-6)
    cold = given.solve(0.1, given.nothing(), tolerance=1e-6)

    assert warm.weights == pytest.approx(cold.weights, abs=1e-3)


def test_a_row_that_counts_twice_is_two_rows() -> None:
    given = problem(2, 60, 5, 3)
    ones = np.ones(60, dtype=np.float32)
    twice = np.concatenate([np.arange(60), np.arange(20)])
    repeated = Problem(given.vectors[twice], given.truth[twice], np.ones(80, dtype=np.float32), 3)
    ones[:20] = 2
    weighed = Problem(given.vectors, given.truth, ones, 3)

    found = weighed.solve(0.1, weighed.nothing(), tolerance=1e-6)

    assert found.weights == pytest.approx(
        repeated.solve(0.1, repeated.nothing(), tolerance=1e-6).weights, abs=1e-3
    )
