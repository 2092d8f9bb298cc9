"""A detector on its way from photos with boxes to an ONNX graph: what is asked, what is told, what comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from taxolens.core.progress import Progress
from taxolens.core.texts import Say

Settings = TypeVar("Settings")


@dataclass(frozen=True, slots=True)
class DetectionRequest(Generic[Settings]):
    """What a detector is to learn.

    Attributes:
        settings: how.
        labels: the c classes; their places are the numbers in the files of boxes.
        photos: folder with `images/train`, `images/val`, `labels/train` and `labels/val` as YOLO has them; the longer
            side of each photo is the network's.
        train: how many photos it is to learn from.
        val: how many decide which epoch is the best; may be 0.
        shown: uint8 [k, side, side, 3], photos of validation, else of training, as the network sees them: what it
            finds there is told in `TrainedDetector.told`.
        folder: where checkpoints lie. The same request with the same folder goes on where it was stopped.
        fingerprint: of everything that decides the result; a checkpoint of another one is refused.
        keep: share of its multiplications that is to be left of the network of the settings' weights: channels are
            taken out before it learns; None: it stays as it is.
        watch: told all epochs so far, before the first step and after each epoch.
    """

    settings: Settings
    labels: tuple[str, ...]
    photos: Path
    train: int
    val: int
    shown: NDArray[np.uint8]
    folder: Path
    fingerprint: str
    keep: float | None = None
    watch: Callable[[Sequence[DetectionEpoch]], None] = lambda epochs: None


@dataclass(frozen=True, slots=True)
class DetectionEpoch:
    """One pass over the training photos.

    Attributes:
        number: from 1.
        rate: learning rate at its end.
        losses: mean of each part of the loss, by the library's own name of it.
        map50: 0..1, of validation photos as the library judges them; None without any.
        map50_95: likewise.
        seconds: wall time.
    """

    number: int
    rate: float
    losses: Mapping[str, float]
    map50: float | None
    map50_95: float | None
    seconds: float

    @property
    def loss(self) -> float:
        """The whole of it."""
        return sum(self.losses.values())


@dataclass(frozen=True, slots=True)
class ToldBoxes:
    """What the library's own program finds in one photo, surest first.

    Attributes:
        corners: float32 [n, 4], left, top, right, bottom in pixels of what it was shown.
        scores: float32 [n], 0..1.
        kinds: int64 [n], classes.
    """

    corners: NDArray[np.float32]
    scores: NDArray[np.float32]
    kinds: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TrainedDetector:
    """A detector that has learnt.

    Attributes:
        onnx: serialised graph as the library exports it.
        weights: of the library, from which a training can go on.
        suffix: what a file of these weights ends with.
        epochs: all, in order.
        best: number of the epoch whose weights were kept.
        parameters: how many numbers it has learnt or brought.
        multiplications: multiply-accumulate operations for one photo; None where they were not counted.
        licence: of the library and, as it says, of what it trains; None: none to be told.
        corner: photos lie in the upper left corner of the input, not in its middle.
        least: score from which on boxes are told.
        overlap: of two boxes of a class with a larger intersection over union, the library keeps one.
        told: what its own program finds in `DetectionRequest.shown`.
        before: multiplications before channels were taken out; None where none were.
    """

    onnx: bytes
    weights: bytes
    suffix: str
    epochs: tuple[DetectionEpoch, ...]
    best: int
    parameters: int
    multiplications: int | None
    licence: str | None
    corner: bool
    least: float
    overlap: float
    told: tuple[ToldBoxes, ...]
    before: int | None = None


class DetectionTrainer(Protocol[Settings]):
    """Something that can train detectors, found by the name of an entry point."""

    def check(self, settings: Settings, labels: Sequence[str]) -> None:
        """Refuses what cannot be trained, before a photo is read.

        Raises:
            UsageError: settings that do not fit the network.
            ModelError: weights that do not fit it.
        """
        ...

    def check_narrow(self, settings: Settings) -> None:
        """Refuses a network out of which no channels can be taken.

        Raises:
            UsageError: its blocks cannot be laid open.
            MissingExtra: what takes channels out is not installed.
        """
        ...

    def train(self, request: DetectionRequest[Settings], *, progress: Progress, say: Say) -> TrainedDetector:
        """Trains, or goes on with a training.

        Raises:
            UsageError: settings that cannot be meant, or a checkpoint of something else.
            ModelError: weights that do not fit.
            TrainingFailed: the loss is no number any more, memory ran out, or the library gave up.
        """
        ...


AnyDetectionTrainer = DetectionTrainer[Any]
