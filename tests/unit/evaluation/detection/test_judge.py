"""Judging a detector by its boxes: figures whose right values are known by hand, or by counting again."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxolens.core.errors import DataError
from taxolens.core.geometry import Box
from taxolens.core.records import Annotation
from taxolens.evaluation.detection.answers import Boxes, Scene, ScoredBox, ranked
from taxolens.evaluation.detection.coco import coco_figures, mean_known
from taxolens.evaluation.detection.document import to_json
from taxolens.evaluation.detection.judge import judge_boxes, judge_scenes
from taxolens.evaluation.detection.matching import overlaps
from taxolens.evaluation.detection.resampling import Resampling
from taxolens.evaluation.detection.result import DetectionResult, ErrorKind
from tests.unit.evaluation.detection.drawn_boxes import answers, random_answers

CAT, DOG = "cat", "dog"
HERE = Box(0.1, 0.1, 0.2, 0.2)
BESIDE = Box(0.2, 0.1, 0.2, 0.2)  # overlaps HERE by a third
FAR = Box(0.7, 0.7, 0.2, 0.2)


def scene(
    truth: list[tuple[str, Box]],
    found: list[tuple[str, Box, float]],
    name: str = "a.jpg",
    group: str | None = None,
) -> Scene:
    return Scene(
        name,
        1000,
        800,
        tuple(Annotation(*one) for one in truth),
        tuple(ScoredBox(*one) for one in found),
        group,
    )


def judged(*scenes: Scene, score: float | None = 0.5) -> DetectionResult:
    return judge_scenes(scenes, (CAT, DOG), score=score)


def kinds(result: DetectionResult) -> dict[ErrorKind, int]:
    return {one.kind: one.count for one in result.errors if one.count}


# --- what is wrong with a box


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], {ErrorKind.MISSED: 1}),
        ([(CAT, HERE, 0.9)], {}),
        ([(DOG, HERE, 0.9)], {ErrorKind.LABEL: 1}),
        ([(CAT, BESIDE, 0.9)], {ErrorKind.PLACE: 1}),
        ([(DOG, BESIDE, 0.9)], {ErrorKind.BOTH: 1, ErrorKind.MISSED: 1}),
        ([(CAT, HERE, 0.9), (CAT, HERE, 0.8)], {ErrorKind.DUPLICATE: 1}),
        ([(CAT, FAR, 0.9)], {ErrorKind.BACKGROUND: 1, ErrorKind.MISSED: 1}),
        ([(CAT, HERE, 0.4)], {ErrorKind.MISSED: 1}),  # below the working point
        ([(CAT, HERE, 0.9), (CAT, FAR, 0.4)], {}),
    ],
)
def test_every_box_has_one_kind_of_error(
    found: list[tuple[str, Box, float]], expected: dict[ErrorKind, int]
) -> None:
    assert kinds(judged(scene([(CAT, HERE)], found))) == expected


def test_what_an_error_costs_is_what_mending_it_would_bring() -> None:
    # Two cats, one of them called a dog: mending the name finds both; without the dog nothing is gained.
    result = judged(scene([(CAT, HERE), (CAT, FAR)], [(CAT, HERE, 0.9), (DOG, FAR, 0.8)]))
    lost = {one.kind: one.lost for one in result.errors}
    assert result.map50.value == pytest.approx(51 / 101)
    assert lost[ErrorKind.LABEL] == pytest.approx(50 / 101)
    assert lost[ErrorKind.MISSED] == lost[ErrorKind.BACKGROUND] == 0


def test_a_false_find_above_all_others_costs_precision() -> None:
    result = judged(scene([(CAT, HERE)], [(CAT, FAR, 0.9), (CAT, HERE, 0.8)]))
    lost = {one.kind: one.lost for one in result.errors}
    assert result.map50.value == 0.5
    assert lost[ErrorKind.BACKGROUND] == 0.5


# --- confusion, counting, sizes


def test_the_confusion_has_a_place_for_nothing() -> None:
    result = judged(
        scene([(CAT, HERE), (DOG, FAR)], [(DOG, HERE, 0.9), (CAT, Box(0.5, 0.1, 0.1, 0.1), 0.8)]),
    )
    assert result.confusion == ((0, 1, 0), (0, 0, 1), (1, 0, 0))


def test_a_box_of_the_right_class_comes_before_a_surer_one_of_another() -> None:
    result = judged(scene([(CAT, HERE)], [(DOG, HERE, 0.9), (CAT, HERE, 0.6)]))
    assert result.confusion == ((1, 0, 0), (0, 0, 0), (0, 1, 0))


@given(seed=st.integers(0, 2**32 - 1), score=st.sampled_from([0.0, 0.4, 0.75]))
@settings(max_examples=30)
def test_every_box_is_in_the_confusion_once(seed: int, score: float) -> None:
    problem = random_answers(seed)
    result = judge_boxes(problem, score=score)
    matrix = np.array(result.confusion)
    assert matrix[:-1].sum() == len(problem.truth)
    assert matrix[:, :-1].sum() == (problem.score >= score).sum()
    assert matrix[-1, -1] == 0
    for number, one in enumerate(result.classes):
        assert matrix[number].sum() == one.support
        assert matrix[:, number].sum() == one.found
        if one.found:
            assert one.precision.value == matrix[number, number] / one.found
            assert one.precision.low <= one.precision.value <= one.precision.high
        if one.support:
            assert one.recall.value == matrix[number, number] / one.support
    hits = np.trace(matrix)
    wrong = sum(one.count for one in result.errors if one.kind is not ErrorKind.MISSED)
    assert hits + wrong == (problem.score >= score).sum()


def test_counts_are_compared_photo_by_photo() -> None:
    result = judged(
        scene([(CAT, HERE), (CAT, FAR)], [(CAT, HERE, 0.9)], "a.jpg"),
        scene([], [(DOG, HERE, 0.9), (DOG, FAR, 0.9)], "b.jpg"),
        scene([(DOG, HERE)], [(DOG, FAR, 0.9)], "c.jpg"),
    )
    every, cat, dog = result.counting
    assert (every.images, every.bias, every.error) == (3, pytest.approx(1 / 3), 1)
    assert every.exact == pytest.approx(1 / 3)
    assert every.differences == ((-1, 1), (0, 1), (2, 1))
    assert (cat.images, cat.bias) == (1, -1)
    assert (dog.images, dog.error, dog.exact) == (2, 1, 0.5)


def test_recall_is_told_by_size_in_pixels() -> None:
    small, large = Box(0.1, 0.1, 0.02, 0.02), Box(0.4, 0.4, 0.5, 0.5)
    result = judged(scene([(CAT, small), (CAT, large)], [(CAT, large, 0.9)]))
    told = {one.name: (one.support, one.average_recall) for one in result.sizes}
    assert told["small"] == (1, 0) and told["large"] == (1, 1)
    assert told["medium"][0] == 0 and math.isnan(told["medium"][1])


# --- the working point


def test_the_score_with_the_best_f1_is_found() -> None:
    result = judged(
        scene([(CAT, HERE), (CAT, FAR)], [(CAT, HERE, 0.9), (CAT, FAR, 0.3), (CAT, BESIDE, 0.2)]), score=None
    )
    assert result.chosen and result.work.score == 0.3
    assert (result.precision.value, result.recall.value) == (1, 1)


def test_the_score_for_a_precision_is_the_lowest_that_reaches_it() -> None:
    boxes = [(CAT, FAR, 0.9), (CAT, HERE, 0.8), (DOG, Box(0.5, 0.1, 0.1, 0.1), 0.7)]
    result = judge_scenes([scene([(CAT, HERE), (CAT, FAR)], boxes)], (CAT, DOG), precision=0.6)
    assert result.precise is not None and result.precise.score == 0.7
    strict = judge_scenes([scene([(CAT, HERE)], boxes)], (CAT, DOG), precision=0.6)
    assert strict.precise is None


def test_scores_that_mean_what_they_say_are_calibrated() -> None:
    places = [Box(0.1 * n, 0.1, 0.05, 0.05) for n in range(4)]
    found = [(CAT, place, 0.75) for place in places]
    result = judged(scene([(CAT, place) for place in places[:3]], found))
    assert result.calibration.ece == pytest.approx(0)


# --- intervals


def test_a_draw_counts_as_the_photos_it_holds() -> None:
    """The weighted curve against judging a set in which photos are there as often as they were drawn."""
    problem = ranked(random_answers(11, images=8, ties=False), 100)
    pairs = overlaps(problem.truth, problem.found, 0.5)
    own = pairs.at(problem.found.label[pairs.found] == problem.truth.label[pairs.truth])
    right = coco_figures(problem, own).right
    weights = np.array([[2, 0, 1, 1, 3, 0, 1, 0]])
    draws = Resampling(problem, seed=0)
    again = np.repeat(np.arange(8), weights[0])

    def repeated(boxes: Boxes) -> tuple[Boxes, np.ndarray]:
        rows = [np.flatnonzero(boxes.image == image) for image in again]
        all_rows = np.concatenate(rows)
        image = np.repeat(np.arange(len(again)), [len(one) for one in rows])
        return Boxes(image, boxes.label[all_rows], boxes.edges[all_rows]), all_rows

    truth, _ = repeated(problem.truth)
    found, rows = repeated(problem.found)
    copied = ranked(answers(truth, found, problem.score[rows], len(again), 3), 100)
    pairs = overlaps(copied.truth, copied.found, 0.5)
    same = copied.found.label[pairs.found] == copied.truth.label[pairs.truth]
    expected = coco_figures(copied, pairs.at(same)).by_class[0]
    for one in range(3):
        drawn = draws._ap(right, one, weights)[0]
        # Copies of a photo have equal scores, of which COCO takes one after the other
        np.testing.assert_allclose(drawn, expected[:, one], atol=0.03)


def test_intervals_hold_the_figure_and_are_the_same_again() -> None:
    problem = random_answers(4, images=30, true=90)
    first, second = judge_boxes(problem, seed=5), judge_boxes(problem, seed=5)
    assert first.map50 == second.map50
    for figure in (first.map50, first.map50_95, *(one.ap50 for one in first.classes)):
        assert figure.low <= figure.value <= figure.high
    assert first.map50.low < first.map50.high


def test_perfect_boxes_in_few_photos_leave_doubt() -> None:
    result = judged(*(scene([(CAT, HERE)], [(CAT, HERE, 0.9)], f"{n}.jpg") for n in range(5)))
    assert result.map50.value == 1
    assert result.map50.low < 0.7


def test_photos_of_one_group_are_drawn_together() -> None:
    scenes = [
        scene([(CAT, HERE)], [(CAT, HERE if n < 20 else FAR, 0.9)], f"{n}.jpg", group=f"site {n // 20}")
        for n in range(40)
    ]
    grouped = judged(*scenes)
    single = judged(*(Scene(s.name, s.width, s.height, s.truth, s.found) for s in scenes))
    assert grouped.groups == 2 and single.groups is None
    assert grouped.recall.high - grouped.recall.low > single.recall.high - single.recall.low


# --- photos without boxes, classes without truth


def test_photos_without_boxes_and_without_finds_are_judged_too() -> None:
    result = judged(
        scene([], [], "a.jpg"), scene([(CAT, HERE)], [(CAT, HERE, 0.9)], "b.jpg"), scene([], [], "c")
    )
    assert result.n == 3 and result.map50.value == 1
    assert math.isnan(result.classes[1].ap50.value)


def test_nothing_found_is_worth_nothing() -> None:
    result = judged(scene([(CAT, HERE)], []), score=None)
    assert result.map50.value == 0 and result.recall.value == 0
    assert math.isnan(result.precision.value)


def test_without_a_true_box_nothing_can_be_judged() -> None:
    with pytest.raises(DataError, match="No photo has a box"):
        judged(scene([], [(CAT, HERE, 0.5)]))


def test_boxes_beyond_the_limit_are_counted() -> None:
    found = [(CAT, HERE, 0.9 - n / 1000) for n in range(130)]
    result = judged(scene([(CAT, HERE)], found))
    assert (result.limit, result.found, result.left_out) == (100, 100, 30)


# --- examples and the document


def test_misses_and_false_finds_say_what_lay_there() -> None:
    result = judged(scene([(CAT, HERE), (CAT, FAR)], [(DOG, HERE, 0.9), (CAT, FAR, 0.2)]))
    (miss,), (false,) = result.misses, result.false_finds
    assert miss.near is not None and (miss.near.label, miss.near.score) == (CAT, 0.2)
    assert (false.label, false.truth, false.kind) == (DOG, CAT, ErrorKind.LABEL)


def test_the_document_holds_what_programs_ask_for() -> None:
    result = judge_boxes(random_answers(2, classes=3))
    document = json.loads(json.dumps(to_json(result), allow_nan=False))
    assert document["n"] == 6
    assert set(document["recall_by_size"]) == {"small", "medium", "large"}
    assert set(document["per_class"]) == {"kind 0", "kind 1", "kind 2"}
    mean = mean_known(np.array([one.ap50.value for one in result.classes]))
    assert document["map50"] == pytest.approx(mean)


def test_a_class_without_truth_is_null_in_the_document() -> None:
    document = to_json(judged(scene([(CAT, HERE)], [(CAT, HERE, 0.9)])))
    assert document["per_class"][DOG]["ap50"] is None
    json.dumps(document, allow_nan=False)


@pytest.mark.slow
def test_the_interval_of_map50_holds_the_truth_as_often_as_it_says() -> None:
    """Forty photos again and again out of thousands, of which the true figure is known."""
    whole = random_answers(1, images=4000, classes=3, true=12_000, false=5000, ties=False)
    cut = ranked(whole, 100)
    pairs = overlaps(cut.truth, cut.found, 0.5)
    own = pairs.at(cut.found.label[pairs.found] == cut.truth.label[pairs.truth])
    true = coco_figures(cut, own).by_class[0, 0].mean()
    rng = np.random.default_rng(0)
    held = 0
    for trial in range(60):
        number = np.full(4000, -1)
        number[rng.choice(4000, 40, replace=False)] = np.arange(40)
        in_truth, in_found = number[whole.truth.image] >= 0, number[whole.found.image] >= 0
        truth, found = whole.truth.at(in_truth), whole.found.at(in_found)
        sample = answers(
            Boxes(number[truth.image], truth.label, truth.edges),
            Boxes(number[found.image], found.label, found.edges),
            whole.score[in_found],
            40,
            3,
        )
        figure = judge_boxes(sample, seed=trial).map50
        held += figure.low <= true <= figure.high
    assert held >= 48
