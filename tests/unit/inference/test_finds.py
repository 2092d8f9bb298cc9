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
    temperature=st.floats(0.05, 20),
)
def test_every_box_that_is_there_has_a_distribution_that_sums_to_one(
    scores: np.ndarray, least: float, temperature: float
) -> None:
    rule = DecisionRule(RULE.labels, least=least, temperature=temperature)
    for one in finds(seen(*map(tuple, scores)), rule):
        assert one.confidence >= least
        assert one.distribution.sum() == pytest.approx(1, abs=1e-5)
        assert 0 <= one.margin <= 1 + 1e-6


@given(
    scores=arrays.arrays(np.float32, 3, elements=st.floats(0, 1, width=32)).filter(np.any),
    temperature=st.floats(0.05, 20),
)
def test_a_temperature_keeps_the_order_of_classes_and_how_sure_a_box_is(
    scores: np.ndarray, temperature: float
) -> None:
    (plain,) = finds(seen(tuple(scores)), DecisionRule(RULE.labels, least=0.0))
    (cooled,) = finds(seen(tuple(scores)), DecisionRule(RULE.labels, least=0.0, temperature=temperature))
    order = np.argsort(-scores, kind="stable")
    assert (np.diff(cooled.distribution[order]) <= 0).all()
    assert (cooled.distribution[scores == 0] == 0).all()
    assert (cooled.confidence, cooled.box) == (plain.confidence, plain.box)


def test_a_hot_temperature_doubts_and_a_cold_one_is_sure() -> None:
    shares = [
        next(finds(seen((0.6, 0.3, 0.1)), DecisionRule(RULE.labels, least=0.4, temperature=temperature)))
        for temperature in (0.5, 1.0, 2.0)
    ]
    best = [float(one.distribution[0]) for one in shares]
    assert best[0] > best[1] > best[2]
    assert best[0] == pytest.approx(0.36 / (0.36 + 0.09 + 0.01))


def test_the_rule_of_a_card_has_its_temperature() -> None:
    assert rule_of(square_card(temperature=1.7), top_k=1, threshold=None).temperature == 1.7


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
