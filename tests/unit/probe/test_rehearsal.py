from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, log_loss

from taxolens.probe.regression import Problem
from taxolens.probe.rehearsal import STRENGTHS, Rehearsal, choose, folds_of


def problem(seed: int, n: int, noise: float) -> Problem:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n)
    vectors = np.eye(20)[truth] + rng.normal(scale=noise, size=(n, 20))
    return Problem(vectors.astype(np.float32), truth, np.ones(n, dtype=np.float32), 3)


def test_the_strength_with_the_least_loss_on_unseen_rows_is_chosen() -> None:
    learn, check = problem(0, 90, 1.0), problem(1, 200, 1.0)

    found = choose([Rehearsal(learn, check)])

    best = min(found.trials, key=lambda trial: trial.loss)
    powers = np.exp(found.logits)
    believed = powers / powers.sum(axis=1, keepdims=True)
    assert found.strength == best.regularisation
    assert best.loss == pytest.approx(log_loss(check.truth, believed))
    assert best.accuracy == pytest.approx(accuracy_score(check.truth, believed.argmax(axis=1)))
    assert found.maps[0].logits(check.vectors) == pytest.approx(found.logits)


def test_the_path_ends_once_two_strengths_in_a_row_were_worse() -> None:
    found = choose([Rehearsal(problem(0, 90, 1.0), problem(1, 200, 1.0))])

    losses = [trial.loss for trial in found.trials]
    assert len(losses) == losses.index(min(losses)) + 3 < len(STRENGTHS)


def test_several_rehearsals_are_judged_together() -> None:
    parts = [
        Rehearsal(problem(0, 90, 1.0), problem(1, 30, 1.0)),
        Rehearsal(problem(2, 90, 1.0), problem(3, 50, 1.0)),
    ]

    found = choose(parts)

    assert len(found.maps) == 2
    assert found.logits.shape == (80, 3)
    assert np.array_equal(found.truth, np.concatenate([part.check.truth for part in parts]))


@given(st.integers(0, 1000), st.integers(1, 120), st.integers(1, 6), st.integers(1, 40))
def test_folds_part_no_group_and_leave_every_class_something_to_learn(
    seed: int, n: int, classes: int, groups: int
) -> None:
    rng = np.random.default_rng(seed)
    group = rng.integers(0, groups, n)
    truth = rng.integers(0, classes, groups)[group]

    folds = folds_of(truth, group)

    assert all(len(np.unique(folds[group == one])) == 1 for one in np.unique(group))
    for fold in np.unique(folds[folds >= 0]):
        assert set(truth[folds == fold]) <= set(truth[folds != fold])


def test_folds_are_about_as_large() -> None:
    folds = folds_of(np.arange(500) % 7, np.arange(500))

    assert np.bincount(folds).tolist() == pytest.approx([100] * 5, abs=1)
    assert (folds >= 0).all()
