from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, permutation_test
from sklearn.metrics import f1_score

from taxolens.core.errors import UsageError
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.paired import (
    Outcomes,
    Paired,
    compare_paired,
    holm,
    mcnemar_p,
    paired_limits,
    sign_flip_p,
)


def answers(truth: np.ndarray, called: np.ndarray, classes: int, groups: np.ndarray | None = None) -> Answers:
    probabilities = np.full((len(truth), classes), 0.1 / classes)
    probabilities[np.arange(len(truth)), called] += 0.9
    labels = tuple(f"class {number}" for number in range(classes))
    names = tuple(f"{row}.jpg" for row in range(len(truth)))
    return Answers(labels, names, truth.astype(np.int64), probabilities, groups)


def compared(
    truth: np.ndarray, first: np.ndarray, second: np.ndarray, groups: np.ndarray | None = None
) -> Paired:
    classes = int(max(truth.max(), first.max(), second.max())) + 1
    return compare_paired(answers(truth, first, classes, groups), answers(truth, second, classes, groups))


def said(rng: np.random.Generator, truth: np.ndarray, right: float, classes: int = 3) -> np.ndarray:
    return np.where(rng.random(len(truth)) < right, truth, rng.integers(0, classes, len(truth)))


# --- the tests


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_is_the_binomial_test_of_the_photos_on_which_they_differ(one: int, other: int) -> None:
    expected = binomtest(one, one + other, 0.5).pvalue if one + other else 1.0
    assert mcnemar_p(one, other) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("one", "other", "p"),
    [
        # 2 (1/2)^6; 2 (1 + 10) (1/2)^10; as often one as the other; never
        (0, 6, 2 / 64),
        (1, 9, 22 / 1024),
        (7, 7, 1.0),
        (0, 0, 1.0),
        # 2 sum of C(25, k) for k up to 5, over 2^25, by hand
        (5, 20, 2 * (1 + 25 + 300 + 2300 + 12650 + 53130) / 2**25),
    ],
)
def test_mcnemar_by_hand(one: int, other: int, p: float) -> None:
    assert mcnemar_p(one, other) == pytest.approx(p) == mcnemar_p(other, one)


@given(st.lists(st.integers(-6, 6), min_size=0, max_size=9))
def test_flipping_signs_counts_all_the_ways(numbers: list[int]) -> None:
    sums = [
        abs(sum(s * n for s, n in zip(signs, numbers, strict=True)))
        for signs in product((-1, 1), repeat=len(numbers))
    ]
    expected = np.mean([one >= abs(sum(numbers)) for one in sums])
    assert sign_flip_p(np.array(numbers, dtype=np.int64)) == pytest.approx(expected, abs=1e-9)


@given(st.integers(0, 60), st.integers(0, 60))
def test_flipping_signs_of_single_photos_is_mcnemar(one: int, other: int) -> None:
    differences = np.array([-1] * one + [1] * other + [0] * 5, dtype=np.int64)
    assert sign_flip_p(differences) == pytest.approx(mcnemar_p(one, other), abs=1e-9)


def test_flipping_signs_agrees_with_scipy() -> None:
    differences = np.array([3, -1, 4, 1, -5, 9, 2, 6, 0, 3])
    exact = permutation_test(
        (differences,), np.sum, permutation_type="samples", n_resamples=np.inf, vectorized=False
    )
    assert sign_flip_p(differences) == pytest.approx(exact.pvalue)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_by_its_definition(p_values: list[float]) -> None:
    adjusted = holm(tuple(p_values))
    for level in np.linspace(0.001, 0.999, 7):
        rejected = set()
        for rank, place in enumerate(sorted(range(len(p_values)), key=lambda one: p_values[one])):
            if p_values[place] * (len(p_values) - rank) > level:
                break
            rejected.add(place)
        assert {place for place, p in enumerate(adjusted) if p <= level} == rejected


def test_holm_of_one_test_changes_nothing() -> None:
    assert holm((0.04,)) == (0.04,)
    assert holm(()) == ()
    assert holm((0.01, 0.04, 0.03)) == pytest.approx((0.03, 0.06, 0.06))


# --- counts and differences


def test_photos_are_counted_by_who_is_right() -> None:
    truth = np.array([0, 0, 1, 1, 2, 2, 0])
    first = np.array([0, 0, 1, 0, 0, 1, 1])
    second = np.array([0, 1, 1, 1, 2, 0, 2])
    found = compared(truth, first, second)
    assert found.outcomes == Outcomes(both=2, only_first=1, only_second=2, neither=2)
    assert found.accuracy.value == pytest.approx(1 / 7)
    expected = f1_score(truth, second, average="macro") - f1_score(truth, first, average="macro")
    assert found.macro_f1.value == pytest.approx(expected)
    assert found.mcnemar == found.p == mcnemar_p(1, 2)


@given(st.integers(0, 2**31), st.integers(2, 60), st.booleans())
def test_turned_around_everything_changes_its_sign(seed: int, n: int, grouped: bool) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n)
    one, other = said(rng, truth, 0.7), said(rng, truth, 0.5)
    groups = rng.integers(0, max(2, n // 4), n) if grouped else None
    there, back = compared(truth, one, other, groups), compared(truth, other, one, groups)
    assert there.p == pytest.approx(back.p, abs=1e-9)
    for name in ("accuracy", "macro_f1"):
        left, right = getattr(there, name), getattr(back, name)
        assert left.value == pytest.approx(-right.value)
        assert -1 <= left.low <= left.value <= left.high <= 1
        assert left.low == pytest.approx(-right.high)
        assert left.high == pytest.approx(-right.low)


def test_a_model_differs_in_nothing_from_itself_but_a_handful_of_photos_leaves_doubt() -> None:
    truth = np.array([0, 1, 2] * 8)
    found = compared(truth, truth, truth)
    assert (found.accuracy.value, found.macro_f1.value, found.p) == (0, 0, 1)
    for figure in (found.accuracy, found.macro_f1):
        assert figure.low < -0.04 and figure.high > 0.04


def test_drawing_kinds_is_drawing_photos() -> None:
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 3, 180)
    one, other = said(rng, truth, 0.6), said(rng, truth, 0.8)
    draws = []
    for row in rng.integers(0, 180, (250, 180)):
        scores = [f1_score(truth[row], called[row], average="macro") for called in (one, other)]
        draws.append((*scores, (one == truth)[row].mean(), (other == truth)[row].mean()))
    table = np.array(draws)
    found = compared(truth, one, other)
    f1 = np.quantile(table[:, 1] - table[:, 0], [0.025, 0.975])
    accuracy = np.quantile(table[:, 3] - table[:, 2], [0.025, 0.975])
    assert [found.macro_f1.low, found.macro_f1.high] == pytest.approx(f1, abs=0.04)
    assert [found.accuracy.low, found.accuracy.high] == pytest.approx(accuracy, abs=0.04)


def test_photos_of_one_event_count_together() -> None:
    rng = np.random.default_rng(1)
    event = np.repeat(np.arange(12), 25)
    truth = np.zeros(300, dtype=np.int64)
    one = np.zeros(300, dtype=np.int64)
    other = np.where((rng.random(12) < 0.4)[event], 1, 0)
    alone, together = compared(truth, one, other), compared(truth, one, other, event)
    assert together.groups == 12 and alone.groups is None
    assert together.mcnemar == alone.mcnemar < 1e-6
    assert together.p == pytest.approx(mcnemar_p(int((other[::25] == 1).sum()), 0))
    assert together.accuracy.high - together.accuracy.low > 2 * (alone.accuracy.high - alone.accuracy.low)


def test_answers_on_other_photos_are_not_compared() -> None:
    truth = np.array([0, 1, 0])
    with pytest.raises(UsageError, match="same photos"):
        compare_paired(answers(truth, truth, 2), answers(truth[:2], truth[:2], 2))
    with pytest.raises(UsageError, match="same photos"):
        compare_paired(answers(truth, truth, 2), answers(truth, truth, 3))


def test_the_formula_gives_the_figures_of_its_definition() -> None:
    # (8.5 - 3.5) / 102 with the standard error sqrt(12 - 25 / 102) / 102
    low, high = paired_limits(Outcomes(both=60, only_first=3, only_second=8, neither=29))
    half = 1.959964 * np.sqrt(12 - 25 / 102) / 102
    assert (low, high) == pytest.approx((5 / 102 - half, 5 / 102 + half), rel=1e-5)


# --- by simulation


@pytest.mark.slow
@pytest.mark.parametrize("grouped", [False, True])
def test_intervals_hold_the_true_difference_as_often_as_they_promise(grouped: bool) -> None:
    rng = np.random.default_rng(7)
    trials, n, size = 300, 240, 6 if grouped else 1
    truth, one, other = _drawn(rng, 300_000, 1)
    f1 = [float(f1_score(truth, called, average="macro")) for called in (one, other)]
    true = {
        "accuracy": float((other == truth).mean() - (one == truth).mean()),
        "macro_f1": f1[1] - f1[0],
    }
    held = dict.fromkeys(true, 0)
    for _ in range(trials):
        groups = np.repeat(np.arange(n // size), size) if grouped else None
        found = compared(*_drawn(rng, n, size), groups)
        for name, value in true.items():
            figure = getattr(found, name)
            held[name] += figure.low <= value <= figure.high
    for name, times in held.items():
        assert times / trials >= 0.92, (name, times / trials)


@pytest.mark.slow
@pytest.mark.parametrize("grouped", [False, True])
def test_models_that_are_equally_good_are_rarely_told_apart(grouped: bool) -> None:
    rng = np.random.default_rng(11)
    trials, n, size = 400, 180, 6
    events = n // size if grouped else n
    told = 0
    for _ in range(trials):
        hard = rng.beta(2, 1, events)
        right = [np.repeat(rng.random(events) < hard, n // events) for _ in range(2)]
        truth = np.zeros(n, dtype=np.int64)
        groups = np.repeat(np.arange(events), n // events) if grouped else None
        told += compared(truth, (~right[0]).astype(int), (~right[1]).astype(int), groups).p < 0.05
    assert told / trials <= 0.07


def _drawn(rng: np.random.Generator, n: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth and the answers of two models of which the second is the better one."""
    events = n // size
    truth = np.repeat(rng.choice(3, events, p=[0.6, 0.3, 0.1]), size)
    hard = np.repeat(rng.random(events), size)
    wrong = (truth + 1 + rng.integers(0, 2, n)) % 3
    noise = rng.normal(0, 0.15, (2, n))
    return (
        truth,
        np.where(hard + noise[0] < 0.7, truth, wrong),
        np.where(hard + noise[1] < 0.8, truth, wrong),
    )
