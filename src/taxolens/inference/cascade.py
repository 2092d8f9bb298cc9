"""From a detector's boxes and a classifier's scores to answers: pure, by numbered rules. Numbers in brackets are
`CascadeNumbers`.

1. A photo that could not be read has failed.
2. A box is there where the detector is [there] or more sure of it. Classes of the detector that are excluded, or have
   the role `blank`, are no reason for a box.
3. A box that the detector takes for a person or a vehicle is one where the detector is [sure] of it, or the classifier
   gives [person], [vehicle] or more to the classes with this role, or knows no such class and so cannot contradict.
4. A box that the detector takes for something `other` is what the detector says.
5. Any other box to which the classifier gives [blank] or more for "nothing is there" is not there. Nor is one that is
   a surer box once more, which the detector calls differently: their intersection over union is larger than what its
   boxes of one class may have. The classifier names what is in a box, so one animal has one.
6. Any other box is answered by the classifier's scores as a photo is by the rules 2 to 6 of `decision.py`: threshold,
   candidates, excluded species, roll-up. But where the best class is a blank one, the answer is "unsure".
7. Where no box is left, the classifier's scores of the whole photo decide, without a box. The photo is blank where they
   give [empty] or more to blank classes. Else it is answered by the rules 2 to 6 of `decision.py`, with [whole] in place
   of a threshold that is lower: a detector that sees nothing is a reason to doubt. A photo that may hold an animal is
   "unsure", not blank.
8. Where the whole photo was not looked at, it is blank without a box. Its score is one less the surest box that is not
   there, this times what the classifier leaves for "something is there".

The order and most numbers are those of SpeciesNet's ensemble (google/cameratrapai, March 2025), there for one answer
per photo, here for one per box.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import UsageError
from taxolens.core.geometry import Box
from taxolens.core.records import UNSURE, Prediction, Score, Status
from taxolens.core.taxonomy import Role
from taxolens.inference.cascade_rule import CascadeRule, DetectorPart, cascade_rule
from taxolens.inference.decision import DecisionRule, decide, least_of, rule_of, without
from taxolens.inference.finds import BLANK, Find, blank, box_of
from taxolens.inference.row import Boxes
from taxolens.inference.suppression import named_again
from taxolens.modelfile.card import Card

Answer = tuple[Prediction, Find | None]
_SUPPORT = {Role.PERSON: "person", Role.VEHICLE: "vehicle"}
_ANIMAL = "animal"


def rule_for(
    card: Card,
    detector: DetectorPart | None,
    *,
    top_k: int,
    threshold: float | None,
    detector_threshold: float | None = None,
) -> DecisionRule:
    """What decides beside the scores of one model, or of a cascade whose answers `card` names.

    Args:
        threshold: below it a name is "unsure"; of a detector alone, boxes are not there; None: the card's.
        detector_threshold: boxes of a cascade's detector that are less sure are not there; None: its own.

    Raises:
        UsageError: a threshold is no score, or boxes were not classified from so little on.
    """
    if detector is None:
        if detector_threshold is not None:
            raise UsageError(
                "--detector-threshold is for a detector beside a classifier. For boxes of a detector alone give "
                "--threshold."
            )
        return rule_of(card, top_k=top_k, threshold=threshold)
    asked = detector.rule.there if detector_threshold is None else detector_threshold
    return replace(
        rule_of(card, top_k=top_k, threshold=threshold),
        least=least_of(detector.card, asked, at_least=detector.crop.least),
        cascade=cascade_rule(card, detector),
    )


def decide_cascade(
    name: str, boxes: Boxes, whole: NDArray[np.float32] | None, rule: DecisionRule
) -> Iterator[Answer]:
    """An answer for each box of a photo that is there; else one for the whole photo (rules 2 to 8).

    Args:
        whole: float32 [classifier's classes], probabilities of the whole photo; None: it was not looked at.
        rule: one with `cascade`.
    """
    found = list(_found(name, boxes, rule))
    yield from found
    if not found:
        yield _without_box(name, boxes, whole, rule), None


def photo_scores(
    name: str, boxes: Boxes, whole: NDArray[np.float32] | None, rule: DecisionRule
) -> NDArray[np.float32]:
    """One distribution for a photo, so that a cascade can be judged as a classifier of whole photos is.

    It is that of the box whose name is surest (detector score times score of the best class); of boxes whose best class
    is blank only where there is no other. It is that of the whole photo where this decides, and "blank" where nothing
    was looked at but boxes that are not there. As of a classifier, the best class is judged, sure or not.

    Returns:
        float32 [classes of the rule].
    """
    found = [find for _, find in decide_cascade(name, boxes, whole, rule) if find is not None]
    if not found:
        return _nothing(rule) if whole is None else padded(whole, rule)
    blanks = np.array([label in rule.blanks for label in rule.labels])
    named = [one for one in found if not blanks[int(one.distribution.argmax())]] or found
    return max(named, key=lambda one: one.confidence * float(one.distribution.max())).distribution


def something_there(boxes: Boxes, rule: DecisionRule) -> bool:
    """Whether any box is there by the rules 2 to 5."""
    return next(_found("", boxes, rule), None) is not None


@dataclass(frozen=True, slots=True)
class _There:
    """A box that may be there.

    Attributes:
        number: among the boxes of the photo.
        kind: the detector's best class.
        confidence: how sure the detector is of it, 0..1.
        named: float32 [classes of the rule], what the classifier says of it.
        answer: what it is where the detector answers by itself; None: the classifier does.
    """

    number: int
    kind: int
    confidence: float
    named: NDArray[np.float32]
    answer: str | None


def _found(name: str, boxes: Boxes, rule: DecisionRule) -> Iterator[Answer]:
    cascade = _cascade(rule)
    there = list(_there(boxes, rule))
    again = _again(boxes, [one for one in there if one.answer is None], cascade.overlap)
    for one in there:
        box = box_of(boxes.places[one.number])
        if one.answer is not None:
            yield _by_detector(name, one.answer, cascade.roles[one.kind], box, one.confidence, rule)
        elif one.number not in again:
            yield _by_classifier(name, one.named, box, one.confidence, rule)


def _there(boxes: Boxes, rule: DecisionRule) -> Iterator[_There]:
    """Boxes by the rules 2 to 5, those that are a surer one once more among them."""
    cascade = _cascade(rule)
    for number, scores in enumerate(_reasons(boxes, rule)):
        best, confidence = int(scores.argmax()), float(scores.max(initial=0.0))
        if not confidence or confidence < (rule.least or 0.0):
            continue
        named = _named(boxes, number, rule)
        said = cascade.answers[best]
        if said is not None and _believed(cascade.roles[best], confidence, named, cascade):
            yield _There(number, best, confidence, named, said)
        elif float(named[_has(cascade, Role.BLANK)].sum()) < cascade.numbers.blank:
            yield _There(number, best, confidence, named, None)


def _again(boxes: Boxes, there: Sequence[_There], overlap: float) -> frozenset[int]:
    """Numbers of the boxes that are a surer one once more (rule 5)."""
    numbers = np.array([one.number for one in there], np.intp)
    places = boxes.places[numbers].astype(np.float64)
    again = named_again(
        np.concatenate([places[:, :2], places[:, :2] + places[:, 2:]], axis=1),
        np.array([one.kind for one in there], np.intp),
        np.array([one.confidence for one in there], np.float64),
        overlap,
    )
    return frozenset(numbers[again].tolist())


def _believed(role: Role | None, confidence: float, named: NDArray[np.float32], cascade: CascadeRule) -> bool:
    """Whether the detector answers by itself (rules 3 and 4)."""
    if role not in _SUPPORT or confidence >= cascade.numbers.sure:
        return True
    knows = _has(cascade, role)
    knows[cascade.known :] = False
    support = float(named[knows].sum())
    return not knows.any() or support >= getattr(cascade.numbers, _SUPPORT[role])


def _by_detector(
    name: str, label: str, role: Role | None, box: Box, confidence: float, rule: DecisionRule
) -> Answer:
    distribution = np.array([label == one for one in rule.labels], np.float32)
    category = role.value if role in _SUPPORT and role is not None else None
    said = Prediction(name, label, confidence, (Score(label, confidence),), box=box)
    return said, Find(box, confidence, distribution, category)


def _by_classifier(
    name: str, named: NDArray[np.float32], box: Box, confidence: float, rule: DecisionRule
) -> Answer:
    said = decide(name, named, rule)
    if said.status is Status.BLANK:
        said = replace(said, label=UNSURE, status=Status.OK)
    return replace(said, box=box), Find(box, confidence, named, _ANIMAL)


def _without_box(
    name: str, boxes: Boxes, whole: NDArray[np.float32] | None, rule: DecisionRule
) -> Prediction:
    """The answer about a whole photo (rules 7 and 8)."""
    if whole is None:
        return replace(blank(name, 1.0 - _nearly_there(boxes, rule)), label=_blank_label(rule))
    numbers, scores = _cascade(rule).numbers, padded(whole, rule)
    said = decide(name, scores, replace(rule, threshold=max(rule.threshold or 0.0, numbers.whole)))
    nothing = float(without(scores, rule)[_has(_cascade(rule), Role.BLANK)].clip(0).sum())
    if nothing >= numbers.empty:
        return replace(said, label=_blank_label(rule), score=min(nothing, 1.0), status=Status.BLANK)
    return said


def _blank_label(rule: DecisionRule) -> str:
    return next((label for label in rule.labels if label in rule.blanks), BLANK)


def _nearly_there(boxes: Boxes, rule: DecisionRule) -> float:
    """How sure it is at most that a box which is not there is there all the same."""
    blanks = _has(_cascade(rule), Role.BLANK)
    return max(
        (
            float(scores.max(initial=0.0))
            * (1.0 - min(1.0, float(_named(boxes, number, rule)[blanks].sum())))
            for number, scores in enumerate(_reasons(boxes, rule))
        ),
        default=0.0,
    )


def _reasons(boxes: Boxes, rule: DecisionRule) -> NDArray[np.float32]:
    """The detector's scores, without those of classes that are no reason for a box (rule 2)."""
    cascade = _cascade(rule)
    reason = [
        role is not Role.BLANK and answer not in rule.excluded
        for role, answer in zip(cascade.roles, cascade.answers, strict=True)
    ]
    if not len(boxes):
        return np.zeros((0, len(reason)), np.float32)
    return np.where(np.array(reason), boxes.scores, np.float32(0))


def _named(boxes: Boxes, number: int, rule: DecisionRule) -> NDArray[np.float32]:
    """What the classifier says of a box; nothing where it was not asked."""
    asked = boxes.named is not None and number < len(boxes.named)
    return padded(boxes.named[number] if asked and boxes.named is not None else None, rule)


def padded(scores: NDArray[np.float32] | None, rule: DecisionRule) -> NDArray[np.float32]:
    """The classifier's scores with nothing for the classes that only the cascade can answer."""
    padded = np.zeros(len(rule.labels), np.float32)
    if scores is not None:
        padded[: len(scores)] = scores
    return padded


def _nothing(rule: DecisionRule) -> NDArray[np.float32]:
    """All on the first class that means that nothing is there."""
    return np.array([label == _blank_label(rule) for label in rule.labels], np.float32)


def _has(cascade: CascadeRule, role: Role | None) -> NDArray[np.bool_]:
    return np.array([one is role for one in cascade.named_roles], np.bool_)


def _cascade(rule: DecisionRule) -> CascadeRule:
    if rule.cascade is None:
        raise ValueError("a rule of one model decides no cascade")
    return rule.cascade
