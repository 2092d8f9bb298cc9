"""Photos with the same content by their embeddings: copies that were re-encoded, cropped or brightened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from taxolens.probe.regression import Vectors

LEAST_COSINE = 0.95
_ROWS_AT_ONCE = 1024
_AXES = 128
_MOST_PAIRS = 1_000_000


@dataclass(frozen=True, slots=True)
class Near:
    """Pairs of photos with nearly the same embedding.

    Attributes:
        pairs: int64 [p, 2], rows, the smaller first; ordered by rows.
        similarity: float32 [p], cosine.
    """

    pairs: NDArray[np.int64]
    similarity: NDArray[np.float32]


def near_by_embedding(
    vectors: NDArray[np.float16] | NDArray[np.float32], *, least: float = LEAST_COSINE
) -> Near:
    """All pairs with a cosine of at least `least`.

    Args:
        vectors: [n, d], as a backbone gives them.
    """
    unit = _unit(vectors)
    pairs, similarity = [np.empty((0, 2), np.int64)], [np.empty(0, np.float32)]
    with threadpool_limits(1, user_api="blas"):
        for begin in range(0, len(unit), _ROWS_AT_ONCE):
            cosines = unit[begin : begin + _ROWS_AT_ONCE] @ unit[begin:].T
            row, column = np.nonzero(cosines >= least)
            later = column > row
            row, column = row[later], column[later]
            pairs.append(np.stack([row, column], axis=1) + begin)
            similarity.append(cosines[row, column])
    return Near(np.concatenate(pairs), np.concatenate(similarity))


def _unit(vectors: NDArray[np.float16] | NDArray[np.float32]) -> Vectors:
    rows = vectors.astype(np.float32)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return rows
