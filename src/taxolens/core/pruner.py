"""A trained network made narrower: what is asked and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from taxolens.core.progress import Progress
from taxolens.core.texts import Say
from taxolens.core.trainer import Pixels

Settings = TypeVar("Settings")


@dataclass(frozen=True, slots=True)
class PruneRequest(Generic[Settings]):
    """Which network is to lose channels, and how many.

    Attributes:
        settings: the network, with the file of its weights.
        labels: the c classes that it names.
        pixels: photos in the size that it wants.
        truth: int64 [n], class of each photo.
        train: int64 [t], rows that tell which channels matter.
        left: multiplications that may be left.
    """

    settings: Settings
    labels: tuple[str, ...]
    pixels: Pixels
    truth: NDArray[np.int64]
    train: NDArray[np.int64]
    left: int


@dataclass(frozen=True, slots=True)
class Pruned:
    """A narrower network, which has not learnt to live with it yet.

    Attributes:
        weights: its tensors as safetensors, from which a training can go on.
        before: multiplications for one photo, before it was pruned.
        after: and now.
    """

    weights: bytes
    before: int
    after: int


class Pruner(Protocol):
    """Something that can make networks narrower, found by the name of an entry point."""

    def multiplications(self, settings: Any, labels: tuple[str, ...]) -> int:
        """Multiply-accumulate operations of a network for one photo.

        Raises:
            UsageError: there is no such network.
            ModelError: weights of another network.
        """
        ...

    def prune(self, request: PruneRequest[Any], *, progress: Progress, say: Say) -> Pruned:
        """Takes channels out, those that matter least first; the classes stay.

        Raises:
            UsageError: this network cannot become so narrow.
            ModelError: weights of another network.
        """
        ...
