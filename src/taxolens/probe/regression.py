"""Multinomial logistic regression with a squared penalty, on float32 matrices.

The problem is scikit-learn's: minimise C * sum(weight * log-loss) + |W|^2 / 2, the bias left free; it is
divided by C * sum(weight) here. scipy's L-BFGS-B minimises it. Why scipy is asked directly:
docs/decisions/0002-head-solver.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]
Classes = NDArray[np.int64]

TOLERANCE = 1e-4
_MOST_STEPS = 2000


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear map: weights [d, c], bias [c]."""

    weights: Floats
    bias: Floats

    def logits(self, vectors: Vectors) -> Floats:
        """float64 [n, c] of [n, d]."""
        return np.asarray(vectors, dtype=np.float64) @ self.weights + self.bias


@dataclass(frozen=True, slots=True)
class Problem:
    """What a linear map is to learn.

    Attributes:
        vectors: float32 [n, d], standardised.
        truth: int64 [n], 0..classes-1.
        weight: float32 [n], how much each row counts.
        classes: how many classes there are.
    """

    vectors: Vectors
    truth: Classes
    weight: NDArray[np.float32]
    classes: int

    def nothing(self) -> Linear:
        """Where a search without a better idea begins."""
        return Linear(np.zeros((self.vectors.shape[1], self.classes)), np.zeros(self.classes))

    def rows(self, chosen: NDArray[np.bool_]) -> Problem:
        """The same with fewer rows."""
        return Problem(self.vectors[chosen], self.truth[chosen], self.weight[chosen], self.classes)

    def solve(self, strength: float, start: Linear, *, tolerance: float = TOLERANCE) -> Linear:
        """Finds the best map.

        Args:
            strength: C, more than 0; the larger, the more the rows count against the penalty.
            start: where to begin.
            tolerance: largest slope of the mean loss that is left over, in any direction.
        """
        total = float(self.weight.sum(dtype=np.float64))
        penalty, share = 1 / (strength * total), (self.weight / total).astype(np.float32)
        begin = np.vstack([start.weights, start.bias])

        def loss(flat: Floats) -> tuple[float, Floats]:
            return self._loss(flat.reshape(begin.shape), penalty, share)

        options = {"gtol": tolerance, "ftol": tolerance**2, "maxiter": _MOST_STEPS, "maxfun": _MOST_STEPS}
        table = minimize(loss, begin.ravel(), jac=True, method="L-BFGS-B", options=options).x.reshape(
            begin.shape
        )
        return Linear(table[:-1].copy(), table[-1].copy())

    def _loss(self, table: Floats, penalty: float, share: NDArray[np.float32]) -> tuple[float, Floats]:
        """The loss and its slope, of weights with the bias as last row."""
        rows = np.arange(len(self.truth))
        logits = self.vectors @ table[:-1].astype(np.float32) + table[-1].astype(np.float32)
        logits -= logits.max(axis=1, keepdims=True)
        own = logits[rows, self.truth]
        powers = np.exp(logits, out=logits)
        sums = powers.sum(axis=1, keepdims=True)
        loss = float(((np.log(sums[:, 0]) - own) * share).sum(dtype=np.float64))
        residual = powers / sums
        residual[rows, self.truth] -= 1
        residual *= share[:, None]
        slope = np.empty_like(table)
        slope[:-1] = self.vectors.T @ residual
        slope[:-1] += penalty * table[:-1]
        slope[-1] = residual.sum(axis=0, dtype=np.float64)
        return loss + penalty / 2 * float((table[:-1] ** 2).sum()), slope.ravel()
