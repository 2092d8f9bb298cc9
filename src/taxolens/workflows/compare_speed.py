"""How fast models are on this machine, one photo at a time, measured turn by turn.

Counted is the time that the processor worked for the one thread, so that other programs beside it change little.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from taxolens.core.progress import Progress
from taxolens.core.texts import Say
from taxolens.evaluation.result import Interval
from taxolens.imaging.decode import decode
from taxolens.inference.detector import DetectorPredictor
from taxolens.inference.predictor import Predictor
from taxolens.inference.session import Session
from taxolens.inference.tensor import to_probabilities, to_tensor

_WARM_UP = 3
_FEWEST = 8
_LOOKS = 60
_MOST_SECONDS = 60.0
_HALF_WIDTH = 0.98  # half of 1.96: the ranks around the median, for 95 %


@dataclass(frozen=True, slots=True)
class Speed:
    """Photos per second on one thread; medians over single looks with their 95 % intervals.

    Attributes:
        photos: how many were timed; few are looked at several times.
        whole: from the file to the probabilities.
        alone: the network alone, on a photo that is decoded.
    """

    photos: int
    whole: Interval
    alone: Interval


class Timed(Protocol):
    """A model that can be timed; what its photos took is kept by `Watched`."""

    def prepare(self, path: Path, max_megapixels: float) -> Callable[[], object]:
        """Decodes a photo; what it returns asks the network."""


class TimedClassifier:
    """A classifier on one thread."""

    def __init__(self, predictor: Predictor) -> None:
        self._card = predictor.card
        self._session = Session(predictor.model.graph, output=predictor.card.output.tensor)

    def prepare(self, path: Path, max_megapixels: float) -> Callable[[], object]:
        """Decodes a photo; what it returns asks the network."""
        pixels = decode(path, self._card.preprocess, max_megapixels=max_megapixels)
        tensor = to_tensor(pixels, self._card.input)
        return lambda: to_probabilities(self._session(tensor), self._card.output.decoder)


class TimedDetector:
    """A detector on one thread; what makes boxes of the network's answer counts as its own."""

    def __init__(self, predictor: DetectorPredictor) -> None:
        self._predictor = DetectorPredictor(predictor.model)

    def prepare(self, path: Path, max_megapixels: float) -> Callable[[], object]:
        """Decodes a photo; what it returns asks the network."""
        prepared = self._predictor.prepared(path, max_megapixels=max_megapixels)
        return lambda: self._predictor.boxes_of(prepared)


def timed(predictor: Predictor | DetectorPredictor) -> Timed:
    """A model on one thread, to be timed."""
    return TimedClassifier(predictor) if isinstance(predictor, Predictor) else TimedDetector(predictor)


class _Watched:
    """A model with what its photos took."""

    def __init__(self, model: Timed) -> None:
        self._model = model
        self.whole: list[float] = []
        self.alone: list[float] = []

    def look(self, path: Path, max_megapixels: float) -> None:
        begin = time.thread_time()
        ask = self._model.prepare(path, max_megapixels)
        before = time.thread_time()
        ask()
        after = time.thread_time()
        self.whole.append(after - begin)
        self.alone.append(after - before)

    def forget(self) -> None:
        self.whole.clear()
        self.alone.clear()

    def speed(self, photos: int) -> Speed:
        return Speed(min(photos, len(self.whole)), _rate(self.whole), _rate(self.alone))


def measure_speeds(
    predictors: Sequence[Predictor | DetectorPredictor],
    photos: Sequence[Path],
    *,
    most: int,
    max_megapixels: float,
    progress: Progress,
    say: Say,
) -> tuple[Speed, ...]:
    """Times every model on every photo, each photo beginning with another model, so that none gets the quiet
    moments. Few photos are gone through several times: the median of five looks tells little. Stops after a
    minute once there are eight looks.

    Args:
        photos: readable ones, at least one.
        most: how many of them to use, at least 1.
    """
    models = [_Watched(timed(predictor)) for predictor in predictors]
    chosen = _spread(photos, most)
    for model in models:
        for path in (chosen * _WARM_UP)[:_WARM_UP]:
            model.look(path, max_megapixels)
        model.forget()
    looks = chosen * math.ceil(_LOOKS / len(chosen))
    began = time.perf_counter()
    for number, path in enumerate(progress.track(looks, what=say("Measuring the speed"), total=len(looks))):
        if number >= _FEWEST and time.perf_counter() - began > _MOST_SECONDS:
            break
        path.read_bytes()  # lest the first model wait for the disk alone
        turn = number % len(models)
        for model in (*models[turn:], *models[:turn]):
            model.look(path, max_megapixels)
    return tuple(model.speed(len(chosen)) for model in models)


def _spread(photos: Sequence[Path], most: int) -> list[Path]:
    if len(photos) <= most:
        return list(photos)
    return [photos[place * len(photos) // most] for place in range(most)]


def _rate(seconds: Sequence[float]) -> Interval:
    """Photos per second: the median's, and those of the ranks between which it lies in 95 % of cases."""
    ranked = sorted(seconds)
    n = len(ranked)
    low = max(0, math.floor(n / 2 - _HALF_WIDTH * math.sqrt(n)))
    high = min(n - 1, math.ceil(n / 2 + _HALF_WIDTH * math.sqrt(n)))
    return Interval(1 / statistics.median(ranked), 1 / ranked[high], 1 / ranked[low])
