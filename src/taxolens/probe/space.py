"""Embeddings as a study looks at them: standardised, and turned so that the first numbers say most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from threadpoolctl import threadpool_limits

from taxolens.probe.regression import Floats, Vectors
from taxolens.probe.stand import moments, standardised

MOST_AXES = 1024


@dataclass(frozen=True, slots=True)
class Space:
    """Embeddings along their principal axes (Pearson 1901).

    Attributes:
        rows: float32 [n, k], standardised numbers along at most 1024 axes, the one of largest spread first.
        explained: float64 [k], share of all variance along each axis.
    """

    rows: Vectors
    explained: Floats

    def first(self, axes: int) -> Vectors:
        """float32 [n, at most `axes`]: the axes that say most."""
        return self.rows[:, :axes]


Embeddings = NDArray[np.float32] | Space
"""float32 [n, d], as a backbone gives them; or what `space_of` made of them, so that it is made once."""


def space_of(vectors: Embeddings) -> Space:
    """Standardises and turns embeddings; what has been turned is taken as it is.

    With up to 1024 rows nothing is lost: n rows span n axes. With 5,000 photos of CIFAR-10 in 2,464 numbers a
    head named 73.0 % correctly along 1024 axes, 73.1 % along all, in half the time; 72.5 % along 512.
    """
    if isinstance(vectors, Space):
        return vectors
    rows = standardised(vectors, *moments(vectors))
    # threads of the matrix library wait for one another longer than they work where others work too
    with threadpool_limits(1, user_api="blas"):
        return _turned(rows)


def _turned(rows: Vectors) -> Space:
    """By the smaller of the two square matrices that hold the axes."""
    n, d = rows.shape
    few = n < d
    square = (rows @ rows.T if few else rows.T @ rows).astype(np.float64)
    size = len(square)
    values, axes = eigh(square, subset_by_index=(max(0, size - MOST_AXES), size - 1))
    values, axes = np.maximum(values[::-1], 0.0), axes[:, ::-1]
    total = float(np.trace(square)) or 1.0
    kept = max(1, int((values > total * 1e-9).sum()))
    values, axes = values[:kept], axes[:, :kept]
    turned = axes * np.sqrt(values) if few else rows @ axes.astype(np.float32)
    signs = np.where(turned[np.abs(turned).argmax(axis=0), np.arange(kept)] < 0, -1, 1)
    return Space(np.ascontiguousarray(turned * signs, dtype=np.float32), values / total)
