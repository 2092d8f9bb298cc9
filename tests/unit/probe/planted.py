"""Embeddings with planted truths, for the tests of what studies them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
Classes = NDArray[np.int64]


def clouds(
    per_class: tuple[int, ...] = (60, 60, 60), *, d: int = 40, noise: float = 1.0, seed: int = 0
) -> tuple[Rows, Classes]:
    """One cloud for each class, in numbers that lie and spread very differently."""
    shape = np.random.default_rng(99)
    middles = shape.normal(size=(len(per_class), d))
    spread, mean = np.exp(shape.normal(size=d)), 10 * shape.normal(size=d)
    truth = np.repeat(np.arange(len(per_class)), per_class)
    noises = np.random.default_rng(seed).normal(scale=noise, size=(len(truth), d))
    return ((middles[truth] + noises) * spread + mean).astype(np.float32), truth


def shuffled(truth: Classes, seed: int = 0) -> Classes:
    """The same labels, dealt out by lot."""
    return np.random.default_rng(seed).permutation(truth)


def swapped(truth: Classes, count: int, seed: int = 0) -> tuple[Classes, set[int]]:
    """Labels of which some were changed to another class, and which rows these are."""
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(truth), count, replace=False)
    classes = int(truth.max()) + 1
    wrong = truth.copy()
    wrong[rows] = (wrong[rows] + rng.integers(1, classes, count)) % classes
    return wrong, set(rows.tolist())
