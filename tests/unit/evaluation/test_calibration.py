from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from sklearn.metrics import log_loss

from taxolens.evaluation.calibration import (
    at_temperature,
    conformal_quantile,
    conformal_result,
    conformal_sets,
    fit_temperature,
    reliability,
    unsure_threshold,
)


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def drawn(seed: int, n: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits whose softmax is the true chance of each class."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=2, size=(n, classes))
    return logits, (logits + rng.gumbel(size=(n, classes))).argmax(axis=1)


def two(score: list[float], right: list[bool]) -> tuple[np.ndarray, np.ndarray]:
    """Answers of a model of two classes that always says the first."""
    best = np.array(score)
    return np.stack([best, 1 - best], axis=1), np.where(right, 0, 1)


@given(st.integers(0, 1000), st.floats(0.3, 4))
@settings(max_examples=25)
def test_with_many_photos_the_temperature_is_the_one_with_the_least_loss(seed: int, heat: float) -> None:
    logits, truth = drawn(seed, 2000, 5)
    logits = logits * heat
    best = minimize_scalar(
        lambda log: log_loss(truth, softmax(logits / np.exp(log)), labels=range(5)),
        bounds=(np.log(0.05), np.log(20)),
        method="bounded",
    )

    assert fit_temperature(logits, truth) == pytest.approx(np.exp(best.x), rel=0.01)
    assert fit_temperature(logits, truth) == pytest.approx(heat, rel=0.15)


def test_photos_without_a_mistake_do_not_make_certainty() -> None:
    truth = np.arange(40) % 2
    logits = np.where(np.eye(2)[truth] > 0, 2.0, -2.0)

    score = softmax(logits / fit_temperature(logits, truth)).max(axis=1)

    assert (score < 0.9975).all()
    assert (score > 0.98).all()


def test_a_temperature_is_kept_within_bounds() -> None:
    logits, truth = np.array([[1.0, 0.0]] * 9), np.ones(9, dtype=np.int64)

    assert fit_temperature(logits, truth) == pytest.approx(20, rel=1e-3)
    assert fit_temperature(np.empty((0, 2)), np.empty(0, dtype=np.int64)) == 1.0


def test_a_class_that_validation_lacks_does_not_matter() -> None:
    logits, truth = drawn(1, 500, 3)
    wider = np.concatenate([logits, np.full((500, 1), -1000.0)], axis=1)

    assert fit_temperature(wider, truth) == pytest.approx(fit_temperature(logits, truth))


@given(st.integers(0, 1000), st.floats(0.2, 5))
def test_a_temperature_can_be_taken_back(seed: int, heat: float) -> None:
    logits, _ = drawn(seed, 20, 4)

    assert at_temperature(softmax(logits / heat), heat) == pytest.approx(softmax(logits), abs=1e-9)


def test_calibration_error_is_the_mean_gap_weighed_by_images() -> None:
    probabilities, truth = two([0.95, 0.95, 0.95, 0.95, 0.62, 0.62], [True, True, True, False, True, False])

    found = reliability(probabilities, truth)

    assert found.ece == pytest.approx((4 * abs(0.95 - 0.75) + 2 * abs(0.62 - 0.5)) / 6)
    assert [(one.count, one.accuracy) for one in found.bins] == [(2, 0.5), (4, 0.75)]


@given(st.integers(0, 1000), st.integers(1, 300))
def test_bins_share_out_the_images(seed: int, n: int) -> None:
    logits, truth = drawn(seed, n, 4)
    found = reliability(softmax(logits), truth)

    assert sum(one.count for one in found.bins) == n
    assert all(one.low <= one.confidence <= one.high + 1e-9 for one in found.bins)
    assert 0 <= found.ece <= 1


def test_a_model_that_knows_its_chances_is_calibrated() -> None:
    logits, truth = drawn(0, 20000, 4)

    assert reliability(softmax(logits), truth).ece < 0.015
    assert reliability(softmax(logits * 3), truth).ece > 0.1


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_sets_hold_the_truth_as_often_as_asked_on_photos_alike(coverage: float) -> None:
    found = []
    for seed in range(60):
        logits, truth = drawn(seed, 400, 6)
        believed = softmax(logits * 1.7)
        quantile = conformal_quantile(believed[:100], truth[:100], coverage)
        inside = conformal_sets(believed[100:], quantile)
        found.append(inside[np.arange(300), truth[100:]].mean())

    assert np.mean(found) >= coverage - 0.012
    assert np.mean(found) <= coverage + 0.03


@given(st.integers(0, 1000), st.integers(1, 60), st.floats(0.5, 0.99))
def test_on_the_photos_it_was_chosen_on_a_quantile_keeps_its_word(seed: int, n: int, coverage: float) -> None:
    logits, truth = drawn(seed, n, 5)
    believed = softmax(logits)
    inside = conformal_sets(believed, conformal_quantile(believed, truth, coverage))

    assert inside[np.arange(n), truth].mean() >= coverage
    assert (inside.sum(axis=1) >= 1).all()
    assert inside[np.arange(n), believed.argmax(axis=1)].all()


def test_too_few_photos_promise_nothing_less_than_every_class() -> None:
    logits, truth = drawn(0, 18, 5)

    assert conformal_quantile(softmax(logits), truth, 0.95) == 1.0
    assert conformal_sets(softmax(logits), 1.0).all()
    assert conformal_quantile(np.empty((0, 5)), np.empty(0, dtype=np.int64), 0.95) == 1.0


def test_nineteen_photos_are_just_enough_for_95_percent() -> None:
    logits, truth = drawn(0, 19, 5)
    believed = softmax(logits)

    assert conformal_quantile(believed, truth, 0.95) == pytest.approx(
        (1 - believed[np.arange(19), truth]).max()
    )


def test_sets_are_counted_by_size() -> None:
    believed = np.array([[0.9, 0.06, 0.04], [0.5, 0.45, 0.05], [0.4, 0.35, 0.25]])

    found = conformal_result(believed, np.array([0, 2, 2]), 0.7, 0.9)

    assert found is not None
    assert found.sizes == (0, 1, 2)
    assert (found.found, found.mean_size, found.asked) == (pytest.approx(1 / 3), pytest.approx(5 / 3), 0.9)


def test_answers_are_sure_down_to_where_they_are_right_often_enough() -> None:
    score = np.linspace(0.99, 0.51, 100).tolist()
    right = [True] * 60 + [False] * 40

    threshold = unsure_threshold(*two(score, right), 0.95)

    assert sum(one >= threshold for one in score) == 63


def test_a_lucky_stretch_further_down_does_not_count() -> None:
    score = np.linspace(0.99, 0.51, 400).tolist()
    right = [True] * 100 + [False] * 30 + [True] * 270

    threshold = unsure_threshold(*two(score, right), 0.9)

    assert sum(one >= threshold for one in score) == 111


@pytest.mark.parametrize(("wrong", "n"), [(1, 100), (3, 1000)])
def test_a_few_wrong_labels_at_the_very_top_do_not_make_everything_unsure(wrong: int, n: int) -> None:
    score = np.linspace(0.99, 0.51, n).tolist()
    right = [False] * wrong + [True] * (n - wrong)

    assert unsure_threshold(*two(score, right), 0.95) == pytest.approx(0.51, abs=1e-6)


def test_where_the_precision_is_out_of_reach_only_answers_above_the_surest_mistake_are_sure() -> None:
    score = [0.99, 0.98, 0.97, *np.linspace(0.9, 0.6, 97).tolist()]
    right = [True] * 3 + [False, True] * 48 + [False]

    threshold = unsure_threshold(*two(score, right), 0.95)

    assert 0.9 < threshold < 0.97
    assert unsure_threshold(*two(score, [False] * 100), 0.95) == 1.0


def test_less_than_half_of_the_belief_is_never_sure() -> None:
    logits, _ = drawn(0, 200, 8)
    believed = softmax(logits * 0.1)

    assert unsure_threshold(believed, believed.argmax(axis=1), 0.95) == 0.5
    assert unsure_threshold(np.empty((0, 8)), np.empty(0, dtype=np.int64), 0.95) == 0.5


def test_the_threshold_stands_clear_of_the_scores_beside_it() -> None:
    score = [0.95] * 40 + [0.6] * 40
    right = [True] * 40 + [False] * 40

    assert unsure_threshold(*two(score, right), 0.95) == pytest.approx(0.775)


@given(
    st.integers(0, 2000), st.integers(1, 300), st.integers(2, 6), st.sampled_from([0.5, 0.8, 0.95, 0.99, 1.0])
)
def test_what_is_sure_on_validation_is_right_as_often_as_asked(
    seed: int, n: int, classes: int, precision: float
) -> None:
    logits, truth = drawn(seed, n, classes)
    believed = softmax(logits * 1.5)
    threshold = unsure_threshold(believed, truth, precision)
    accepted = believed.max(axis=1) >= threshold

    assert 0.5 <= threshold <= 1
    if threshold > 0.5 and accepted.any():
        assert (believed.argmax(axis=1) == truth)[accepted].mean() >= precision - 1e-9
