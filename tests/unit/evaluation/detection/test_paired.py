"""Two detectors on the same photos: what their difference is, and what may be luck."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxolens.core.errors import UsageError
from taxolens.evaluation.detection.answers import BoxAnswers
from taxolens.evaluation.detection.judge import judge_boxes
from taxolens.evaluation.detection.paired import compare_boxes
from tests.unit.evaluation.detection.drawn_boxes import random_answers, random_boxes

SEEDS = st.integers(0, 10_000)


def without(answers: BoxAnswers, share: float, seed: int = 0) -> BoxAnswers:
    """The same detector, that does not find a share of its boxes."""
    kept = np.random.default_rng(seed).random(len(answers.found)) >= share
    return replace(answers, found=answers.found.at(kept), score=answers.score[kept])


@settings(max_examples=12)
@given(SEEDS)
def test_the_difference_is_that_of_the_map_of_both(seed: int) -> None:
    first = random_answers(seed)
    second = without(first, 0.3)
    pair = compare_boxes(first, second, scores=(0.5, 0.5))
    assert pair.first == pytest.approx(judge_boxes(first).map50.value)
    assert pair.difference.value == pytest.approx(pair.second - pair.first)
    assert pair.difference.low <= pair.difference.value <= pair.difference.high
    assert pair.lost_at_most >= pair.first - pair.second


@settings(max_examples=12)
@given(SEEDS)
def test_turned_round_everything_is_turned_round(seed: int) -> None:
    first = random_answers(seed)
    second = without(first, 0.3)
    pair, back = (compare_boxes(*two, scores=(0.4, 0.4)) for two in ((first, second), (second, first)))
    assert back.difference.value == pytest.approx(-pair.difference.value)
    assert back.difference.low == pytest.approx(-pair.difference.high)
    assert [one.lost for one in back.sizes] == pytest.approx([-one.lost for one in pair.sizes])
    assert pair.p == back.p


@settings(max_examples=12)
@given(SEEDS)
def test_the_sizes_make_up_the_whole(seed: int) -> None:
    first = random_answers(seed)
    whole, *parts = compare_boxes(first, without(first, 0.5), scores=(0.3, 0.3)).sizes
    assert whole.outcomes.n == len(first.truth) == sum(one.outcomes.n for one in parts)
    assert whole.outcomes.only_first == sum(one.outcomes.only_first for one in parts)


def test_a_detector_beside_itself_differs_by_nothing_but_what_few_boxes_cannot_show() -> None:
    answers = random_answers(1, true=300, images=40)
    pair = compare_boxes(answers, answers, scores=(0.5, 0.5))
    assert pair.difference.value == 0 and pair.p == 1
    assert pair.lost_at_most == pytest.approx(3 / 300, rel=0.01)


def test_the_bound_is_wide_where_photos_are_few() -> None:
    bounds = []
    for images in (8, 80):
        first = random_answers(5, images=images, true=10 * images, false=0)
        bounds.append(compare_boxes(first, without(first, 0.1), scores=(0, 0)))
    few, many = ((one.lost_at_most - (one.first - one.second)) for one in bounds)
    assert few > many


def test_answers_on_other_photos_are_refused() -> None:
    one, other = random_answers(1, images=6), random_answers(1, images=7)
    with pytest.raises(UsageError, match="same photos"):
        compare_boxes(one, other, scores=(0, 0))


def test_without_a_true_box_nothing_can_be_compared() -> None:
    nothing = replace(random_answers(1), truth=random_boxes(np.random.default_rng(0), 0, 1, 1, 10))
    with pytest.raises(UsageError, match="same photos"):
        compare_boxes(nothing, nothing, scores=(0, 0))
