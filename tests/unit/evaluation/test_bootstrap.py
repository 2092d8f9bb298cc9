from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from taxolens.evaluation.bootstrap import Spread, spread


def drawn(truth: np.ndarray, best: np.ndarray, classes: int, groups: np.ndarray | None = None) -> Spread:
    return spread(truth, best, truth == best, classes, groups=groups, seed=0)


def answers(n: int, classes: int, right: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, classes, n)
    return truth, np.where(rng.random(n) < right, truth, rng.integers(0, classes, n))


def test_drawing_cells_is_drawing_images() -> None:
    truth, best = answers(150, 3, 0.7)
    rng = np.random.default_rng(1)
    rows = rng.integers(0, 150, (1500, 150))
    accuracy = np.quantile((truth == best)[rows].mean(axis=1), [0.025, 0.975])
    macro = np.quantile(
        [f1_score(truth[row], best[row], average="macro") for row in rows[:400]], [0.025, 0.975]
    )

    found = drawn(truth, best, 3)

    assert [float(one) for one in found.accuracy] == pytest.approx(accuracy, abs=0.015)
    assert [float(one) for one in found.macro_f1] == pytest.approx(macro, abs=0.025)


def test_drawing_groups_is_drawing_groups() -> None:
    rng = np.random.default_rng(5)
    groups = rng.integers(0, 12, 300)
    truth = rng.integers(0, 2, 300)
    best = np.where(rng.random(300) < (0.5 + groups / 24), truth, 1 - truth)
    right = truth == best
    chosen = rng.integers(0, 12, (3000, 12))
    hits, sizes = np.bincount(groups, weights=right), np.bincount(groups)
    expected = np.quantile(hits[chosen].sum(axis=1) / sizes[chosen].sum(axis=1), [0.025, 0.975])

    found = drawn(truth, best, 2, groups)

    assert [float(one) for one in found.accuracy] == pytest.approx(expected, abs=0.015)


def test_photos_of_one_event_that_fare_alike_say_less_than_as_many_events() -> None:
    rng = np.random.default_rng(0)
    event = np.repeat(np.arange(30), 20)
    right = (rng.random(30) < 0.7)[event]
    truth = np.zeros(600, dtype=np.int64)
    best = np.where(right, 0, 1)

    alone, together = drawn(truth, best, 2), drawn(truth, best, 2, event)

    def width(one: Spread) -> float:
        return float(one.accuracy[1] - one.accuracy[0])

    assert width(together) > 3 * width(alone)


def test_groups_of_one_image_are_images() -> None:
    truth, best = answers(400, 4, 0.6)

    alone, each = drawn(truth, best, 4), drawn(truth, best, 4, np.arange(400))

    assert np.array(alone.accuracy) == pytest.approx(np.array(each.accuracy), abs=0.01)
    assert np.array(alone.f1) == pytest.approx(np.array(each.f1), abs=0.03)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(11)
    held = 0
    for _ in range(200):
        truth = rng.integers(0, 3, 200)
        best = np.where(rng.random(200) < 0.7, truth, (truth + 1) % 3)
        low, high = drawn(truth, best, 3).accuracy
        held += low <= 0.7 <= high

    assert 180 <= held <= 200


def test_a_class_without_images_can_be_anything() -> None:
    found = drawn(np.array([0, 0, 1]), np.array([0, 1, 1]), 3)

    assert (found.recall[0][2], found.recall[1][2]) == (0.0, 1.0)
    assert (found.f1[0][2], found.f1[1][2]) == (0.0, 1.0)


def test_the_same_seed_draws_the_same() -> None:
    truth, best = answers(50, 3, 0.5)

    assert np.array_equal(drawn(truth, best, 3).f1, drawn(truth, best, 3).f1)
