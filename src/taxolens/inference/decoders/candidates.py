"""Boxes that a network proposes, before those that mean the same thing are thinned out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import ModelError


@dataclass(frozen=True, slots=True)
class Candidates:
    """Boxes and what each may be.

    Attributes:
        corners: float32 [n, 4], left, top, right, bottom in shares of the input; they may lie outside of it.
        scores: float32 [n, classes], 0..1; the best of a row is how sure the network is of the box. They need not
            sum to 1.
    """

    corners: NDArray[np.float32]
    scores: NDArray[np.float32]

    def __post_init__(self) -> None:
        count = len(self.corners)
        if self.corners.shape != (count, 4) or self.scores.ndim != 2 or len(self.scores) != count:
            raise ValueError(f"no candidates: {self.corners.shape}, {self.scores.shape}")

    def __len__(self) -> int:
        return len(self.corners)

    @property
    def confidences(self) -> NDArray[np.float32]:
        """How sure the network is of each box: float32 [n]."""
        return np.asarray(self.scores.max(axis=1, initial=0.0))


@dataclass(frozen=True, slots=True)
class Output:
    """The raw answer of a graph for one photo.

    Attributes:
        values: float32, without the axis of photos.
        width: of the input, in pixels.
        height: of the input, in pixels.
        classes: how many the card names.
    """

    values: NDArray[np.float32]
    width: int
    height: int
    classes: int

    def shares(self, corners: NDArray[np.float32]) -> NDArray[np.float32]:
        """Corners in pixels of the input, in shares of it."""
        sides = np.array([self.width, self.height, self.width, self.height], np.float32)
        return np.asarray(corners / sides, np.float32)

    def misfit(self) -> ModelError:
        """What is said where the answer has another shape than the decoder reads."""
        return ModelError(
            "The detector answers with a tensor {shape} on an input of {width} x {height} pixels, which does not fit "
            "its decoder and its {classes} classes. Describe it anew: taxolens models describe FILE --labels FILE",
            shape=list(self.values.shape),
            width=self.width,
            height=self.height,
            classes=self.classes,
        )


class Decode(Protocol):
    """Reads the raw output of one family of detectors."""

    def __call__(self, output: Output, *, least: float) -> Candidates:
        """The candidates of one photo that are at least so sure.

        Raises:
            ModelError: the output has another shape.
        """


def around(centres: NDArray[np.float32]) -> NDArray[np.float32]:
    """Left, top, right, bottom of boxes given as centre x, centre y, width, height: [n, 4]."""
    corners = np.empty((len(centres), 4), np.float32)
    corners[:, :2] = centres[:, :2] - centres[:, 2:4] / 2
    corners[:, 2:] = centres[:, :2] + centres[:, 2:4] / 2
    return corners
