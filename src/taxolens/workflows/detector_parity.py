"""The written detector against the program that trained it: the same boxes on the same pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.core.detection_trainer import ToldBoxes
from taxolens.core.errors import ParityError
from taxolens.inference.detector import DetectorPredictor

MOST_PIXELS, MOST_SCORE = 1.0, 0.01
"""What counts as the same box: no edge is further off, and its score differs by no more."""
_MOST_EXCUSED = 2
_HALF, _NOTHING = 0.5, 1e-4


@dataclass(frozen=True, slots=True)
class BoxParity:
    """How far two programs agree.

    Attributes:
        photos: compared.
        boxes: compared: those of either side that the other had to find too.
        pixels: largest distance of two edges of the same box.
        score: largest difference of two scores of the same box.
    """

    photos: int
    boxes: int
    pixels: float
    score: float


def prove_boxes(
    predictor: DetectorPredictor, shown: NDArray[np.uint8], told: Sequence[ToldBoxes], *, least: float
) -> BoxParity:
    """Compares and insists.

    Args:
        predictor: the written model, keeping boxes from below `least` on.
        shown: uint8 [k, side, side, 3].
        told: what the other program found there from `least` on.

    Raises:
        ParityError: a box of one side that the other does not find, clearly above `least`. A box or two that lie
            on the edge of being one with a surer box may be missing: which side of it is chance.
    """
    boxes, pixels, score = 0, 0.0, 0.0
    excused = 0
    for picture, theirs in zip(shown, told, strict=True):
        ours = _found(predictor, picture)
        for one, other in ((theirs, ours), (ours, theirs)):
            for place in np.flatnonzero(one.scores >= least + MOST_SCORE).tolist():
                far, off = _nearest(one, place, other)
                if far > MOST_PIXELS or off > MOST_SCORE:
                    if excused < _MOST_EXCUSED and _is_one_with_a_surer(one, place, one, other):
                        excused += 1
                        continue
                    raise ParityError(
                        "The written detector does not find what the trained one finds: a box differs by {pixels:.2f} "
                        "pixels and a score of {score:.3f}. Nothing was kept; please report it with the network's name.",
                        pixels=far,
                        score=off,
                    )
                boxes, pixels, score = boxes + 1, max(pixels, far), max(score, off)
    return BoxParity(len(told), boxes, pixels, score)


def _is_one_with_a_surer(one: ToldBoxes, place: int, *sides: ToldBoxes) -> bool:
    """Whether both sides hold a surer box of its class that covers more than half of what the two cover together.

    Then one program kept both, the other took them for the same: they overlap by just about what decides that.
    """
    return all(_overlaps_a_surer(one, place, side) for side in sides)


def _overlaps_a_surer(one: ToldBoxes, place: int, side: ToldBoxes) -> bool:
    surer = (side.kinds == one.kinds[place]) & (side.scores > one.scores[place] + _NOTHING)
    corners, mine = side.corners[surer], one.corners[place]
    across = np.minimum(corners[:, 2:], mine[2:]) - np.maximum(corners[:, :2], mine[:2])
    shared = across.clip(0).prod(axis=1)
    areas = (corners[:, 2:] - corners[:, :2]).prod(axis=1) + (mine[2:] - mine[:2]).prod()
    return bool((shared > _HALF * (areas - shared)).any())


def _found(predictor: DetectorPredictor, picture: NDArray[np.uint8]) -> ToldBoxes:
    height, width = picture.shape[:2]
    boxes = predictor.boxes(picture)
    corners = np.concatenate([boxes.places[:, :2], boxes.places[:, :2] + boxes.places[:, 2:]], axis=1)
    return ToldBoxes(
        (corners * np.array([width, height, width, height])).astype(np.float32),
        boxes.scores.max(axis=1, initial=0.0),
        boxes.scores.argmax(axis=1) if len(boxes) else np.empty(0, np.int64),
    )


def _nearest(one: ToldBoxes, place: int, other: ToldBoxes) -> tuple[float, float]:
    """How far off the best match of a box is: in pixels, and in score; endless where there is none."""
    same = np.flatnonzero(other.kinds == one.kinds[place])
    if not len(same):
        return float("inf"), float("inf")
    far = np.abs(other.corners[same] - one.corners[place]).max(axis=1)
    off = np.abs(other.scores[same] - one.scores[place])
    best = int(np.argmin(far / MOST_PIXELS + off / MOST_SCORE))
    return float(far[best]), float(off[best])
