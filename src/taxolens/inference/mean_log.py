"""What several looks at one animal say together: the mean of the logarithms of their probabilities.

Dussert et al. 2024 (doi 10.1002/rse2.412).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LEAST = 1e-6
"""A probability of nothing would let one look silence all others."""


@dataclass(slots=True)
class MeanLog:
    """A sum of logarithms of probabilities.

    Attributes:
        total: float64 [c].
        looks: how many were added.
    """

    total: NDArray[np.float64] | None = None
    looks: int = 0

    def add(self, scores: NDArray[np.float32]) -> None:
        """One more look: float32 [c], probabilities."""
        logs = np.log(np.maximum(scores.astype(np.float64), _LEAST))
        self.total = logs if self.total is None else self.total + logs
        self.looks += 1

    def probabilities(self, temperature: float = 1.0) -> NDArray[np.float32] | None:
        """Those of the mean, divided by a temperature; None where nothing was added."""
        if self.total is None:
            return None
        mean = self.total / self.looks / temperature
        powers = np.exp(mean - mean.max())
        return np.asarray(powers / powers.sum(), dtype=np.float32)
