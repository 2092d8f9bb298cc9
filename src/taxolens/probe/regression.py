"""Multinomial logistic regression with a squared penalty, on float32 matrices.

The problem is scikit-learn's: minimise C * sum(weight * log-loss) + |W|^2 / 2, the bias left free; it is
divided by C * sum(weight) here. scipy's L-BFGS-B minimises it. Why scipy is asked directly, and why rows are
shared out here and not by the matrix library: docs/decisions/0002-head-solver.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from taxolens.execution.local import default_workers

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]
Classes = NDArray[np.int64]
Part = tuple[float, Vectors, Floats]
"""Loss, its slope along the weights [c, d] and along the bias [c]."""

_MOST_STEPS = 2000
_ROWS_AT_ONCE = 1024
_SMALL = 2_000_000  # numbers
_FINE, _COARSE = 1e-4, 1e-3


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

    def solve(self, strength: float, start: Linear, *, tolerance: float | None = None) -> Linear:
        """Finds the best map.

        Args:
            strength: C, more than 0; the larger, the more the rows count against the penalty.
            start: where to begin.
            tolerance: largest slope of the mean loss that is left over, in any direction; None: 1e-4, and
                1e-3 with many rows, where more precision takes seconds and changes no answer worth having.
        """
        small = self.vectors.size <= _SMALL
        slope = tolerance or (_FINE if small else _COARSE)
        total = float(self.weight.sum(dtype=np.float64))
        blocks = [slice(begin, begin + _ROWS_AT_ONCE) for begin in range(0, len(self.truth), _ROWS_AT_ONCE)]
        begin = np.vstack([start.weights, start.bias])
        options = {"gtol": slope, "ftol": slope**2, "maxiter": _MOST_STEPS, "maxfun": _MOST_STEPS}
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(default_workers()) as pool:

            def loss(flat: Floats) -> tuple[float, Floats]:
                table = flat.reshape(begin.shape)
                part = self._part(table.astype(np.float32), total)
                parts = list(pool.map(part, blocks) if len(blocks) > 1 else map(part, blocks))
                return _penalised(table, parts, 1 / (strength * total))

            found = minimize(loss, begin.ravel(), jac=True, method="L-BFGS-B", options=options).x
        table = found.reshape(begin.shape)
        return Linear(table[:-1].copy(), table[-1].copy())

    def _part(self, table: Vectors, total: float) -> Callable[[slice], Part]:
        """What some of the rows add to the mean loss and its slope, for weights with the bias as last row."""

        def part(rows: slice) -> Part:
            vectors, truth, share = (
                self.vectors[rows],
                self.truth[rows],
                self.weight[rows] / np.float32(total),
            )
            number = np.arange(len(truth))
            logits = vectors @ table[:-1]
            logits += table[-1]
            logits -= logits.max(axis=1, keepdims=True)
            own = logits[number, truth]
            powers = np.exp(logits, out=logits)
            sums = powers.sum(axis=1, keepdims=True)
            residual = np.divide(powers, sums, out=powers)
            residual[number, truth] -= 1
            residual *= share[:, None]
            loss = float(((np.log(sums[:, 0]) - own) * share).sum(dtype=np.float64))
            return loss, residual.T @ vectors, residual.sum(axis=0, dtype=np.float64)

        return part


def _penalised(table: Floats, parts: Sequence[Part], penalty: float) -> tuple[float, Floats]:
    """The whole loss and its slope; always summed in the same order, so that it is always the same."""
    slope = np.zeros_like(table)
    for _, weights, bias in parts:
        slope[:-1] += weights.T
        slope[-1] += bias
    slope[:-1] += penalty * table[:-1]
    return sum(part[0] for part in parts) + penalty / 2 * float((table[:-1] ** 2).sum()), slope.ravel()
