"""Embeddings as a fit looks at them: every number standardised over the photos learnt from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taxolens.probe.regression import Classes, Floats, Linear, Vectors

_NEVER = -1000.0  # logit of a class without training photos: probability 0 at any temperature


@dataclass(frozen=True, slots=True)
class Stand:
    """How embeddings are looked at while fitting: standardised, and along fewer axes where few rows span fewer.

    The best weights lie in the span of the rows, so with fewer rows than numbers nothing is lost.

    Attributes:
        mean: [d].
        spread: [d].
        axes: orthonormal [d, k]; None: all d of them.
    """

    mean: Floats
    spread: Floats
    axes: Floats | None

    def applied(self, vectors: Vectors) -> Vectors:
        """float32 [n, k] or [n, d] of [n, d]."""
        rows = standardised(vectors, self.mean, self.spread)
        return rows if self.axes is None else rows @ self.axes.astype(np.float32)

    def folded(self, fitted: Linear, present: Classes, classes: int) -> Linear:
        """The same map for vectors as they are, with a column for every class."""
        weights, bias = np.zeros((len(self.mean), classes)), np.full(classes, _NEVER)
        turned = fitted.weights if self.axes is None else self.axes @ fitted.weights
        weights[:, present] = turned / self.spread[:, None]
        bias[present] = fitted.bias - self.mean @ weights[:, present]
        return Linear(weights, bias)


def stand_of(vectors: Vectors) -> Stand:
    """How to look at rows, float32 [n, d], while learning from them."""
    mean, spread = moments(vectors)
    if len(vectors) >= vectors.shape[1]:
        return Stand(mean, spread, None)
    rows = standardised(vectors, mean, spread).astype(np.float64)
    return Stand(mean, spread, np.asarray(np.linalg.qr(rows.T).Q))


def moments(vectors: Vectors) -> tuple[Floats, Floats]:
    """Mean and spread of every number, each [d].

    A number that hardly moved in training may leap on a new photo. So that such a leap cannot outvote all
    others, no spread counts as less than a hundredth of the usual.
    """
    mean, spread = vectors.mean(axis=0, dtype=np.float64), vectors.std(axis=0, dtype=np.float64)
    usual = float(np.sqrt((spread**2).mean()))
    return mean, np.maximum(spread, usual / 100 if usual else 1.0)


def standardised(vectors: Vectors, mean: Floats, spread: Floats) -> Vectors:
    """float32 [n, d]: mean taken off, divided by the spread."""
    rows = vectors - mean.astype(np.float32)
    rows /= spread.astype(np.float32)
    return rows
