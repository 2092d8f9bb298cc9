"""Counts and figures of a classifier, from its answers alone.

A class that a denominator knows nothing of (never predicted, no true image) scores 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

_LEAST_PROBABILITY = 1e-15


def confusion_matrix(truth: Counts, predicted: Counts, classes: int) -> Counts:
    """Counts images by true class (row) and predicted class (column).

    Returns:
        int64 [classes, classes].
    """
    cells = np.bincount(truth * classes + predicted, minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.int64, copy=False)


def precision_of(right: Floats, predicted: Floats) -> Floats:
    """Share of the images called so that are so; any shape."""
    return _share(right, predicted)


def recall_of(right: Floats, support: Floats) -> Floats:
    """Share of the images that are so which are called so; any shape."""
    return _share(right, support)


def f1_of(right: Floats, predicted: Floats, support: Floats) -> Floats:
    """Harmonic mean of precision and recall; any shape."""
    return _share(2 * right, predicted + support)


def macro_f1_of(right: Floats, predicted: Floats, support: Floats) -> Floats:
    """Mean F1 over the classes that have true images; classes on the last axis."""
    present = support > 0
    total = np.where(present, f1_of(right, predicted, support), 0.0).sum(axis=-1)
    return np.asarray(_share(total, present.sum(axis=-1)))


def rank_of_truth(probabilities: Floats, truth: Counts) -> Counts:
    """How many classes stand before the true one; of equals the first in order stands first.

    Args:
        probabilities: [n, c].
        truth: [n], indices.

    Returns:
        int64 [n], 0 where the answer is right.
    """
    own = probabilities[np.arange(len(truth)), truth][:, None]
    earlier = np.arange(probabilities.shape[1])[None, :] < truth[:, None]
    before = (probabilities > own) | ((probabilities == own) & earlier)
    return np.asarray(before.sum(axis=1, dtype=np.int64))


def log_loss(probabilities: Floats, truth: Counts) -> float:
    """Mean of `log_losses`."""
    return float(log_losses(probabilities, truth).mean())


def log_losses(probabilities: Floats, truth: Counts) -> Floats:
    """Negative natural logarithm of each true class's probability, which counts as at least 1e-15; [n]."""
    own = probabilities[np.arange(len(truth)), truth]
    return np.asarray(-np.log(np.clip(own, _LEAST_PROBABILITY, 1.0)))


def _share(part: Floats, whole: Floats) -> Floats:
    whole = np.asarray(whole, dtype=np.float64)
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)
