"""Multinomial logistic regression, fitted again and again along a path of regularisations.

Embeddings are strongly correlated, and along their correlations the loss is a narrow valley in which L-BFGS
creeps. Rotated to their principal axes and scaled by the curvature that the loss has there, the valley is
nearly round, and a fit takes tens of steps in place of hundreds. A rotation leaves |W|^2 as it is, so the
solution is the same. Measured in docs/decisions/0002-head-solver.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]

_MOST_STEPS = 500
_LEAST_DEVIATION = 1e-6
_CURVATURE = 0.05  # of the log-loss along an axis of variance 1, as p (1 - p) usually is
_SMALLEST_SLOPE = 1e-5


class Regression:
    """Minimises mean(weight * log-loss) + |W|^2 / (2 C n) over standardised vectors.

    That is the objective of scikit-learn's `LogisticRegression`, divided by C n. The bias is not
    regularised. Every `fit` begins where the last one ended.

    Args:
        vectors: float32 [n, d].
        truth: int64 [n].
        weight: float32 [n], how much each row counts, 1 on average.
        classes: how many classes there are.
    """

    def __init__(
        self, vectors: Vectors, truth: NDArray[np.int64], weight: NDArray[np.float32], classes: int
    ) -> None:
        self._mean = vectors.mean(axis=0, dtype=np.float64)
        self._deviation = np.maximum(vectors.std(axis=0, dtype=np.float64), _LEAST_DEVIATION)
        rows = ((vectors - self._mean) / self._deviation).astype(np.float32)
        self._axes, self._variance = _principal_axes(rows)
        self._rows = rows @ self._axes.astype(np.float32)
        self._hot = np.eye(classes, dtype=np.float32)[truth]
        self._weight = weight.astype(np.float32)[:, None]
        self._weights = np.zeros((self._rows.shape[1], classes))
        self._bias = np.zeros(classes)

    def fit(self, strength: float) -> Regression:
        """Fits with C = strength."""
        shrink = 1 / (strength * len(self._rows))
        scale = 1 / np.sqrt(_CURVATURE * self._variance + shrink)[:, None]
        begin = np.concatenate([self._weights / scale, self._bias[None]])
        found = minimize(
            self._loss,
            begin.ravel(),
            args=(shrink, scale),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": _MOST_STEPS, "ftol": 1e-10, "gtol": _SMALLEST_SLOPE},
        )
        state = found.x.reshape(begin.shape)
        self._weights, self._bias = state[:-1] * scale, state[-1]
        return self

    def plain(self) -> tuple[Floats, Floats]:
        """Weights [d, c] and bias [c] for vectors as they are."""
        weights = (self._axes @ self._weights) / self._deviation[:, None]
        return weights, self._bias - self._mean @ weights

    def logits(self, vectors: Vectors) -> Floats:
        """float64 [m, c]."""
        weights, bias = self.plain()
        return vectors.astype(np.float64) @ weights + bias

    def _loss(self, flat: Floats, shrink: float, scale: Floats) -> tuple[float, Floats]:
        state = flat.reshape(-1, len(self._bias))
        weights = state[:-1] * scale
        logits = self._rows @ weights.astype(np.float32)
        logits += state[-1].astype(np.float32)
        logits -= logits.max(axis=1, keepdims=True)
        powers = np.exp(logits)
        sums = powers.sum(axis=1, keepdims=True)
        each = np.log(sums) - (logits * self._hot).sum(axis=1, keepdims=True)
        loss = float((each * self._weight).mean(dtype=np.float64))
        residual = (powers / sums - self._hot) * (self._weight / len(self._rows))
        slope = np.empty_like(state)
        slope[:-1] = (self._rows.T @ residual + shrink * weights) * scale
        slope[-1] = residual.sum(axis=0, dtype=np.float64)
        return loss + 0.5 * shrink * float((weights**2).sum()), slope.ravel()


def _principal_axes(rows: Vectors) -> tuple[Floats, Floats]:
    """Orthonormal axes [d, k] that span the rows, k = min(n, d), and the variance along each [k].

    With fewer rows than columns the small product is decomposed: the solution lies in the span of the rows.
    """
    n, d = rows.shape
    exact = rows.astype(np.float64)
    if n >= d:
        variance, axes = np.linalg.eigh(exact.T @ exact / n)
        return axes, np.maximum(variance, 0.0)
    variance, left = np.linalg.eigh(exact @ exact.T / n)
    kept = variance > variance[-1] * 1e-10
    axes = exact.T @ left[:, kept] / np.sqrt(n * variance[kept])
    return axes, variance[kept]
