"""A detector at work: what `taxolens.load` returns for one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

from taxolens.core.engine import Engine
from taxolens.core.errors import ImageError, ModelError
from taxolens.core.records import Status
from taxolens.execution.local import ordered_map
from taxolens.imaging.container import DEFAULT_MEGAPIXELS
from taxolens.imaging.decode import Fitted, decode_fitted, fit_picture, prepare_fitted
from taxolens.imaging.photograph import Photograph
from taxolens.inference.decision import DecisionRule, kept_from, rule_of
from taxolens.inference.decoders.candidates import Candidates, Output
from taxolens.inference.decoders.registry import DECODERS
from taxolens.inference.detected import Detected, Detection
from taxolens.inference.finds import decide_boxes
from taxolens.inference.openvino_session import ANY_SIDE, OpenvinoSession
from taxolens.inference.predictor import threads_for
from taxolens.inference.row import Boxes
from taxolens.inference.session import Session
from taxolens.inference.sources import Source, failure_of, sources
from taxolens.inference.suppression import suppress
from taxolens.inference.tensor import to_tensor
from taxolens.inference.tiled import look_in_tiles
from taxolens.modelfile.card import Card
from taxolens.modelfile.read import ModelFile

_AHEAD_PER_WORKER = 16
_BLACK = np.zeros((8, 8, 3), np.uint8)
_COLOURS = 3


class DetectorPredictor:
    """Finds what is in photos. Safe to use from several threads.

        model = taxolens.load("detector.onnx")
        for photo in model.predict(["a.jpg", "b.jpg"]):
            for one in photo.detections:
                print(photo.name, one.label, one.score, one.box)

    Args:
        model: a verified model file of the task "detect".
        engine: what computes its graph.
        calls: how many threads ask at once, for engines that want to know.

    Raises:
        ModelError: its output is of a kind that is not known.
    """

    def __init__(self, model: ModelFile, engine: Engine = Engine.ONNXRUNTIME, *, calls: int = 0) -> None:
        self.model = model
        self.engine = engine
        self._calls = calls
        self._preprocess = model.card.preprocess
        if model.card.output.decoder not in DECODERS:
            raise ModelError(
                "The boxes of the model {file} are read by the decoder {decoder}, which is not known. "
                "Update Taxolens, or describe the network anew.",
                file=model.path,
                decoder=model.card.output.decoder,
            )
        self._decode = DECODERS[model.card.output.decoder].decode

    @property
    def card(self) -> Card:
        """What the model says of itself."""
        return self.model.card

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of a distribution."""
        return self.model.card.labels

    def predict(
        self,
        photos: Any,
        *,
        top_k: int = 5,
        threshold: float | None = None,
        workers: int = 0,
        max_megapixels: float = DEFAULT_MEGAPIXELS,
    ) -> list[Detected]:
        """Finds what is in photos.

        Args:
            photos: paths (str or Path) and arrays (uint8 [height, width, 3], upright RGB, any size), or a single one.
            top_k: length of each ranking, at least 1.
            threshold: boxes that are less sure are left out, 0..1; None: the card's typical one.
            workers: photos worked on at once; 0: one per processor.
            max_megapixels: photos that announce more pixels become failures, unread.

        Returns:
            One answer per photo, in their order. A photo that cannot be read has the status "failed" and says why.

        Raises:
            UsageError: an argument that cannot be meant.
            ModelError: the model's graph cannot be run, or answers with another shape than its card says.
        """
        rule = self.rule(top_k=top_k, threshold=threshold)
        named = sources(photos)
        answers = self._answers([source for _, source in named], workers, max_megapixels)
        return [
            detected(name, source, answer, rule)
            for (name, source), answer in zip(named, answers, strict=True)
        ]

    def boxes(self, source: Source | Photograph, *, max_megapixels: float = DEFAULT_MEGAPIXELS) -> Boxes:
        """The boxes of one photo from the card's conservative threshold on.

        Raises:
            ImageError: the photo cannot be read.
            ModelError: the model's graph cannot be run, or answers with another shape than its card says.
        """
        return self.boxes_of(self.prepared(source, max_megapixels=max_megapixels))

    def prepared(
        self, source: Source | Photograph, *, max_megapixels: float = DEFAULT_MEGAPIXELS
    ) -> Fitted | Pillow.Image:
        """A photo decoded: as the network takes it, or whole where the card cuts it into tiles.

        Raises:
            ImageError: the photo cannot be read.
        """
        if self.card.input.tile is not None:
            if not isinstance(source, Photograph):
                source = Photograph(source, max_megapixels=max_megapixels)
            return source.picture()
        if isinstance(source, Path):
            return decode_fitted(source, self._preprocess, max_megapixels=max_megapixels)
        if isinstance(source, Photograph):
            return source.fitted(self._preprocess)
        return prepare_fitted(source, self._preprocess)

    def boxes_of(self, prepared: Fitted | Pillow.Image) -> Boxes:
        """The boxes of a photo that `prepared` has decoded.

        Raises:
            ModelError: the model's graph cannot be run, or answers with another shape than its card says.
        """
        tile = self.card.input.tile
        if isinstance(prepared, Fitted):
            return self._found(prepared)
        return look_in_tiles(prepared, tile, self._look) if tile else self._look(prepared)

    def _look(self, picture: Pillow.Image) -> Boxes:
        """The boxes of an upright RGB picture, such as a tile."""
        return self._found(fit_picture(picture, self._preprocess))

    def _found(self, fitted: Fitted) -> Boxes:
        height, width = fitted.pixels.shape[:2]
        values = self.session.shaped(to_tensor(fitted.pixels, self.card.input))
        output = Output(values, width, height, len(self.labels))
        candidates = self._decode(output, least=kept_from(self.card))
        kept = suppress(candidates, self.card.output.overlap)
        return _on_photo(Candidates(candidates.corners[kept], candidates.scores[kept]), fitted)

    def rule(self, *, top_k: int, threshold: float | None) -> DecisionRule:
        """What decides beside the boxes; a threshold of None is the card's typical one."""
        return rule_of(self.card, top_k=top_k, threshold=threshold)

    def start(self) -> None:
        """Loads the graph now instead of with the first photo."""
        _ = self.session

    @cached_property
    def session(self) -> Session | OpenvinoSession:
        """The graph, loaded when it is first asked for.

        Raises:
            ModelError: it cannot be run.
        """
        output = self.card.output.tensor
        if self.engine is Engine.OPENVINO:
            shape = to_tensor(prepare_fitted(_BLACK, self._preprocess).pixels, self.card.input).shape
            if self.card.input.multiple is not None:
                shape = tuple(side if side == _COLOURS else ANY_SIDE for side in shape)
            calls = threads_for(self._calls)
            return OpenvinoSession(self.model.graph, output=output, shape=shape, calls=calls)
        return Session(self.model.graph, output=output)

    def _answers(
        self, photos: Iterable[Source], workers: int, max_megapixels: float
    ) -> Iterator[Boxes | ImageError]:
        def answer(source: Source) -> Boxes | ImageError:
            try:
                return self.boxes(source, max_megapixels=max_megapixels)
            except ImageError as error:
                return error

        self.start()
        threads = threads_for(workers)
        return ordered_map(answer, photos, workers=threads, window=threads * _AHEAD_PER_WORKER)


def _on_photo(candidates: Candidates, fitted: Fitted) -> Boxes:
    """Boxes of the input as boxes of the photo, cut to it; those that lie in the padding go."""
    corners = fitted.fitting.on_photo(candidates.corners.reshape(-1, 2, 2), fitted.size).clip(0.0, 1.0)
    near, far = corners[:, 0], corners[:, 1]
    inside = ((far - near) > 0).all(axis=1)
    places = np.concatenate([near, far - near], axis=1)[inside].astype(np.float32)
    return Boxes(places, candidates.scores[inside])


def detected(name: str, source: Source, answer: Boxes | ImageError, rule: DecisionRule) -> Detected:
    """What is said of a photo whose boxes were found, or which could not be read."""
    if isinstance(answer, ImageError):
        return Detected(name, (), Status.FAILED, failure_of(name, source, answer))
    detections = tuple(
        Detection(one.box, said.label, one.confidence, said.ranking, one.distribution, one.margin)
        for said, one in decide_boxes(name, answer, rule)
        if one is not None
    )
    return Detected(name, detections, Status.OK if detections else Status.BLANK)
