"""What a model answered on photos whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Answers:
    """Probabilities beside the truth.

    Attributes:
        labels: the c classes, in the model's order.
        names: the n images' names.
        truth: int64 [n], index of the true class.
        probabilities: float64 [n, c], calibrated, rows sum to 1.
        groups: int64 [n], which images belong together (a site or a sequence); None where unknown.
    """

    labels: tuple[str, ...]
    names: tuple[str, ...]
    truth: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    groups: NDArray[np.int64] | None = None

    @property
    def n(self) -> int:
        """How many images."""
        return len(self.names)
