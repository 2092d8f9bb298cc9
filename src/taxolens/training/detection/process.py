"""The outside of a process that trains a detector: starts it, tells how it goes, takes what it leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from taxolens.core import errors
from taxolens.core.detection_trainer import DetectionEpoch, ToldBoxes, TrainedDetector
from taxolens.core.errors import TaxolensError, TrainingFailed
from taxolens.core.progress import Passing, Progress
from taxolens.core.texts import Say, noted
from taxolens.training.detection.messages import Message, Narrowed, Refused, Steps, from_line
from taxolens.training.detection.order import EPOCHS, FACTS, GRAPH, NARROWED, TOLD, Order

LOG = "library.log"
_EPOCH = noted("Epoch {number} of {total}")
_TOLD = noted(
    "Epoch {number} of {total}: loss {loss:.3f}, mAP50 of validation {map50:.3f}, {minutes}:{seconds:02d} left"
)
_NARROWED = noted("{before:.1f} million multiplications for a photo became {after:.1f}.")
_MILLION = 1e6
_QUIET = {
    "MPLBACKEND": "Agg",
    "YOLO_OFFLINE": "true",
    "YOLO_AUTOINSTALL": "false",
    "YOLO_VERBOSE": "false",
    "WANDB_DISABLED": "true",
    "PYTHONUNBUFFERED": "1",
}
_PATIENCE = 20.0
_LAST_LINES = 3


def trained_by(
    module: str,
    order: Order,
    *,
    progress: Progress,
    say: Say,
    watch: Callable[[Sequence[DetectionEpoch]], None] = lambda epochs: None,
) -> TrainedDetector:
    """Trains in a process of its own.

    Args:
        module: what the process runs.
        watch: told all epochs so far, before the first step and after each epoch.

    Raises:
        TaxolensError: what the process refuses, in its own words.
        TrainingFailed: it ended otherwise.
    """
    epochs = _kept_epochs(order.folder)
    watch(tuple(epochs))
    log = order.folder / LOG
    with _started(module, order, log) as process:
        told = _Conversation(order, epochs, progress, say, watch)
        told.follow(_messages(process))
        code = process.wait()
    if told.refused:
        raise _as_error(told.refused)
    if code:
        raise TrainingFailed(
            "The library that trains the detector gave up: {why}. Its own words are in {log}.",
            why=_last_words(log),
            log=log,
        )
    return _left(order, tuple(epochs))


@contextmanager
def _started(module: str, order: Order, log: Path) -> Iterator[subprocess.Popen[str]]:
    """Ends the process where this one cannot go on; it also ends by itself when this one is killed."""
    environment = {
        **os.environ,
        **_QUIET,
        "YOLO_CONFIG_DIR": str(order.folder),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    with log.open("w", encoding="utf-8") as words:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(order.write())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words,
            text=True,
            encoding="utf-8",
            env=environment,
            cwd=order.folder,
        )
        try:
            yield process
        except BaseException:
            process.terminate()
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
        finally:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            process.wait()


def _messages(process: subprocess.Popen[str]) -> Iterator[Message]:
    if process.stdout is None:
        return
    for line in process.stdout:
        message = from_line(line)
        if message is not None:
            yield message


@dataclass(slots=True)
class _Conversation:
    """What the process says, as progress that a person can follow."""

    order: Order
    epochs: list[DetectionEpoch]
    progress: Progress
    say: Say
    watch: Callable[[Sequence[DetectionEpoch]], None]
    refused: Refused | None = None

    def follow(self, messages: Iterator[Message]) -> None:
        """Until there is nothing more to be heard."""
        for message in messages:
            if isinstance(message, Refused):
                self.refused = message
            elif isinstance(message, DetectionEpoch):
                self._epoch(message)
            elif isinstance(message, Narrowed):
                self._narrowed(message)
            elif message.done == 0:
                self._steps(message, messages)

    def _steps(self, first: Steps, messages: Iterator[Message]) -> None:
        """The steps of one epoch as a bar; what ends them is heard here too."""
        ended: list[Message] = []

        def steps() -> Iterator[Steps]:
            for message in messages:
                if not isinstance(message, Steps):
                    ended.append(message)
                    return
                yield message
                if message.done >= message.total:
                    return

        what = self.say(_EPOCH).format(number=first.epoch, total=self.order.epochs)
        for _ in self.progress.track(steps(), what=what, total=first.total):
            pass
        self.follow(iter(ended))

    def _narrowed(self, told: Narrowed) -> None:
        sentence = self.say(_NARROWED).format(before=told.before / _MILLION, after=told.after / _MILLION)
        self.progress.note(Passing(sentence))

    def _epoch(self, epoch: DetectionEpoch) -> None:
        self.epochs[:] = [*(one for one in self.epochs if one.number < epoch.number), epoch]
        self.watch(tuple(self.epochs))
        left = (self.order.epochs - epoch.number) * sum(one.seconds for one in self.epochs) / len(self.epochs)
        minutes, seconds = divmod(round(left), 60)
        self.progress.note(
            Passing(
                self.say(_TOLD).format(
                    number=epoch.number,
                    total=self.order.epochs,
                    loss=epoch.loss,
                    map50=epoch.map50 or 0.0,
                    minutes=minutes,
                    seconds=seconds,
                )
            )
        )


def _kept_epochs(folder: Path) -> list[DetectionEpoch]:
    """Those of before a stop, each as it was learnt last; a line may be torn."""
    file = folder / EPOCHS
    if not file.is_file():
        return []
    found = (from_line(line) for line in file.read_text(encoding="utf-8").splitlines())
    epochs = {one.number: one for one in found if isinstance(one, DetectionEpoch)}
    return [epochs[number] for number in sorted(epochs)]


def _as_error(refused: Refused) -> TaxolensError:
    kind = getattr(errors, refused.kind, TrainingFailed)
    error: TaxolensError = kind(refused.template, **refused.fields)
    return error


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    said = [line for line in lines if line]
    return said[-1].rstrip(".") if said else "it said nothing"


def _left(order: Order, epochs: tuple[DetectionEpoch, ...]) -> TrainedDetector:
    folder = order.folder
    facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    weights = folder / facts["weights"]
    return TrainedDetector(
        onnx=(folder / GRAPH).read_bytes(),
        weights=weights.read_bytes(),
        suffix=weights.suffix,
        epochs=epochs,
        best=_best(epochs),
        parameters=facts["parameters"],
        multiplications=facts["multiplications"],
        licence=facts["licence"],
        corner=facts["corner"],
        least=order.least,
        overlap=facts["overlap"],
        told=_told(folder / TOLD),
        before=_before(folder / NARROWED),
    )


def _before(file: Path) -> int | None:
    """Multiplications before channels were taken out; None where none were."""
    return int(json.loads(file.read_text(encoding="utf-8"))[0]) if file.is_file() else None


def _best(epochs: tuple[DetectionEpoch, ...]) -> int:
    """The first of those with the best mAP, as the libraries keep it."""
    known = [one for one in epochs if one.map50_95 is not None]
    return max(known, key=lambda one: (one.map50_95 or 0.0, -one.number)).number if known else len(epochs)


def _told(file: Path) -> tuple[ToldBoxes, ...]:
    with np.load(file, allow_pickle=False) as kept:
        ends = np.cumsum(kept["counts"])[:-1]
        parts = (np.split(kept[name], ends) for name in ("corners", "scores", "kinds"))
        return tuple(ToldBoxes(*one) for one in zip(*parts, strict=True))
