"""A model wherever it is served: by us, by Triton, by OpenVINO Model Server."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

import httpx
import numpy as np
from numpy.typing import NDArray

from taxolens.client.connected import Connected
from taxolens.client.encoded import boxes_of
from taxolens.client.exchange import Declined, Exchange
from taxolens.client.photos import Named, encoded, named
from taxolens.client.remote import RemoteGraph
from taxolens.client.retry import Retry
from taxolens.core.errors import ImageError, UsageError
from taxolens.core.records import Failure, Prediction
from taxolens.execution.local import ordered_map
from taxolens.imaging.decode import thumbnail
from taxolens.inference.decision import DecisionRule, decide, failed, kept_from
from taxolens.inference.detected import Detected
from taxolens.inference.detector import DetectorPredictor, detected
from taxolens.inference.predictor import Predictor
from taxolens.inference.session import Session
from taxolens.inference.tensor import to_probabilities
from taxolens.modelfile.card import Card, CardOutput, Task
from taxolens.modelfile.read import ModelFile, read_model

_AHEAD = 4
_TINY = 8
_PHOTO_INPUT = "image"
_OF_A_PHOTO = frozenset({400, 413, 415, 422})


class InputMode(StrEnum):
    """What a server is sent: the file, which it decodes itself, or the pixels as its graph takes them."""

    BYTES = "bytes"
    TENSOR = "tensor"


class InferenceTarget(Connected):
    """A model of a server that speaks the Open Inference Protocol v2, used like one on this machine.

        with InferenceTarget("http://triton:8000", "mammals", card="mammals.onnx") as model:
            for answer in model.predict(["a.jpg", "b.jpg"]):
                print(answer.name, answer.label, answer.score)

    With `tensor`, photos are decoded and resized here by the card's rule, so answers are those of the file itself,
    whatever serves it. With `bytes`, the server decodes: ours by the card's rule. OpenVINO Model Server stretches photos
    to the input, in the order blue, green, red; a card with another rule gets other pixels there than it learnt from.

    Args:
        url: of the server's root.
        model: its name there.
        card: a model file of Taxolens, or a card alone: classes, size, how the answer is read.
        version: of the model; None: the server's choice.
        input_mode: what is sent.
        decoder: how the output is read, where that is not as the card says; see `taxolens models describe`.
        input_name: of the input; None: the card's, and with `bytes` "image".
        output_name: of the output; None: the card's.
        key: that opens the server; None: none is shown.
        timeout: seconds that a connection, and each silence while an answer is waited for, may take.
        retries: how often to ask again where the server is busy or cannot be reached.
        transport: what carries requests; None: the network.

    Raises:
        UsageError: the address is none, or a card that no photo can be named by.
        ModelError: the model file cannot be read, or its decoder is not known.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        card: Card | str | Path,
        version: str | None = None,
        input_mode: InputMode | str = InputMode.TENSOR,
        decoder: str | None = None,
        input_name: str | None = None,
        output_name: str | None = None,
        key: str | None = None,
        timeout: float = 30.0,
        retries: int = 4,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.mode = _mode(input_mode)
        self.card = _card(card, decoder)
        usual = _PHOTO_INPUT if self.mode is InputMode.BYTES else self.card.input.tensor
        super().__init__(Exchange(url, key=key, timeout=timeout, retry=Retry(retries), transport=transport))
        self._graph = RemoteGraph(
            self._exchange,
            model,
            version,
            input_name=input_name or usual,
            output_name=output_name or self.card.output.tensor,
        )
        self._predictor = _predictor(self.card, self._graph)

    def ready(self) -> bool:
        """Whether the model answers now. Asked once."""
        return self._graph.ready()

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of the output."""
        return self.card.labels

    def predict(
        self, photos: Any, *, top_k: int = 5, threshold: float | None = None, workers: int = 4
    ) -> list[Prediction] | list[Detected]:
        """What the model says of photos, as `predict` of `taxolens.load`.

        Args:
            photos: paths, and arrays (uint8 [height, width, 3], upright RGB); with `bytes` also the bytes of files.
            top_k: length of each ranking, at least 1.
            threshold: below it answers are "unsure" and boxes left out, 0..1; None: as the card says.
            workers: requests at once, at least 1.

        Returns:
            One answer per photo, in their order: `Prediction` of a classifier, `Detected` of a detector. A photo that
            cannot be read has the status "failed" and says why.

        Raises:
            UsageError: an argument that cannot be meant, or the server declines.
            ModelError: the answer is not what the card says.
            NetworkError: nothing answers, it takes too long, the server stays busy or fails.
        """
        if workers < 1:
            raise UsageError("{workers} workers cannot be. Give 1 or more.", workers=workers)
        if self.mode is InputMode.TENSOR:
            return self._predictor.predict(photos, top_k=top_k, threshold=threshold, workers=workers)
        rule = self._predictor.rule(top_k=top_k, threshold=threshold)
        answers: Iterator[Any] = ordered_map(
            lambda photo: self._read(photo, rule), named(photos), workers=workers, window=workers * _AHEAD
        )
        return list(answers)

    def _read(self, photo: Named, rule: DecisionRule) -> Prediction | Detected:
        """The answer of a server that decodes photos itself."""
        try:
            return self._answered(photo.name, encoded(photo.source), rule)
        except ImageError as error:
            return self._failed(photo.name, error.code, error.told())

    def _answered(self, name: str, photo: bytes, rule: DecisionRule) -> Prediction | Detected:
        classifies = self.card.task is Task.CLASSIFY
        parameters = {} if classifies else {"threshold": kept_from(self.card)}
        try:
            outputs = self._graph.encoded(photo, **parameters)
        except Declined as no:
            # The protocol has no place for a photo that cannot be read: whether it is the photo, we see ourselves.
            if no.status in _OF_A_PHOTO:
                thumbnail(photo, _TINY)
            raise
        if classifies:
            scores = to_probabilities(self._graph.one(outputs).reshape(-1), self.card.output.decoder)
            return decide(name, self._whole(scores), rule)
        boxes = boxes_of(outputs, self._graph, self.card)
        return detected(name, Path(name), boxes, rule)

    def _whole(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        if len(scores) != len(self.labels):
            raise UsageError(
                "The model {model} answers with {found} scores, and its card names {classes} classes. Give the card "
                "of that very model.",
                model=self._graph.model,
                found=len(scores),
                classes=len(self.labels),
            )
        return scores

    def _failed(self, name: str, code: str, reason: str) -> Prediction | Detected:
        failure = Failure(Path(name), name, code, reason)
        prediction = failed(failure)
        if self.card.task is Task.CLASSIFY:
            return prediction
        return Detected(name, (), prediction.status, failure)


def _mode(given: InputMode | str) -> InputMode:
    try:
        return InputMode(given)
    except ValueError:
        known = ", ".join(InputMode)
        raise UsageError(
            "There is no input mode {mode}. Choose from: {known}.", mode=given, known=known
        ) from None


def _card(given: Card | str | Path, decoder: str | None) -> Card:
    card = given if isinstance(given, Card) else read_model(Path(given)).card
    if card.task is Task.EMBED:
        raise UsageError(
            "The card {name} is one of a backbone, which names nothing. Give that of a model.", name=card.name
        )
    if decoder is None:
        return card
    output: CardOutput = card.output.changed(decoder=decoder)
    return card.changed(output=output)


def _predictor(card: Card, graph: RemoteGraph) -> Predictor | DetectorPredictor:
    """What decides from a graph's output; the graph itself is elsewhere."""
    file = ModelFile(Path(card.name), hashlib.sha256(card.to_json().encode()).hexdigest(), card, b"")
    predictor = DetectorPredictor(file) if card.task is Task.DETECT else Predictor(file)
    # Both compute their session when it is first asked for, unless there is one.
    predictor.session = cast(Session, graph)
    return predictor
