"""A model file at work: what `taxolens.load` returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taxolens.core.engine import Engine
from taxolens.core.errors import ImageError, ModelError, UsageError
from taxolens.core.records import Prediction
from taxolens.execution.local import default_workers, ordered_map
from taxolens.imaging.container import DEFAULT_MEGAPIXELS
from taxolens.imaging.decode import decode, prepare
from taxolens.imaging.photograph import Photograph
from taxolens.inference.decision import DecisionRule, decide, failed, rule_of
from taxolens.inference.openvino_session import OpenvinoSession
from taxolens.inference.session import Session
from taxolens.inference.sources import Source, failure_of, sources
from taxolens.inference.tensor import to_probabilities, to_tensor
from taxolens.modelfile.card import Card, Task
from taxolens.modelfile.read import ModelFile, read_model

_AHEAD_PER_WORKER = 16
_BLACK = np.zeros((8, 8, 3), np.uint8)


class Predictor:
    """Names what is in photos. Safe to use from several threads.

        model = taxolens.load("model.onnx")
        for answer in model.predict(["a.jpg", "b.jpg"]):
            print(answer.name, answer.label, answer.score, answer.status)

    Args:
        model: a verified model file of the task "classify".
        engine: what computes its graph.
        calls: how many threads ask at once, for engines that want to know.
    """

    def __init__(self, model: ModelFile, engine: Engine = Engine.ONNXRUNTIME, *, calls: int = 0) -> None:
        self.model = model
        self.engine = engine
        self._calls = calls
        self._labels = model.card.labels
        self._preprocess = model.card.preprocess

    @property
    def card(self) -> Card:
        """What the model says of itself."""
        return self.model.card

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of `probabilities`."""
        return self._labels

    def predict(
        self,
        photos: Any,
        *,
        top_k: int = 5,
        threshold: float | None = None,
        workers: int = 0,
        max_megapixels: float = DEFAULT_MEGAPIXELS,
    ) -> list[Prediction]:
        """Names what is in photos.

        Args:
            photos: paths (str or Path) and arrays (uint8 [height, width, 3], upright RGB, any size; also
                what numpy takes for one, as an RGB image of Pillow), or a single one.
            top_k: length of each ranking, at least 1.
            threshold: score below which the answer is "unsure", 0..1; None: the model's own.
            workers: photos worked on at once; 0: one per processor.
            max_megapixels: photos that announce more pixels become failures, unread.

        Returns:
            One prediction per photo, in their order. A photo that cannot be read has the status "failed"
            and says why in `failure`. The `name` of an array is its position, from 0.

        Raises:
            UsageError: an argument that cannot be meant, among them an array of another type or shape.
            ModelError: the model's graph cannot be run.
        """
        rule = self.rule(top_k=top_k, threshold=threshold)
        named = sources(photos)
        answers = self._answers([source for _, source in named], workers, max_megapixels)
        return [
            failed(failure_of(name, source, answer))
            if isinstance(answer, ImageError)
            else decide(name, answer, rule)
            for (name, source), answer in zip(named, answers, strict=True)
        ]

    def probabilities(
        self, photos: Any, *, workers: int = 0, max_megapixels: float = DEFAULT_MEGAPIXELS
    ) -> NDArray[np.float32]:
        """Calibrated probabilities of photos, as `predict` sees them.

        Returns:
            float32 [photos, classes]; a row of NaN where a photo cannot be read.
        """
        photographs = [source for _, source in sources(photos)]
        table = np.full((len(photographs), len(self.labels)), np.nan, dtype=np.float32)
        for row, answer in enumerate(self._answers(photographs, workers, max_megapixels)):
            if not isinstance(answer, ImageError):
                table[row] = answer
        return table

    def scores(
        self, source: Source | Photograph, *, max_megapixels: float = DEFAULT_MEGAPIXELS
    ) -> NDArray[np.float32]:
        """Calibrated probabilities of one photo, float32 [classes].

        Raises:
            ImageError: the photo cannot be read.
            ModelError: the model's graph cannot be run, or answers with another number of classes.
        """
        if isinstance(source, Path):
            return self.named(decode(source, self._preprocess, max_megapixels=max_megapixels))
        if isinstance(source, Photograph):
            return self.named(source.fitted(self._preprocess).pixels)
        return self.named(prepare(source, self._preprocess))

    def named(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Calibrated probabilities of a photo, or a part of one, that the card's rule has prepared.

        Args:
            pixels: uint8 [height, width, 3].

        Returns:
            float32 [classes].

        Raises:
            ModelError: the model's graph cannot be run, or answers with another number of classes.
        """
        answer = self.session(to_tensor(pixels, self.card.input))
        if len(answer) != len(self.labels):
            raise ModelError(
                "The model {path} answers with {found} scores for {classes} classes. Train it anew.",
                path=self.model.path,
                found=len(answer),
                classes=len(self.labels),
            )
        return to_probabilities(answer, self.card.output.decoder)

    def rule(self, *, top_k: int, threshold: float | None) -> DecisionRule:
        """What decides beside the scores; a threshold of None is the card's."""
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
            shape = to_tensor(prepare(_BLACK, self._preprocess), self.card.input).shape
            calls = threads_for(self._calls)
            return OpenvinoSession(self.model.graph, output=output, shape=shape, calls=calls)
        return Session(self.model.graph, output=output)

    def _answers(
        self, photos: Iterable[Source], workers: int, max_megapixels: float
    ) -> Iterator[NDArray[np.float32] | ImageError]:
        def answer(source: Source) -> NDArray[np.float32] | ImageError:
            try:
                return self.scores(source, max_megapixels=max_megapixels)
            except ImageError as error:
                return error

        self.start()
        threads = threads_for(workers)
        return ordered_map(answer, photos, workers=threads, window=threads * _AHEAD_PER_WORKER)


def open_predictor(path: str | Path, engine: Engine = Engine.ONNXRUNTIME, *, calls: int = 0) -> Predictor:
    """Opens a model file for use; see `Predictor`.

    Raises:
        ModelError: the file is absent, damaged, no model of Taxolens, or made for another task.
    """
    return Predictor(read_model(Path(path), task=Task.CLASSIFY), engine, calls=calls)


def threads_for(workers: int) -> int:
    """How many threads `workers` asks for; 0: one per processor.

    Raises:
        UsageError: fewer than none.
    """
    if workers < 0:
        raise UsageError(
            "{workers} workers cannot be. Give 1 or more, or 0 for all processors.", workers=workers
        )
    return workers or default_workers()
