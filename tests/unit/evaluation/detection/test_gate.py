"""Which faster detector may take the place of its original."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from taxolens.evaluation.detection.answers import BoxAnswers, Boxes
from taxolens.evaluation.detection.gate import GatedBoxes, judge_box_candidate
from taxolens.evaluation.detection.working import score_like
from taxolens.evaluation.gate import GateRule, Verdict
from tests.unit.evaluation.detection.drawn_boxes import answers

PHOTOS, PER_PHOTO = 300, 4


def all_found(small: int = 1) -> BoxAnswers:
    """A detector that finds every box, of which so many in each photo are small."""
    rng = np.random.default_rng(0)
    n = PHOTOS * PER_PHOTO
    image = np.repeat(np.arange(PHOTOS), PER_PHOTO)
    place = np.tile(np.arange(PER_PHOTO), PHOTOS)
    side = np.where(place < small, 20.0, 110.0)
    edges = np.column_stack([place * 120.0, np.zeros(n), side, side])
    boxes = Boxes(image, np.zeros(n, np.int64), edges)
    return answers(boxes, boxes, rng.uniform(0.5, 1, n), PHOTOS, 1)


def missing(which: np.ndarray) -> tuple[BoxAnswers, BoxAnswers]:
    """The original, and one that misses some of its boxes."""
    original = all_found()
    return original, replace(original, found=original.found.at(~which), score=original.score[~which])


def gated(
    pair: tuple[BoxAnswers, BoxAnswers], *, faster: float = 2.0, rule: GateRule | None = None
) -> GatedBoxes:
    return judge_box_candidate(*pair, scores=(0.4, 0.4), faster=faster, rule=rule)


def test_one_that_finds_the_same_and_is_faster_is_kept() -> None:
    same = all_found()
    told = gated((same, same))
    assert told.verdict is Verdict.KEPT and told.lost == 0 and not told.blind


def test_one_that_is_no_faster_is_not() -> None:
    same = all_found()
    assert gated((same, same), faster=1.1).verdict is Verdict.NOT_FASTER


def test_one_that_loses_points_loses() -> None:
    lost = np.arange(PHOTOS * PER_PHOTO) % 20 == 3
    told = gated(missing(lost))
    assert told.verdict is Verdict.LOSES and told.lost == pytest.approx(0.05, abs=0.01)


def test_small_animals_do_not_pay_for_the_speed_of_a_mean() -> None:
    small = np.tile(np.arange(PER_PHOTO), PHOTOS) == 0
    lost = small & (np.cumsum(small) % 10 == 0)  # a tenth of the small ones, 2.5 % of all
    told = gated(missing(lost), rule=GateRule(most_lost=0.03, most_possible=0.05))
    assert told.lost < 0.03 and told.verdict is Verdict.LOSES and told.blind == "small"
    by_name = {one.name: one.lost for one in told.sizes}
    assert by_name["small"] == pytest.approx(0.1) and by_name["large"] == 0


def test_few_photos_prove_nothing_and_it_says_how_many_would() -> None:
    whole = all_found()
    few = whole.truth.image < 30
    part = answers(whole.truth.at(few), whole.found.at(few), whole.score[few], 30, 1)
    told = gated((part, part))
    assert told.verdict is Verdict.NOT_PROVEN
    assert told.needed is not None and told.needed > 30


def test_the_score_moves_so_that_as_many_boxes_are_shown() -> None:
    first = np.array([0.9, 0.8, 0.7, 0.2, 0.1])
    second = first**2
    least = score_like(first, 0.5, second)
    assert (second >= least).sum() == 3
    assert score_like(first, 0.95, second) == 0.95  # nothing to go by
