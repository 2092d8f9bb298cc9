"""A detector and a classifier at work together: what `taxolens.load` returns for a pipeline, or with `detector`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taxolens.core.engine import Engine
from taxolens.core.errors import ImageError
from taxolens.core.geometry import WHOLE_IMAGE
from taxolens.core.records import Prediction, Status
from taxolens.core.taxonomy import Role
from taxolens.execution.local import ordered_map
from taxolens.imaging.container import DEFAULT_MEGAPIXELS
from taxolens.imaging.photograph import Photograph
from taxolens.imaging.region import region
from taxolens.inference.cascade import decide_cascade, padded, photo_scores, rule_for, something_there
from taxolens.inference.cascade_rule import DetectorPart, answering_card, looks_at_whole
from taxolens.inference.decision import DecisionRule
from taxolens.inference.detected import Detected, Detection
from taxolens.inference.detector import DetectorPredictor
from taxolens.inference.finds import Find, box_of
from taxolens.inference.predictor import Predictor, threads_for
from taxolens.inference.row import Boxes
from taxolens.inference.sources import Source, failure_of, sources
from taxolens.modelfile.card import Card
from taxolens.modelfile.pipeline import CascadeFiles
from taxolens.modelfile.read import ModelFile

_AHEAD_PER_WORKER = 16


@dataclass(frozen=True, slots=True)
class Sighted:
    """What both models say of one photo, before anything is decided.

    Attributes:
        boxes: with what the classifier says of them.
        whole: float32 [classes of the classifier]; None where a box is there, or the whole is never looked at.
    """

    boxes: Boxes
    whole: NDArray[np.float32] | None


class CascadePredictor:
    """Finds what is in photos and names each thing. Safe to use from several threads.

        model = taxolens.load("species.onnx", detector="detector.onnx")
        for photo in model.predict(["a.jpg", "b.jpg"]):
            for one in photo.detections:
                print(photo.name, one.label, one.score, one.box)

    Args:
        files: two verified models and what decides between them.
        engine: what computes their graphs.
        calls: how many threads ask at once, for engines that want to know.
    """

    def __init__(self, files: CascadeFiles, engine: Engine = Engine.ONNXRUNTIME, *, calls: int = 0) -> None:
        self.detector = DetectorPredictor(files.detector, engine, calls=calls)
        self.classifier = Predictor(files.classifier, engine, calls=calls)
        self.engine = engine
        self.part = DetectorPart(
            files.detector.sha256,
            files.detector.card,
            files.crop,
            files.rule,
            len(files.classifier.card.classes),
        )
        silent = (Role.BLANK, Role.OTHER)
        self._nameable = np.array([one.role not in silent for one in files.detector.card.taxa], np.bool_)
        self._card = answering_card(files.classifier.card, files.detector.card)
        self._usual = self.rule(top_k=1, threshold=None)
        self._looks_at_whole = looks_at_whole(files.classifier.card, files.rule)

    @property
    def model(self) -> ModelFile:
        """The classifier's file."""
        return self.classifier.model

    @property
    def card(self) -> Card:
        """What the classifier says of itself, with the classes that only the cascade can answer behind its own."""
        return self._card

    @property
    def labels(self) -> tuple[str, ...]:
        """Everything that an answer may be, in the order of a distribution."""
        return self._card.labels

    def predict(
        self,
        photos: Any,
        *,
        top_k: int = 5,
        threshold: float | None = None,
        detector_threshold: float | None = None,
        workers: int = 0,
        max_megapixels: float = DEFAULT_MEGAPIXELS,
    ) -> list[Detected]:
        """Finds and names what is in photos.

        Args:
            photos: paths (str or Path) and arrays (uint8 [height, width, 3], upright RGB, any size), or a single one.
            top_k: length of each ranking, at least 1.
            threshold: names that are less sure are "unsure", 0..1; None: the classifier's own.
            detector_threshold: boxes that are less sure are left out, 0..1; None: the detector's typical one.
            workers: photos worked on at once; 0: one per processor.
            max_megapixels: photos that announce more pixels become failures, unread.

        Returns:
            One answer per photo, in their order. Where the whole photo decided, its one detection has a box over all
            of it. A photo that cannot be read has the status "failed" and says why.

        Raises:
            UsageError: an argument that cannot be meant.
            ModelError: a graph cannot be run, or answers with another shape than its card says.
        """
        rule = self.rule(top_k=top_k, threshold=threshold, detector_threshold=detector_threshold)
        named = sources(photos)
        answers = self._answers([source for _, source in named], workers, max_megapixels)
        return [
            detected(name, source, answer, rule)
            for (name, source), answer in zip(named, answers, strict=True)
        ]

    def look(self, source: Source, *, max_megapixels: float = DEFAULT_MEGAPIXELS) -> Sighted:
        """What both models say of one photo, decoded once for both where it can be.

        Raises:
            ImageError: the photo cannot be read.
            ModelError: a graph cannot be run, or answers with another shape than its card says.
        """
        return self.look_at(Photograph(source, max_megapixels=max_megapixels))

    def look_at(self, photo: Photograph) -> Sighted:
        """As `look`, at a photo that is looked at elsewhere too.

        Raises:
            ImageError: the photo cannot be read.
            ModelError: a graph cannot be run, or answers with another shape than its card says.
        """
        boxes = self.named(photo, self.detector.boxes(photo))
        return Sighted(boxes, None if self.finds(boxes) else self.whole(photo))

    def named(self, photo: Photograph, boxes: Boxes) -> Boxes:
        """Boxes with what the classifier says of each that may be something to be named.

        Raises:
            ImageError: the photo cannot be read.
            ModelError: the graph cannot be run.
        """
        crop = self.part.crop
        sure = boxes.scores[:, self._nameable] if len(boxes) else np.zeros((0, 1), np.float32)
        asked = np.flatnonzero(sure.max(axis=1, initial=0.0) >= crop.least)
        parts = [region(box_of(place), photo.size(), crop) for place in boxes.places[asked]]
        crops = photo.crops(parts, self.classifier.card.preprocess)
        # Boxes up to the last that was asked about; of those between, nothing is said.
        named = np.zeros((int(asked.max(initial=-1)) + 1, self.part.known), np.float32)
        for position, pixels in zip(asked, crops, strict=True):
            named[position] = self.classifier.named(pixels)
        return replace(boxes, named=named)

    def finds(self, boxes: Boxes) -> bool:
        """Whether any box is there, by the usual thresholds."""
        return something_there(boxes, self._usual)

    @property
    def there(self) -> float:
        """How sure the detector must be of a box that is there, by the usual thresholds."""
        return self._usual.least or 0.0

    def whole(self, photo: Photograph) -> NDArray[np.float32] | None:
        """What the classifier says of a whole photo; None where that never counts."""
        return self.classifier.scores(photo) if self._looks_at_whole else None

    def scores(self, source: Source, *, max_megapixels: float = DEFAULT_MEGAPIXELS) -> NDArray[np.float32]:
        """One distribution for a photo: that of its surest box, or nearly all on "blank"; see `photo_scores`.

        Returns:
            float32 [labels].

        Raises:
            ImageError: the photo cannot be read.
            ModelError: a graph cannot be run.
        """
        seen = self.look(source, max_megapixels=max_megapixels)
        return photo_scores("", seen.boxes, seen.whole, self._usual)

    def rule(
        self, *, top_k: int, threshold: float | None, detector_threshold: float | None = None
    ) -> DecisionRule:
        """What decides beside boxes and scores; thresholds of None are the cards'."""
        return rule_for(
            self._card, self.part, top_k=top_k, threshold=threshold, detector_threshold=detector_threshold
        )

    def start(self) -> None:
        """Loads the graphs now instead of with the first photo."""
        self.detector.start()
        self.classifier.start()

    def _answers(
        self, photos: Iterable[Source], workers: int, max_megapixels: float
    ) -> Iterator[Sighted | ImageError]:
        def answer(source: Source) -> Sighted | ImageError:
            try:
                return self.look(source, max_megapixels=max_megapixels)
            except ImageError as error:
                return error

        self.start()
        threads = threads_for(workers)
        return ordered_map(answer, photos, workers=threads, window=threads * _AHEAD_PER_WORKER)


def detected(name: str, source: Source, answer: Sighted | ImageError, rule: DecisionRule) -> Detected:
    """What is said of a photo that both models saw, or which could not be read."""
    if isinstance(answer, ImageError):
        return Detected(name, (), Status.FAILED, failure_of(name, source, answer))
    said = list(decide_cascade(name, answer.boxes, answer.whole, rule))
    if said[0][0].status is Status.BLANK:
        return Detected(name, (), Status.BLANK)
    return Detected(name, tuple(_detection(one, find, answer, rule) for one, find in said), Status.OK)


def _detection(said: Prediction, find: Find | None, answer: Sighted, rule: DecisionRule) -> Detection:
    # A whole photo that is named has no box of its own, and no detector was sure of one.
    find = find or Find(WHOLE_IMAGE, said.score, padded(answer.whole, rule))
    return Detection(find.box, said.label, find.confidence, said.ranking, find.distribution, find.margin)
