"""A model at work in one process: answers one piece of work at a time. Knows nothing of requests and versions."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import ImageError, ModelError
from taxolens.imaging.container import NO_MEMORY
from taxolens.inference.cascade_predictor import CascadePredictor
from taxolens.inference.cascade_predictor import detected as seen_by_both
from taxolens.inference.decision import decide, failed
from taxolens.inference.detected import Detected
from taxolens.inference.detector import DetectorPredictor, detected
from taxolens.inference.opened import AnyPredictor, open_model
from taxolens.inference.predictor import Predictor
from taxolens.inference.session import Session
from taxolens.inference.sources import failure_of
from taxolens.recipes.tile import TileRecipe
from taxolens.server.admitted import Described
from taxolens.server.desk import Tensor
from taxolens.server.done import Done
from taxolens.server.timed_photograph import TimedPhotograph
from taxolens.server.work import Named, PhotoWork, Raw, TensorWork, Work

NO_SCORES = np.zeros(0, np.float32)


class OpenedModel:
    """A model, its graph loaded. For one thread.

    Args:
        path: a model file or a pipeline.
        tile: how a detector cuts photos.
        max_megapixels: photos that announce more pixels become failures, unread.

    Raises:
        ModelError: it cannot be used.
    """

    def __init__(self, path: Path, *, tile: TileRecipe, max_megapixels: float) -> None:
        self._predictor = open_model(path, tile=tile)
        self._most = max_megapixels
        self._predictor.start()
        self.described = _described(self._predictor)
        _let_go(self._predictor)

    def answer(self, work: Work) -> Done:
        """Does one piece of work. A photo that cannot be read is an answer.

        Raises:
            UsageError: a value of the work that cannot be meant.
            ModelError: the graph fails.
        """
        began = time.perf_counter()
        if isinstance(work, TensorWork):
            return Done(self._raw(work), time.perf_counter() - began, 0.0)
        photo = TimedPhotograph(work.photo, max_megapixels=self._most)
        result = self._said(work, photo)
        return Done(result, time.perf_counter() - began, photo.seconds)

    def _said(self, work: PhotoWork, photo: TimedPhotograph) -> Named | Detected:
        model, where = self._predictor, Path(work.name)
        rule = model.rule(top_k=work.top_k, threshold=work.threshold)
        try:
            if isinstance(model, Predictor):
                scores = model.scores(photo)
                return Named(decide(work.name, scores, rule), scores)
            if isinstance(model, DetectorPredictor):
                return detected(work.name, where, model.boxes(photo), rule)
            return seen_by_both(work.name, where, model.look_at(photo), rule)
        except (ImageError, MemoryError) as error:
            fault = error if isinstance(error, ImageError) else ImageError("too_large", NO_MEMORY)
            if isinstance(model, Predictor):
                return Named(failed(failure_of(work.name, where, fault)), NO_SCORES)
            if isinstance(model, DetectorPredictor):
                return detected(work.name, where, fault, rule)
            return seen_by_both(work.name, where, fault, rule)

    def _raw(self, work: TensorWork) -> Raw:
        session = _session(self._predictor)
        if session is None:
            raise ModelError("A pipeline takes no tensors. Send encoded photos.")
        # Each photo is a batch of its own, so that its answer does not depend on its neighbours.
        return Raw(np.concatenate([_with_photos(session, one) for one in work.tensor]))


def _with_photos(session: Session, one: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
    answer = session.whole(one)
    return answer if answer.ndim else answer.reshape(1)


def _session(predictor: AnyPredictor) -> Session | None:
    if isinstance(predictor, CascadePredictor):
        return None
    # No other engine is asked for here.
    return cast(Session, predictor.session)


def _described(predictor: AnyPredictor) -> Described:
    session, card = _session(predictor), predictor.card
    if session is None:
        return Described(predictor.model.sha256, card, "pipeline", (), ())
    rule = card.input
    high, wide = (-1, -1) if rule.multiple else (rule.height, rule.width)
    shape = (-1, high, wide, 3) if rule.layout == "nhwc" else (-1, 3, high, wide)
    given = Tensor(rule.tensor, "UINT8" if rule.uint8 else "FP32", shape)
    said = Tensor(card.output.tensor, "FP32", session.shape)
    return Described(predictor.model.sha256, card, card.task.value, (given,), (said,))


def _let_go(predictor: AnyPredictor) -> None:
    """Drops the file's bytes, of which the graph that was loaded has its own."""
    if isinstance(predictor, CascadePredictor):
        _let_go(predictor.detector)
        _let_go(predictor.classifier)
    else:
        predictor.model = replace(predictor.model, graph=b"")
