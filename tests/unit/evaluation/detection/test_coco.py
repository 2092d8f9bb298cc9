"""The figures of COCO against pycocotools, their reference."""

from __future__ import annotations

import contextlib
import io
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from taxolens.evaluation.detection.answers import BoxAnswers, Boxes, ranked, usual_limit
from taxolens.evaluation.detection.coco import CocoFigures, coco_figures
from taxolens.evaluation.detection.matching import overlaps
from tests.unit.evaluation.detection.drawn_boxes import answers, random_answers, random_boxes


def ours(problem: BoxAnswers, limit: int = 100) -> CocoFigures:
    cut = ranked(problem, limit)
    pairs = overlaps(cut.truth, cut.found, 0.5)
    return coco_figures(cut, pairs.at(cut.found.label[pairs.found] == cut.truth.label[pairs.truth]))


def theirs(problem: BoxAnswers, limit: int = 100) -> Any:
    document = {
        "images": [{"id": n + 1} for n in range(problem.n)],
        "categories": [{"id": n + 1, "name": name} for n, name in enumerate(problem.labels)],
        "annotations": [
            {
                "id": n + 1,
                "image_id": int(problem.truth.image[n]) + 1,
                "category_id": int(problem.truth.label[n]) + 1,
                "bbox": problem.truth.edges[n].tolist(),
                "area": float(problem.truth.area[n]),
                "iscrowd": 0,
            }
            for n in range(len(problem.truth))
        ],
    }
    found = [
        {
            "image_id": int(problem.found.image[n]) + 1,
            "category_id": int(problem.found.label[n]) + 1,
            "bbox": problem.found.edges[n].tolist(),
            "score": float(problem.score[n]),
        }
        for n in range(len(problem.found))
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = document
        truth.createIndex()
        results = truth.loadRes(found) if found else COCO()
        if not found:
            results.dataset = {**document, "annotations": []}
            results.createIndex()
        judge = COCOeval(truth, results, "bbox")
        judge.params.maxDets = [1, 10, limit]
        judge.evaluate()
        judge.accumulate()
    return judge.eval


def compare(problem: BoxAnswers, limit: int = 100) -> None:
    mine, reference = ours(problem, limit), theirs(problem, limit)
    # theirs: precision [overlap, recall, class, size, limit], recall [overlap, class, size, limit], -1: no truth
    precision = np.moveaxis(reference["precision"][..., -1], (3, 0, 2, 1), (0, 1, 2, 3))
    recall = np.moveaxis(reference["recall"][..., -1], (2, 0, 1), (0, 1, 2))
    scores = reference["scores"][0, :, :, 0, -1].T
    np.testing.assert_allclose(np.nan_to_num(mine.precision, nan=-1.0), precision, atol=1e-6)
    np.testing.assert_allclose(np.nan_to_num(mine.recall, nan=-1.0), recall, atol=1e-6)
    there = precision[0, 0, :, 0] > -1
    np.testing.assert_allclose(mine.score[there], scores[there], atol=1e-6)


@given(
    seed=st.integers(0, 2**32 - 1),
    images=st.integers(1, 8),
    classes=st.integers(1, 4),
    true=st.integers(0, 60),
    false=st.integers(0, 60),
    ties=st.booleans(),
    most_side=st.sampled_from([20.0, 150.0, 400.0]),
)
def test_figures_are_those_of_pycocotools(
    seed: int, images: int, classes: int, true: int, false: int, ties: bool, most_side: float
) -> None:
    compare(
        random_answers(
            seed,
            images=images,
            classes=classes,
            true=true,
            false=false,
            ties=ties,
            most_side=most_side,
        )
    )


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), limit=st.sampled_from([11, 40, 100]))
def test_more_boxes_in_a_photo_than_are_judged_give_the_figures_of_pycocotools(seed: int, limit: int) -> None:
    compare(random_answers(seed, images=2, classes=1, true=150, false=120, most_side=60), limit)


def test_equal_overlaps_and_equal_scores_give_the_figures_of_pycocotools() -> None:
    truth = Boxes(np.zeros(4, np.int64), np.zeros(4, np.int64), np.tile([10.0, 10, 20, 20], (4, 1)))
    found = Boxes(np.zeros(6, np.int64), np.zeros(6, np.int64), np.tile([10.0, 10, 20, 10], (6, 1)))
    compare(answers(truth, found, np.full(6, 0.5), 1, 1))


def test_a_class_without_true_boxes_has_no_average_precision() -> None:
    problem = random_answers(1, classes=3)
    kept = problem.truth.label != 2
    found = ours(answers(problem.truth.at(kept), problem.found, problem.score, 6, 3))
    assert np.isnan(found.by_class[0, :, 2]).all()
    assert np.isfinite(found.by_class[0, :, :2]).all()


def test_boxes_that_are_all_found_at_their_place_are_worth_one() -> None:
    problem = random_answers(3)
    perfect = answers(problem.truth, problem.truth, np.linspace(0, 1, len(problem.truth)), 6, 3)
    assert (ours(perfect).by_class[0] == 1).all()


def test_the_limit_grows_with_the_fullest_photo() -> None:
    rng = np.random.default_rng(0)
    assert usual_limit(random_boxes(rng, 99, 1, 1, 50)) == 100
    assert usual_limit(random_boxes(rng, 250, 1, 1, 50)) == 500
    assert usual_limit(random_boxes(rng, 0, 1, 1, 50)) == 100


@pytest.mark.slow
def test_five_thousand_photos_of_twenty_boxes_take_seconds() -> None:
    problem = random_answers(5, images=5000, classes=20, true=60_000, false=40_000, ties=False)
    begin = time.process_time()
    ours(problem)
    assert time.process_time() - begin < 20
