"""From a detector's boxes to answers: pure, by numbered rules.

1. Classes that are excluded are no reason for a box: how sure it is, is the best score of the others.
2. Boxes that are less sure than asked for are not there. Where none is left, the photo is blank; its score is one less
   the surest box that was left out.
3. The scores of a box, divided by their sum, are its class distribution: networks of today score each class for
   itself, and the sum of that is no probability. Where the card has a temperature, which was fitted on boxes whose
   class is known, score ** (1 / temperature) stands in place of each score. Where only the best class has a score, the
   distribution is that class alone.
4. The answer of a box follows from its distribution by the rules of `decision.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from taxolens.core.geometry import Box
from taxolens.core.records import Prediction, Status
from taxolens.evaluation.calibration import shares_at
from taxolens.inference.decision import DecisionRule, decide
from taxolens.inference.row import Boxes

BLANK = "blank"


@dataclass(frozen=True, slots=True)
class Find:
    """One box that is there.

    Attributes:
        box: in shares of the photo.
        confidence: how sure the detector is of it, 0..1.
        distribution: float32 [classes], probabilities; excluded classes have none.
        category: "animal", "person" or "vehicle" where a cascade decided what kind of thing it is.
    """

    box: Box
    confidence: float
    distribution: NDArray[np.float32]
    category: str | None = None

    @property
    def margin(self) -> float:
        """1 - (P1 - P2) of the two best classes: 1 where they are equal, 0 where there is no doubt."""
        if len(self.distribution) < 2:
            return 0.0
        second, first = np.partition(self.distribution, -2)[-2:]
        return 1.0 - float(first - second)


def finds(boxes: Boxes, rule: DecisionRule) -> Iterator[Find]:
    """The boxes that are there, in their order (rules 1 to 3)."""
    for place, raw in zip(boxes.places, boxes.scores, strict=True):
        scores = raw if rule.allowed is None else np.where(rule.allowed, raw, np.float32(0))
        confidence = float(scores.max(initial=0.0))
        if confidence > 0 and confidence >= (rule.least or 0.0):
            yield Find(box_of(place), confidence, _distribution(scores, rule.temperature))


def _distribution(scores: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    return np.asarray(shares_at(scores[np.newaxis], temperature)[0], np.float32)


def decide_boxes(name: str, boxes: Boxes, rule: DecisionRule) -> Iterator[tuple[Prediction, Find | None]]:
    """An answer for each box of a photo, or the one that it is blank."""
    found = list(finds(boxes, rule))
    for one in found:
        yield replace(decide(name, one.distribution, rule), box=one.box), one
    if not found:
        yield blank(name, 1.0 - _surest(boxes, rule)), None


def blank(name: str, score: float) -> Prediction:
    """The answer for a photo in which nothing is."""
    return Prediction(name, BLANK, score, (), status=Status.BLANK)


def _surest(boxes: Boxes, rule: DecisionRule) -> float:
    if not len(boxes):
        return 0.0
    allowed = boxes.scores if rule.allowed is None else boxes.scores[:, rule.allowed]
    return float(allowed.max(initial=0.0))


def box_of(place: NDArray[np.float32]) -> Box:
    """A row of `Boxes.places`."""
    x, y, width, height = map(float, place)
    return Box(x, y, min(width, 1 - x), min(height, 1 - y))
