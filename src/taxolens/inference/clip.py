"""One answer for a video clip: pure rules over the scores of its frames, and the frames that they need.

1. Frames are taken every so many seconds, up to a number of them.
2. A frame whose best class means that nothing is there says nothing about the animal of the others: it counts only
   where all frames are such. A camera goes on filming when the animal has left.
3. The others count the same: the mean of the logarithms of their probabilities, turned into probabilities again.
   These are the clip's scores, decided like those of a photo.
4. The best frame is the one of those that count that gives the clip's best class most.

Rules 2 and 3 are those of events (`events.py`): a clip is an event that is filmed.

Where a detector looks, the best frame is the one with the animal, person or vehicle that it is surest of, and the clip's
boxes are those of this frame: an animal that walks through ten frames is one animal. Only where there is none in any
frame, classes with the role `other` choose it, for a bench stands in all of them. Classes with the role `blank` choose
nothing. Where a classifier names them, it looks at the
crops of this frame; where no frame has a box, it looks at all of them whole, by the rules 2 to 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import ImageError
from taxolens.core.taxonomy import Role
from taxolens.imaging.photograph import Photograph
from taxolens.imaging.video import NO_FRAMES, Frame, opened_clip
from taxolens.inference.cascade_predictor import CascadePredictor
from taxolens.inference.decision import blanks_of
from taxolens.inference.detector import DetectorPredictor
from taxolens.inference.mean_log import MeanLog
from taxolens.inference.predictor import Predictor
from taxolens.inference.row import Boxes, Looked
from taxolens.modelfile.card import Card


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which frames of a clip are looked at.

    Attributes:
        every: seconds between two of them, above 0.
        most: at most so many, at least 1.
    """

    every: float = 1.0
    most: int = 60


SAMPLING = Sampling()

_Sure = tuple[float, float]
"""Score of the surest animal, person or vehicle that is there (0: none is), and of the surest box of any kind but blank."""


@dataclass(frozen=True, slots=True)
class ClipAnswer:
    """What a clip is answered.

    Attributes:
        scores: float32 [c], probabilities; of a classifier, of a cascade those of whole frames.
        looked: which frames they come from.
        taken: local time, as the container tells it.
        camera: make and model, likewise.
        boxes: those of the best frame; of a detector.
    """

    scores: NDArray[np.float32] | None
    looked: Looked
    taken: datetime | None
    camera: str | None
    boxes: Boxes | None = None


def look_at_clip(
    path: Path, predictor: Predictor, sampling: Sampling, *, max_megapixels: float
) -> ClipAnswer:
    """Looks at the frames of a clip; one is held at a time.

    Raises:
        ImageError: the clip cannot be read.
        ModelError: the model's graph cannot be run.
    """
    numbers: list[int] = []
    seconds: list[float] = []
    scores: list[NDArray[np.float32]] = []
    with opened_clip(path, max_megapixels=max_megapixels) as clip:
        for frame in clip.frames(every=sampling.every, most=sampling.most):
            numbers.append(frame.number)
            seconds.append(round(frame.seconds, 3))
            scores.append(predictor.scores(frame.pixels))
        rate, metadata = clip.frame_rate, clip.metadata
    if not scores:
        raise ImageError("empty", NO_FRAMES)
    blanks = blanks_of(predictor.card.taxa)
    pooled, best = pool(scores, [label in blanks for label in predictor.labels])
    looked = Looked(rate, tuple(numbers), numbers[best], seconds[best], sampling.every, sampling.most)
    return ClipAnswer(pooled, looked, metadata.taken, metadata.camera)


def find_in_clip(
    path: Path, predictor: DetectorPredictor, sampling: Sampling, *, max_megapixels: float
) -> ClipAnswer:
    """Looks for things in the frames of a clip; one frame and the boxes of the best are held at a time.

    Raises:
        ImageError: the clip cannot be read.
        ModelError: the model's graph cannot be run.
    """
    numbers: list[int] = []
    best: tuple[_Sure, int, float, Boxes] | None = None
    least = predictor.rule(top_k=1, threshold=None).least or 0.0
    with opened_clip(path, max_megapixels=max_megapixels) as clip:
        for frame in clip.frames(every=sampling.every, most=sampling.most):
            numbers.append(frame.number)
            boxes = predictor.boxes(frame.pixels)
            surest = _surest(boxes, predictor.card, least)
            if best is None or surest > best[0]:
                best = (surest, frame.number, round(frame.seconds, 3), boxes)
        rate, metadata = clip.frame_rate, clip.metadata
    if best is None:
        raise ImageError("empty", NO_FRAMES)
    _, number, seconds, boxes = best
    looked = Looked(rate, tuple(numbers), number, seconds, sampling.every, sampling.most)
    return ClipAnswer(None, looked, metadata.taken, metadata.camera, boxes)


def name_in_clip(
    path: Path, predictor: CascadePredictor, sampling: Sampling, *, max_megapixels: float
) -> ClipAnswer:
    """Looks for things in the frames of a clip, and names those of the best one; two frames are held at a time.

    Raises:
        ImageError: the clip cannot be read.
        ModelError: a graph cannot be run.
    """
    frames: list[tuple[int, float]] = []
    wholes: list[NDArray[np.float32] | None] = []
    best: _BestFrame | None = None
    with opened_clip(path, max_megapixels=max_megapixels) as clip:
        for frame in clip.frames(every=sampling.every, most=sampling.most):
            photo = Photograph(frame.pixels)
            boxes = predictor.detector.boxes(photo)
            frames.append((frame.number, round(frame.seconds, 3)))
            surest = _surest(boxes, predictor.detector.card, predictor.there)
            if best is None or surest > best.surest:
                best = _BestFrame(surest, len(frames) - 1, frame, boxes)
            # Whole frames count only while none has a box.
            wholes.append(None if max(best.surest) >= predictor.there else predictor.whole(photo))
        rate, metadata = clip.frame_rate, clip.metadata
    if best is None:
        raise ImageError("empty", NO_FRAMES)
    boxes, scores, position = _named_clip(best, wholes, predictor)
    number, seconds = frames[position]
    looked = Looked(rate, tuple(one for one, _ in frames), number, seconds, sampling.every, sampling.most)
    return ClipAnswer(scores, looked, metadata.taken, metadata.camera, boxes)


@dataclass(frozen=True, slots=True)
class _BestFrame:
    """The frame with the surest box so far, its position among those that were looked at, and its boxes."""

    surest: _Sure
    position: int
    frame: Frame
    boxes: Boxes


def _surest(boxes: Boxes, card: Card, least: float) -> _Sure:
    """What frames are chosen by.

    Args:
        least: score from which on a box is there.
    """
    if not len(boxes):
        return 0.0, 0.0
    roles = [taxon.role for taxon in card.taxa]
    alive = np.array([role not in (Role.BLANK, Role.OTHER) for role in roles], np.bool_)
    there = np.array([role is not Role.BLANK for role in roles], np.bool_)
    animal = float(boxes.scores[:, alive].max(initial=0.0))
    return animal if animal >= least else 0.0, float(boxes.scores[:, there].max(initial=0.0))


def _named_clip(
    best: _BestFrame, wholes: Sequence[NDArray[np.float32] | None], predictor: CascadePredictor
) -> tuple[Boxes, NDArray[np.float32] | None, int]:
    """The boxes of a clip with their names, the scores of its whole frames where these count, and the frame that
    the answer is about."""
    photo = Photograph(best.frame.pixels)
    boxes = predictor.named(photo, best.boxes)
    if predictor.finds(boxes):
        return boxes, None, best.position
    seen = [one for one in wholes if one is not None]
    if len(seen) < len(wholes):
        return boxes, predictor.whole(photo), best.position
    blanks = blanks_of(predictor.classifier.card.taxa)
    scores, position = pool(seen, [label in blanks for label in predictor.classifier.labels])
    return boxes, scores, best.position if len(boxes) else position


def pool(scores: Sequence[NDArray[np.float32]], blanks: Sequence[bool]) -> tuple[NDArray[np.float32], int]:
    """The scores of a clip, and the position of its best frame (rules 2 to 4).

    Args:
        scores: of each frame, at least one: float32 [c], probabilities.
        blanks: bool [c], which classes mean that nothing is there.
    """
    seen = [position for position, one in enumerate(scores) if not blanks[int(one.argmax())]]
    counted = seen or list(range(len(scores)))
    mean = MeanLog()
    for position in counted:
        mean.add(scores[position])
    pooled = mean.probabilities()
    if pooled is None:
        raise ValueError("a clip without frames has no scores")
    answer = int(pooled.argmax())
    return pooled, max(counted, key=lambda position: (float(scores[position][answer]), -position))
