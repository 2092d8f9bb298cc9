"""Groups that form without names: k-means, against the classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from taxolens.evaluation.metrics import confusion_matrix
from taxolens.probe.regression import Classes
from taxolens.probe.space import Embeddings, space_of

_AXES = 64
_STARTS = 10


@dataclass(frozen=True, slots=True)
class Clusters:
    """What k-means finds, as many clusters as there are classes.

    Attributes:
        assigned: int64 [n], cluster of each photo; cluster k is the one that fits class k best, each class one.
        confusion: int64 [c, c], photos by class (row) and cluster (column).
        adjusted_rand: 1 the clusters are the classes, 0 no more than by chance (Hubert and Arabie 1985).
        purity: share of photos whose class is the commonest of their cluster.
    """

    assigned: Classes
    confusion: NDArray[np.int64]
    adjusted_rand: float
    purity: float


def k_means(vectors: Embeddings, truth: Classes, classes: int, *, seed: int = 0) -> Clusters:
    """Clusters photos by the direction of their standardised embeddings (Lloyd 1982; ten starts, the best).

    Args:
        vectors: float32 [n, d].
        truth: int64 [n], 0..classes-1.
    """
    rows = space_of(vectors).first(_AXES)
    unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    with threadpool_limits(1):
        means = KMeans(min(classes, len(unit)), n_init=_STARTS, random_state=seed)
        found = means.fit_predict(unit).astype(np.int64)
    table = confusion_matrix(truth, found, classes)
    row, column = linear_sum_assignment(-table)
    names = np.empty(classes, dtype=np.int64)
    names[column] = row
    return Clusters(
        assigned=names[found],
        confusion=confusion_matrix(truth, names[found], classes),
        adjusted_rand=float(adjusted_rand_score(truth, found)),
        purity=float(table.max(axis=0).sum() / max(len(truth), 1)),
    )
