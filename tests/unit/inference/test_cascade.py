from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from taxolens.core.errors import UsageError
from taxolens.core.records import UNSURE, Status
from taxolens.core.taxonomy import Role
from taxolens.imaging.region import CropRule
from taxolens.inference.cascade import decide_cascade, photo_scores, rule_for
from taxolens.inference.cascade_rule import DetectorPart, answering_card, looks_at_whole
from taxolens.inference.decision import DecisionRule
from taxolens.inference.ladder import ladder_of
from taxolens.inference.row import Boxes
from taxolens.modelfile.card import Card, CardClass, CardInput, CardOutput, Task, Thresholds
from taxolens.modelfile.pipeline import CascadeNumbers

PLACE = (0.1, 0.2, 0.3, 0.4)
KINDS = ("animal", "person", "vehicle", "stone", "shadow")


def card(task: Task, *classes: CardClass, **thresholds: float) -> Card:
    return Card(
        name="model",
        task=task,
        classes=classes,
        input=CardInput(width=32, height=32),
        output=CardOutput(decoder="probabilities", tensor="out"),
        thresholds=Thresholds(**thresholds),
    )


DETECTOR = card(
    Task.DETECT,
    CardClass(id="animal"),
    CardClass(id="person", role=Role.PERSON),
    CardClass(id="vehicle", role=Role.VEHICLE),
    CardClass(id="stone", role=Role.OTHER),
    CardClass(id="shadow", role=Role.BLANK),
    typical=0.2,
    conservative=0.05,
)
LYNX = CardClass(id="lynx", scientific="Lynx lynx", lineage={"family": "Felidae"})
CAT = CardClass(id="cat", scientific="Felis silvestris", lineage={"family": "Felidae"})
SPECIES = card(Task.CLASSIFY, LYNX, CAT, CardClass(id="empty", role=Role.BLANK), unsure=0.6)
HUMAN = CardClass(id="human", role=Role.PERSON)


def ruled(classifier: Card = SPECIES, **numbers: float) -> DecisionRule:
    part = DetectorPart("0" * 64, DETECTOR, CropRule(), CascadeNumbers(**numbers), len(classifier.classes))
    return rule_for(answering_card(classifier, DETECTOR), part, top_k=3, threshold=None)


RULE = ruled()
WITH_PEOPLE = ruled(SPECIES.model_copy(update={"classes": (*SPECIES.classes, HUMAN)}))


def seen(*found: tuple[str, float, tuple[float, ...]]) -> Boxes:
    """Boxes at one place: what the detector takes each for, how sure it is, and what the classifier says."""
    scores = np.zeros((len(found), len(KINDS)), np.float32)
    for row, (kind, score, _) in enumerate(found):
        scores[row, KINDS.index(kind)] = score
    named = np.array([one for *_, one in found], np.float32)
    return Boxes(
        np.tile(np.array([PLACE], np.float32), (len(found), 1)),
        scores if found else np.zeros((0, 0), np.float32),
        named if found else np.zeros((0, 3), np.float32),
    )


def said(
    boxes: Boxes, whole: tuple[float, ...] | None = None, rule: DecisionRule = RULE
) -> list[tuple[str, Status, bool]]:
    """Label, status and whether there is a box, of each answer."""
    scores = None if whole is None else np.array(whole, np.float32)
    return [
        (one.label, one.status, one.box is not None)
        for one, _ in decide_cascade("a.jpg", boxes, scores, rule)
    ]


SURE, DOUBT, NOTHING = (0.9, 0.1, 0.0), (0.5, 0.4, 0.1), (0.005, 0.0, 0.995)


def test_every_box_is_named_by_the_classifier_in_the_order_of_the_detector() -> None:
    boxes = seen(("animal", 0.9, SURE), ("animal", 0.4, (0.0, 0.8, 0.2)), ("animal", 0.3, DOUBT))
    assert said(boxes) == [("lynx", Status.OK, True), ("cat", Status.OK, True), (UNSURE, Status.OK, True)]
    ((first, find), *_) = decide_cascade("a.jpg", boxes, None, RULE)
    assert find is not None and find.confidence == pytest.approx(0.9) and find.category == "animal"
    assert first.score == pytest.approx(0.9) and [one.label for one in first.ranking[:2]] == ["lynx", "cat"]


@pytest.mark.parametrize(
    ("kind", "score", "named", "rule", "label"),
    [
        # 3: sure of it, whatever the classifier says
        ("person", 0.71, SURE, WITH_PEOPLE, "human"),
        ("vehicle", 0.71, SURE, RULE, "vehicle"),
        # 3: less sure, and the classifier agrees or does not
        ("person", 0.3, (0.2, 0.2, 0.1, 0.5), WITH_PEOPLE, "human"),
        ("person", 0.3, (0.9, 0.0, 0.0, 0.1), WITH_PEOPLE, "lynx"),
        # 3: less sure, and the classifier knows no people
        ("person", 0.3, SURE, RULE, "person"),
        # 4: what is neither animal nor anything to be named
        ("stone", 0.3, SURE, RULE, "stone"),
        # 6: a box with an animal in which the classifier sees a person
        ("animal", 0.9, (0.1, 0.0, 0.0, 0.9), WITH_PEOPLE, "human"),
    ],
)
def test_people_and_vehicles_are_what_the_detector_says_unless_the_classifier_knows_better(
    kind: str, score: float, named: tuple[float, ...], rule: DecisionRule, label: str
) -> None:
    padded = (*named, *[0.0] * (rule.cascade.known - len(named)))  # type: ignore[union-attr]
    assert said(seen((kind, score, padded)), rule=rule) == [(label, Status.OK, True)]


def test_the_score_of_a_person_is_that_of_the_detector() -> None:
    ((one, find),) = decide_cascade("a.jpg", seen(("person", 0.8, SURE)), None, RULE)
    assert (one.score, one.top1) == (pytest.approx(0.8), "person")
    assert find is not None and find.category == "person"
    assert RULE.labels[int(find.distribution.argmax())] == "person"


def test_a_box_that_the_classifier_takes_for_nothing_is_not_there() -> None:
    assert said(seen(("animal", 0.9, NOTHING))) == [("empty", Status.BLANK, False)]
    ((blank, find),) = decide_cascade("a.jpg", seen(("animal", 0.9, NOTHING)), None, RULE)
    assert find is None and blank.score == pytest.approx(1 - 0.9 * 0.005, abs=1e-6)
    two = seen(("animal", 0.9, NOTHING), ("animal", 0.3, SURE))
    assert said(two) == [("lynx", Status.OK, True)]


def test_a_box_that_may_be_nothing_is_unsure_and_not_blank() -> None:
    boxes = seen(("animal", 0.9, (0.1, 0.0, 0.9)))
    assert said(boxes) == [(UNSURE, Status.OK, True)]
    ((one, _),) = decide_cascade("a.jpg", boxes, None, RULE)
    assert one.top1 == "empty"


def test_boxes_below_what_is_asked_for_and_shadows_are_not_there() -> None:
    boxes = seen(("shadow", 0.99, SURE), ("animal", 0.19, SURE))
    assert said(boxes) == [("empty", Status.BLANK, False)]
    ((blank, _),) = decide_cascade("a.jpg", boxes, None, RULE)
    assert blank.score == pytest.approx(1 - 0.19)


@pytest.mark.parametrize(
    ("whole", "label", "status"),
    [
        ((0.85, 0.1, 0.05), "lynx", Status.OK),
        # Above its own threshold, but not sure enough without a box
        ((0.75, 0.2, 0.05), UNSURE, Status.OK),
        ((0.3, 0.25, 0.45), UNSURE, Status.OK),
        ((0.25, 0.2, 0.55), "empty", Status.BLANK),
        (None, "empty", Status.BLANK),
    ],
)
def test_the_whole_photo_decides_where_no_box_is_there(
    whole: tuple[float, ...] | None, label: str, status: Status
) -> None:
    assert said(seen(), whole) == [(label, status, False)]


def test_the_whole_photo_says_nothing_where_a_box_is_there() -> None:
    assert said(seen(("animal", 0.3, DOUBT)), SURE) == [(UNSURE, Status.OK, True)]


def test_excluded_species_and_roll_up_count_for_every_box() -> None:
    without = replace(RULE, excluded=frozenset({"lynx"}))
    assert said(seen(("animal", 0.9, (0.5, 0.4, 0.1))), rule=without) == [("cat", Status.OK, True)]
    up = replace(
        RULE,
        ladder=ladder_of(
            (
                LYNX.taxon,
                CAT.taxon,
                *[c.taxon for c in SPECIES.classes[2:]],
                *map(lambda one: one.taxon, DETECTOR.classes[1:4]),
            ),
            "family",
        ),
    )
    assert said(seen(("animal", 0.9, DOUBT)), rule=up) == [("Felidae", Status.OK, True)]


def test_an_excluded_kind_is_no_reason_for_a_box() -> None:
    rule = replace(RULE, excluded=frozenset({"person"}))
    assert said(seen(("person", 0.9, SURE)), rule=rule) == [("empty", Status.BLANK, False)]


ZOO = DETECTOR.model_copy(
    update={
        "classes": (CardClass(id="cow"), CardClass(id="dog"), *DETECTOR.classes[1:]),
        "output": CardOutput(decoder="yolox", tensor="out", overlap=0.45),
    }
)
BESIDE = (0.5, 0.2, 0.3, 0.4)
NEARLY = (0.11, 0.21, 0.29, 0.41)


def by_zoo(*found: tuple[str, float, tuple[float, ...], tuple[float, ...]]) -> list[tuple[str, float]]:
    """Label and detector score of each box; given: kind, score, what the classifier says, place."""
    labels = ZOO.labels
    scores = np.zeros((len(found), len(labels)), np.float32)
    for row, (kind, score, *_) in enumerate(found):
        scores[row, labels.index(kind)] = score
    boxes = Boxes(
        np.array([one[3] for one in found], np.float32),
        scores,
        np.array([one[2] for one in found], np.float32),
    )
    part = DetectorPart("0" * 64, ZOO, CropRule(), CascadeNumbers(), len(SPECIES.classes))
    rule = rule_for(answering_card(SPECIES, ZOO), part, top_k=3, threshold=None)
    return [
        (one.label, round(find.confidence, 3))
        for one, find in decide_cascade("a.jpg", boxes, None, rule)
        if find is not None
    ]


def test_one_animal_that_the_detector_calls_by_two_names_counts_once() -> None:
    found = by_zoo(("dog", 0.4, SURE, NEARLY), ("cow", 0.6, SURE, PLACE), ("dog", 0.3, SURE, BESIDE))
    assert found == [("lynx", 0.6), ("lynx", 0.3)]


def test_two_animals_of_one_name_stay_two_however_the_detector_let_them_overlap() -> None:
    assert len(by_zoo(("cow", 0.6, SURE, PLACE), ("cow", 0.4, SURE, NEARLY))) == 2


def test_what_is_no_animal_takes_no_box_from_one() -> None:
    found = by_zoo(("person", 0.9, SURE, PLACE), ("stone", 0.8, SURE, PLACE), ("cow", 0.4, SURE, NEARLY))
    assert [label for label, _ in found] == ["person", "stone", "lynx"]
    assert by_zoo(("cow", 0.9, NOTHING, PLACE), ("dog", 0.4, SURE, NEARLY)) == [("lynx", 0.4)]


def test_an_answer_may_be_what_only_the_detector_knows() -> None:
    assert answering_card(SPECIES, DETECTOR).labels == ("lynx", "cat", "empty", "person", "vehicle", "stone")
    bare = card(Task.CLASSIFY, LYNX, CAT)
    assert answering_card(bare, DETECTOR).labels == ("lynx", "cat", "person", "vehicle", "stone", "blank")
    assert said(seen(), rule=ruled(bare)) == [("blank", Status.BLANK, False)]
    plain = card(Task.DETECT, CardClass(id="lynx"), CardClass(id="bear"))
    assert answering_card(SPECIES, plain).labels == SPECIES.labels


def test_whole_photos_are_looked_at_where_the_classifier_can_say_that_nothing_is_there() -> None:
    assert looks_at_whole(SPECIES, CascadeNumbers())
    assert not looks_at_whole(card(Task.CLASSIFY, LYNX), CascadeNumbers())
    assert not looks_at_whole(SPECIES, CascadeNumbers(fallback=False))


def test_thresholds_that_nobody_can_mean_are_refused() -> None:
    part = DetectorPart("0" * 64, DETECTOR, CropRule(least=0.1), CascadeNumbers(), 3)
    answering = answering_card(SPECIES, DETECTOR)
    asked = rule_for(answering, part, top_k=1, threshold=0.3, detector_threshold=0.5)
    assert (asked.threshold, asked.least) == (0.3, 0.5)
    with pytest.raises(UsageError, match=r"lower than 0\.1"):
        rule_for(answering, part, top_k=1, threshold=None, detector_threshold=0.06)
    with pytest.raises(UsageError, match="beside a classifier"):
        rule_for(SPECIES, None, top_k=1, threshold=None, detector_threshold=0.5)


SCORES = arrays.arrays(np.float32, (4, len(KINDS)), elements=st.floats(0, 1, width=32))
RAW = arrays.arrays(np.float64, (5, 3), elements=st.floats(0.001, 1))


@given(scores=SCORES, raw=RAW, looked=st.booleans(), least=st.floats(0.1, 1))
def test_every_photo_has_an_answer_and_blank_is_never_beside_another(
    scores: np.ndarray, raw: np.ndarray, looked: bool, least: float
) -> None:
    shares = (raw / raw.sum(axis=1, keepdims=True)).astype(np.float32)
    boxes = Boxes(np.tile(np.array([PLACE], np.float32), (4, 1)), scores, shares[:4])
    rule = replace(RULE, least=least)
    answers = list(decide_cascade("a.jpg", boxes, shares[4] if looked else None, rule))
    assert answers
    assert len(answers) == 1 or all(one.status is Status.OK and one.box for one, _ in answers)
    for one, find in answers:
        assert 0 <= one.score <= 1 + 1e-6
        assert one.label in (*RULE.labels, UNSURE) and one.label != "shadow"
        assert (find is None) == (one.box is None)
        assert find is None or find.confidence >= least
        assert one.status is not Status.BLANK or one.label == "empty"


@given(scores=SCORES, raw=RAW)
def test_a_higher_threshold_finds_some_of_the_same_boxes(scores: np.ndarray, raw: np.ndarray) -> None:
    shares = (raw / raw.sum(axis=1, keepdims=True)).astype(np.float32)
    boxes = Boxes(np.arange(16, dtype=np.float32).reshape(4, 4) / 64, scores, shares[:4])
    found = [
        {
            one.box: one.label
            for one, find in decide_cascade("a", boxes, None, replace(RULE, least=least))
            if find
        }
        for least in (0.1, 0.4, 0.8)
    ]
    assert found[2].items() <= found[1].items() <= found[0].items()


@given(scores=SCORES, raw=RAW, looked=st.booleans())
def test_a_photo_is_judged_by_its_surest_name_and_as_blank_where_there_is_none(
    scores: np.ndarray, raw: np.ndarray, looked: bool
) -> None:
    shares = (raw / raw.sum(axis=1, keepdims=True)).astype(np.float32)
    boxes = Boxes(np.tile(np.array([PLACE], np.float32), (4, 1)), scores, shares[:4])
    whole = shares[4] if looked else None
    of_photo = photo_scores("a", boxes, whole, RULE)
    assert of_photo.sum() == pytest.approx(1, abs=1e-4) and (of_photo >= 0).all()
    answers = list(decide_cascade("a", boxes, whole, RULE))
    best = RULE.labels[int(of_photo.argmax())]
    tops = {one.top1 or one.label for one, _ in answers}
    assert best in tops
    assert best != "empty" or tops == {"empty"}
