from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from taxolens.core.errors import UsageError
from taxolens.core.records import Status
from taxolens.inference.decision import DecisionRule, rule_of
from taxolens.inference.finds import decide_boxes, finds
from taxolens.inference.row import Boxes
from taxolens.modelfile.card import Thresholds
from tests.unit.inference.square_detector import square_card

RULE = DecisionRule(("lynx", "hare", "fox"), least=0.4)
PLACE = (0.1, 0.2, 0.3, 0.4)


def seen(*scores: tuple[float, ...]) -> Boxes:
    """Boxes at one place with these scores."""
    return Boxes(
        np.tile(np.array([PLACE], np.float32), (len(scores), 1)), np.array(scores, np.float32).reshape(-1, 3)
    )


@given(
    scores=arrays.arrays(np.float32, (4, 3), elements=st.floats(0, 1, width=32)),
    least=st.floats(0, 1),
)
def test_every_box_that_is_there_has_a_distribution_that_sums_to_one(
    scores: np.ndarray, least: float
) -> None:
    rule = DecisionRule(RULE.labels, least=least)
    for one in finds(seen(*map(tuple, scores)), rule):
        assert one.confidence >= least
        assert one.distribution.sum() == pytest.approx(1, abs=1e-5)
        assert 0 <= one.margin <= 1 + 1e-6


def test_the_margin_is_one_less_the_lead_of_the_best_class() -> None:
    (one,) = finds(seen((0.6, 0.3, 0.1)), RULE)
    assert one.margin == pytest.approx(1 - (0.6 - 0.3))
    (equal,) = finds(seen((0.5, 0.5, 0.0)), RULE)
    assert equal.margin == pytest.approx(1)
    (sure,) = finds(seen((0.9, 0.0, 0.0)), RULE)
    assert sure.margin == pytest.approx(0) and sure.confidence == pytest.approx(0.9)


def test_a_photo_without_a_box_that_is_sure_enough_is_blank() -> None:
    ((said, find),) = decide_boxes("a.jpg", seen((0.3, 0.1, 0.0), (0.2, 0.2, 0.0)), RULE)
    assert (said.status, said.label, said.box, find) == (Status.BLANK, "blank", None, None)
    assert said.score == pytest.approx(0.7)
    ((said, _),) = decide_boxes("a.jpg", seen(), RULE)
    assert said.score == 1


def test_every_box_is_answered_by_its_best_class() -> None:
    answers = list(decide_boxes("a.jpg", seen((0.9, 0.1, 0.0), (0.1, 0.5, 0.4)), RULE))
    assert [said.label for said, _ in answers] == ["lynx", "hare"]
    assert [find.confidence for _, find in answers if find] == pytest.approx([0.9, 0.5])
    assert answers[1][0].score == pytest.approx(0.5)
    assert answers[0][0].box is not None and answers[0][0].box.x == pytest.approx(0.1)


def test_an_excluded_class_is_no_reason_for_a_box() -> None:
    rule = DecisionRule(RULE.labels, least=0.4, excluded=frozenset({"lynx"}))
    answers = list(decide_boxes("a.jpg", seen((0.9, 0.1, 0.0), (0.9, 0.5, 0.0)), rule))
    assert [said.label for said, _ in answers] == ["hare"]
    assert answers[0][0].score == pytest.approx(1)


def test_a_threshold_is_that_of_the_boxes_and_not_below_what_is_kept() -> None:
    card = square_card()
    assert rule_of(card, top_k=2, threshold=None).least == 0.4
    assert rule_of(card, top_k=2, threshold=0.2).least == 0.2
    with pytest.raises(UsageError, match=r"lower than 0\.1"):
        rule_of(card, top_k=2, threshold=0.05)
    with pytest.raises(UsageError, match="no score"):
        rule_of(card, top_k=2, threshold=float("nan"))
    bare = square_card(thresholds=Thresholds())
    assert rule_of(bare, top_k=2, threshold=None).least == 0.25
