"""Names of boxes: which are judged, and what a temperature does to how sure they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from taxolens.core.geometry import Box
from taxolens.core.records import Annotation
from taxolens.evaluation.calibration import shares_at
from taxolens.evaluation.detection.answers import Scene, ScoredBox
from taxolens.evaluation.detection.naming import FEWEST, Namings, name_temperature, naming_result, namings

NAMES = ("lynx", "hare", "fox")
HERE, THERE = Box(0.1, 0.1, 0.3, 0.3), Box(0.6, 0.6, 0.3, 0.3)


def found(box: Box, *scores: float) -> ScoredBox:
    best = int(np.argmax(scores))
    return ScoredBox(NAMES[best], box, scores[best], np.array(scores, np.float32))


def scene(truth: dict[str, Box], *boxes: ScoredBox) -> Scene:
    return Scene("a.jpg", 100, 100, tuple(Annotation(label, box) for label, box in truth.items()), boxes)


def sigmoids(rng: np.random.Generator, n: int, sharpness: float) -> Namings:
    """Scores whose shares are true at the temperature `sharpness`."""
    shares = rng.dirichlet(np.ones(3), n)
    truth = np.array([rng.choice(3, p=one) for one in shares])
    scores = shares**sharpness
    return Namings(scores / scores.max(axis=1, keepdims=True) * 0.9, truth)


def test_a_box_is_judged_by_the_thing_it_lies_on_whatever_it_calls_it() -> None:
    one = scene({"hare": HERE, "fox": THERE}, found(HERE, 0.7, 0.6, 0.1), found(THERE, 0.0, 0.2, 0.8))
    named = namings([one], NAMES)
    assert named.truth.tolist() == [1, 2]
    assert named.scores[0] == pytest.approx([0.7, 0.6, 0.1])


def test_the_surest_box_on_a_thing_counts_and_those_beside_nothing_do_not() -> None:
    elsewhere = Box(0.0, 0.6, 0.2, 0.2)
    one = scene(
        {"hare": HERE}, found(HERE, 0.2, 0.5, 0.0), found(HERE, 0.9, 0.1, 0.0), found(elsewhere, 1, 0, 0)
    )
    named = namings([one, scene({})], NAMES)
    assert named.truth.tolist() == [1]
    assert named.scores[0] == pytest.approx([0.9, 0.1, 0.0])


def test_things_that_the_detector_does_not_know_are_left_out() -> None:
    one = scene({"badger": HERE}, found(HERE, 0.9, 0.1, 0.0))
    assert len(namings([one], NAMES)) == 0
    assert naming_result(namings([one], NAMES), 1.0) is None


@pytest.mark.parametrize("sharpness", [0.5, 3.0])
def test_the_temperature_that_scores_need_is_found_and_mends_them(sharpness: float) -> None:
    named = sigmoids(np.random.default_rng(0), 2000, sharpness)
    temperature = name_temperature(named)
    assert temperature == pytest.approx(sharpness, rel=0.15)
    fresh = naming_result(sigmoids(np.random.default_rng(1), 2000, sharpness), temperature)
    assert fresh is not None
    assert fresh.after.ece < 0.04 < fresh.before.ece
    assert fresh.accuracy > 0.5 and fresh.n == 2000


def test_few_boxes_or_one_class_give_no_temperature() -> None:
    few = sigmoids(np.random.default_rng(0), FEWEST - 1, 4.0)
    assert name_temperature(few) == 1.0
    alone = Namings(np.full((100, 1), 0.5), np.zeros(100, np.int64))
    assert name_temperature(alone) == 1.0
    assert naming_result(alone, 1.0) is None


@given(
    scores=arrays.arrays(np.float64, (5, 4), elements=st.floats(0, 1)).filter(
        lambda rows: rows.any(axis=1).all()
    ),
    temperature=st.floats(0.05, 20),
)
def test_shares_sum_to_one_and_keep_the_order_at_any_temperature(
    scores: np.ndarray, temperature: float
) -> None:
    shares = shares_at(scores, temperature)
    assert shares.sum(axis=1) == pytest.approx(np.ones(5))
    assert (shares >= 0).all() and (shares[scores == 0] == 0).all()
    for row, own in zip(shares, scores, strict=True):
        assert (np.diff(row[np.argsort(-own, kind="stable")]) <= 1e-12).all()
    np.testing.assert_allclose(shares_at(scores, 1.0), scores / scores.sum(axis=1, keepdims=True))
