"""Multinomial logistic regression, fitted again and again along a path of regularisations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]

_MOST_STEPS = 300
_LEAST_DEVIATION = 1e-6


class Regression:
    """Minimises C * sum(weight * log-loss) + |W|^2 / 2 over standardised vectors, by L-BFGS.

    The bias is not regularised. Every `fit` begins where the last one ended.

    Args:
        vectors: float32 [n, d].
        truth: int64 [n].
        weight: float32 [n], how much each row counts.
        classes: how many classes there are.
    """

    def __init__(
        self, vectors: Vectors, truth: NDArray[np.int64], weight: NDArray[np.float32], classes: int
    ) -> None:
        self._mean = vectors.mean(axis=0, dtype=np.float64)
        self._deviation = np.maximum(vectors.std(axis=0, dtype=np.float64), _LEAST_DEVIATION)
        self._rows = ((vectors - self._mean) / self._deviation).astype(np.float32)
        self._hot = np.eye(classes, dtype=np.float32)[truth]
        self._weight = weight.astype(np.float32)[:, None]
        self._state = np.zeros((vectors.shape[1] + 1, classes))

    def fit(self, strength: float) -> Regression:
        """Fits with C = strength."""
        found = minimize(
            self._loss,
            self._state.ravel(),
            args=(strength,),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": _MOST_STEPS, "ftol": 1e-9, "gtol": 1e-4 * strength * len(self._rows)},
        )
        self._state = found.x.reshape(self._state.shape)
        return self

    def plain(self) -> tuple[Floats, Floats]:
        """Weights [d, c] and bias [c] for vectors as they are."""
        weights = self._state[:-1] / self._deviation[:, None]
        return weights, self._state[-1] - self._mean @ weights

    def logits(self, vectors: Vectors) -> Floats:
        """float64 [m, c]."""
        weights, bias = self.plain()
        return vectors.astype(np.float64) @ weights + bias

    def _loss(self, flat: Floats, strength: float) -> tuple[float, Floats]:
        state = flat.reshape(self._state.shape)
        logits = self._rows @ state[:-1].astype(np.float32)
        logits += state[-1].astype(np.float32)
        logits -= logits.max(axis=1, keepdims=True)
        powers = np.exp(logits)
        sums = powers.sum(axis=1, keepdims=True)
        each = np.log(sums) - (logits * self._hot).sum(axis=1, keepdims=True)
        loss = strength * float((each * self._weight).sum(dtype=np.float64))
        residual = (powers / sums - self._hot) * self._weight
        slope = np.empty_like(state)
        slope[:-1] = strength * (self._rows.T @ residual) + state[:-1]
        slope[-1] = strength * residual.sum(axis=0, dtype=np.float64)
        return loss + 0.5 * float((state[:-1] ** 2).sum()), slope.ravel()
