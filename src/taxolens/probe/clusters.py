"""Groups that form without names: k-means, by itself and against the classes."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from taxolens.evaluation.metrics import confusion_matrix
from taxolens.probe.regression import Classes, Floats
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


@dataclass(frozen=True, slots=True)
class Groups:
    """Photos that look alike.

    Attributes:
        assigned: int64 [n], group of each photo; group 0 is the largest.
        members: of each group, int64 rows, the one nearest to its middle first.
    """

    assigned: Classes
    members: tuple[NDArray[np.int64], ...]


def group_alike(vectors: Embeddings, count: int, *, seed: int = 0) -> Groups:
    """Groups photos that bear no names, as `k_means` does.

    Args:
        vectors: float32 [n, d].
        count: how many groups to look for; there are fewer where fewer photos differ.
    """
    found, near = _grouped(vectors, count, seed)
    sizes = np.bincount(found)
    order = np.argsort(-sizes, kind="stable")[: int((sizes > 0).sum())]
    place = np.zeros(len(sizes), dtype=np.int64)
    place[order] = np.arange(len(order))
    assigned = place[found]
    by_nearness = np.argsort(near, kind="stable")
    members = tuple(by_nearness[assigned[by_nearness] == one] for one in range(len(order)))
    return Groups(assigned, members)


def k_means(vectors: Embeddings, truth: Classes, classes: int, *, seed: int = 0) -> Clusters:
    """Clusters photos by the direction of their standardised embeddings (Lloyd 1982; ten starts, the best).

    Args:
        vectors: float32 [n, d].
        truth: int64 [n], 0..classes-1.
    """
    found, _ = _grouped(vectors, classes, seed)
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


def _grouped(vectors: Embeddings, count: int, seed: int) -> tuple[Classes, Floats]:
    """int64 [n], group of each photo, and float64 [n], how far it is from the middle of its group."""
    rows = space_of(vectors).first(_AXES)
    unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer photos differ than groups are asked for
        means = KMeans(min(count, len(unit)), n_init=_STARTS, random_state=seed).fit(unit)
    found = means.labels_.astype(np.int64)
    return found, np.linalg.norm(unit - means.cluster_centers_[found], axis=1)
