"""A network on its way from labelled pixels to an ONNX graph: what is asked, what is told, what comes back.

The torch rooms and the torch-free rooms meet here and in `core/backbone.py`, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from taxolens.core.backbone import Triple
from taxolens.core.progress import Progress
from taxolens.core.texts import Say

Settings = TypeVar("Settings")

Examples = Callable[[], NDArray[np.uint8]]
"""Gives uint8 [k, height, width, 3], training photos as the network sees them; costs a step's photos."""


class Pixels(Protocol):
    """Photos of one size, by row; decoded before or on demand, safe to read from several threads."""

    def __len__(self) -> int: ...

    def __getitem__(self, row: int) -> NDArray[np.uint8]:
        """uint8 [height, width, 3], upright RGB."""
        ...


@dataclass(frozen=True, slots=True)
class NetworkInput:
    """What a network wants to see.

    Attributes:
        name: of the network.
        width: in pixels.
        height: in pixels.
        mean: to subtract from each channel of pixels in 0..1.
        std: to divide by.
        licence: of the weights that it starts from, as their source states it; None: none, or not stated.
    """

    name: str
    width: int
    height: int
    mean: Triple
    std: Triple
    licence: str | None = None


@dataclass(frozen=True, slots=True)
class TrainingRequest(Generic[Settings]):
    """What a network is to learn.

    Attributes:
        settings: how.
        labels: the c classes.
        pixels: n photos in the size that the network wants.
        truth: int64 [n], class of each photo; -1: nobody has said.
        train: int64 [t], rows to learn from.
        val: int64 [v], rows that decide when to stop; may be empty.
        folder: where checkpoints lie. The same request with the same folder goes on where it was stopped.
        fingerprint: of everything that decides the result; a checkpoint of another one is refused.
        unnamed: int64 [u], rows of photos without a class (truth -1), to learn from what a teacher says of them.
        wide: the training photos, by the same rows, in the larger size that a teacher wants; the network learns
            from these made smaller. None: the teacher looks at `pixels`, or there is none.
        on_epoch: told of every epoch of the whole network once it is kept, with its number in this phase;
            False: that is enough.
        watch: told of all epochs so far, before the first step and whenever one is kept.
    """

    settings: Settings
    labels: tuple[str, ...]
    pixels: Pixels
    truth: NDArray[np.int64]
    train: NDArray[np.int64]
    val: NDArray[np.int64]
    folder: Path
    fingerprint: str
    unnamed: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    wide: Pixels | None = None
    on_epoch: Callable[[int, Epoch], bool] = lambda number, epoch: True
    watch: Callable[[Sequence[Epoch], Examples], None] = lambda epochs, examples: None


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training photos.

    Attributes:
        phase: "head" or "network".
        number: from 1, over both phases.
        rate: largest learning rate at its end.
        train_loss: mean, of augmented photos, with whatever the loss adds.
        train_accuracy: 0..1, of augmented photos; None where photos were mixed.
        val_loss: mean cross-entropy of validation photos; None without any.
        val_accuracy: 0..1.
        seconds: wall time.
    """

    phase: str
    number: int
    rate: float
    train_loss: float
    train_accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None
    seconds: float


@dataclass(frozen=True, slots=True)
class TrainedNetwork:
    """A network that has learnt.

    Attributes:
        onnx: serialised graph, uint8 [N, height, width, 3] to float32 [N, c] `logits`.
        weights: the network's own tensors as safetensors, from which a training can go on.
        input: what it wants to see.
        told_rows: int64 [k], the validation photos; where there are none, some training photos.
        told: float32 [k, c], the logits that the library's own network gives for them.
        epochs: all, in order.
        best: number of the epoch whose weights were kept.
        parameters: how many numbers it has learnt or brought.
        multiplications: multiply-accumulate operations for one photo; None where they could not be counted.
        examples: uint8 [k, height, width, 3], training photos as the network saw them.
    """

    onnx: bytes
    weights: bytes
    input: NetworkInput
    told_rows: NDArray[np.int64]
    told: NDArray[np.float32]
    epochs: tuple[Epoch, ...]
    best: int
    parameters: int
    multiplications: int | None
    examples: NDArray[np.uint8]


class Trainer(Protocol[Settings]):
    """Something that can train networks, found by the name of an entry point."""

    def input_of(self, settings: Settings, labels: Sequence[str]) -> NetworkInput:
        """What the network will want to see, before a photo is read; refuses what cannot be trained.

        Raises:
            UsageError: there is no such network, or its arguments do not fit.
            ModelError: weights that do not fit.
            NetworkError: weights that had to be fetched and could not be.
        """
        ...

    def settled(self, settings: Settings) -> Settings:
        """The same settings, with what the trainer would choose by itself written down.

        Raises:
            UsageError: the network's arguments do not fit.
        """
        ...

    def rehearse(
        self, request: TrainingRequest[Settings], *, progress: Progress, say: Say
    ) -> tuple[Epoch, ...]:
        """Trains as `train` does and leaves the same checkpoint, but makes no graph.

        Returns:
            All epochs, those of before a stop among them.

        Raises:
            UsageError: settings that cannot be meant, or a checkpoint of something else.
            ModelError: weights that do not fit.
            TrainingFailed: the loss is no number any more, or memory ran out.
        """
        ...

    def train(self, request: TrainingRequest[Settings], *, progress: Progress, say: Say) -> TrainedNetwork:
        """Trains, or goes on with a training.

        Raises:
            UsageError: settings that cannot be meant, or a checkpoint of something else.
            ModelError: weights that do not fit.
            TrainingFailed: the loss is no number any more, or memory ran out.
            ParityError: the exported graph answers otherwise than the network.
        """
        ...


AnyTrainer = Trainer[Any]
