"""Ways of naming photos, each in a process of its own, so that none shares memory, threads or caches.

A process opens its way, then answers one list of photos after the other and tells what that took.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import onnxruntime as ort

from taxolens.core.engine import Engine
from taxolens.core.errors import TaxolensError, TrainingFailed
from taxolens.core.peer import PeerMaker
from taxolens.execution.local import ordered_map
from taxolens.imaging.decode import decode
from taxolens.inference.pipeline import AHEAD_PER_WORKER, Look, look_at
from taxolens.inference.predictor import open_predictor
from taxolens.inference.row import Stamp, row_to_line
from taxolens.inference.scan import Photo
from taxolens.inference.segments import write_segment
from taxolens.inference.tensor import to_tensor

Names = Callable[[Sequence[Path]], list[int]]
"""Photos to the number of the best class of each."""

_END_SECONDS = 10.0
_MEGABYTE = 1e6


class Way(StrEnum):
    """How photos are named.

    `torch`: full decoding, PyTorch eager, one photo at a time. `onnx`: full decoding, onnxruntime as it comes, one
    photo at a time on all processors. `ours`: what `taxolens identify` does, results on the disk included.
    `variant`: the same with a variant of the model.
    """

    TORCH = "torch"
    ONNX = "onnx"
    OURS = "ours"
    VARIANT = "variant"


@dataclass(frozen=True, slots=True)
class Task:
    """What a way needs.

    Attributes:
        weights: of the run that the model came from; needed by the way of PyTorch alone.
        peers: opens networks in that way.
        variant: a faster model file made of the model.
        engine: what computes the graph in our ways.
    """

    model: Path
    weights: Path | None
    workers: int
    max_megapixels: float
    peers: Callable[[], PeerMaker]
    variant: Path | None = None
    engine: Engine = Engine.ONNXRUNTIME


@dataclass(frozen=True, slots=True)
class Turn:
    """What a way did with some photos.

    Attributes:
        seconds: wall time.
        processor: seconds that all its threads worked together.
        best: number of the best class of each photo.
        megabytes: most memory that the process has held so far; None where the system does not tell.
    """

    seconds: float
    processor: float
    best: tuple[int, ...]
    megabytes: float | None


class Runner:
    """A process in which one way works; a context that ends it.

    Raises:
        TaxolensError: the way cannot be opened here.
    """

    def __init__(self, way: Way, task: Task) -> None:
        self.way = way
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, way, task), daemon=True)
        self._process.start()
        theirs.close()
        try:
            self._received()
        except TaxolensError:
            self._end()
            raise

    def run(self, photos: Sequence[Path]) -> Turn:
        """Names these photos."""
        self._pipe.send(list(photos))
        turn = self._received()
        if not isinstance(turn, Turn):
            raise self._gone()
        return turn

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _received(self) -> object:
        try:
            told: object = self._pipe.recv()
        except EOFError as error:
            raise self._gone() from error
        if isinstance(told, TaxolensError):
            raise told
        return told

    def _gone(self) -> TrainingFailed:
        return TrainingFailed(
            "The measurement of the way {way} ended without an answer. Is there enough memory?",
            way=self.way.value,
        )

    def _end(self) -> None:
        with suppress(OSError):
            self._pipe.send(None)
        self._process.join(_END_SECONDS)
        if self._process.is_alive():
            self._process.kill()


def _serve(pipe: Connection, way: Way, task: Task) -> None:
    try:
        with tempfile.TemporaryDirectory() as place:
            names = _OPENERS[way](task, Path(place))
            pipe.send(None)
            while (photos := pipe.recv()) is not None:
                pipe.send(_turn(names, photos))
    except TaxolensError as error:
        pipe.send(error)
    except (EOFError, KeyboardInterrupt):
        return


def _turn(names: Names, photos: Sequence[Path]) -> Turn:
    began, worked = time.perf_counter(), time.process_time()
    best = names(photos)
    return Turn(time.perf_counter() - began, time.process_time() - worked, tuple(best), peak_megabytes())


def peak_megabytes() -> float | None:
    """Most memory that this process has held."""
    try:
        import resource
    except ImportError:  # Windows has no such module
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / _MEGABYTE if sys.platform == "darwin" else most * 1024 / _MEGABYTE


def _torch(task: Task, place: Path) -> Names:
    del place
    network = task.peers()(task.weights or task.model)
    rule = replace(open_predictor(task.model).card.preprocess, scaled_decode=0)

    def names(photos: Sequence[Path]) -> list[int]:
        return [
            int(network(decode(photo, rule, max_megapixels=task.max_megapixels)).argmax()) for photo in photos
        ]

    return names


def _onnx(task: Task, place: Path) -> Names:
    del place
    predictor = open_predictor(task.model)
    card = predictor.card
    rule = replace(card.preprocess, scaled_decode=0)
    session = ort.InferenceSession(predictor.model.graph, providers=["CPUExecutionProvider"])
    given, made = session.get_inputs()[0].name, card.output.tensor

    def names(photos: Sequence[Path]) -> list[int]:
        found = []
        for photo in photos:
            pixels = to_tensor(decode(photo, rule, max_megapixels=task.max_megapixels), card.input)
            (answer,) = session.run([made], {given: pixels[np.newaxis]})
            found.append(int(np.asarray(answer).reshape(-1).argmax()))
        return found

    return names


def _ours(task: Task, place: Path) -> Names:
    return _identifying(task.model, task, place)


def _variant(task: Task, place: Path) -> Names:
    return _identifying(task.variant or task.model, task, place)


def _identifying(model: Path, task: Task, place: Path) -> Names:
    predictor = open_predictor(model, task.engine, calls=task.workers)
    predictor.start()
    look = Look(Path(), predictor, task.workers, task.max_megapixels)

    def names(photos: Sequence[Path]) -> list[int]:
        states = [(photo, photo.stat()) for photo in photos]
        asked = [Photo(photo, Stamp(photo.name, state.st_size, state.st_mtime_ns)) for photo, state in states]
        rows = list(
            ordered_map(
                lambda photo: look_at(photo, look),
                asked,
                workers=task.workers,
                window=task.workers * AHEAD_PER_WORKER,
            )
        )
        write_segment(place, "bench", "bench", 1, [row_to_line(row) for row in rows])
        return [-1 if row.scores is None else int(row.scores.argmax()) for row in rows]

    return names


_OPENERS: dict[Way, Callable[[Task, Path], Names]] = {
    Way.TORCH: _torch,
    Way.ONNX: _onnx,
    Way.OURS: _ours,
    Way.VARIANT: _variant,
}
