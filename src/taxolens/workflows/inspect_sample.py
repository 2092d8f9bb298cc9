"""Which photos are studied where all would be too many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LEAST_PER_CLASS = 20


def stratified(truth: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    """At most about `most` rows, each class in its proportion, but 20 of each where it has them.

    Args:
        truth: int64 [n], class of each row; negative: not to be drawn.

    Returns:
        int64, rows in ascending order; all rows with a class where they are not more than `most`.
    """
    known = np.flatnonzero(truth >= 0)
    if len(known) <= most:
        return known
    random = np.random.default_rng(seed)
    share = most / len(known)
    chosen = []
    for one in np.unique(truth[known]):
        rows = known[truth[known] == one]
        wanted = min(len(rows), max(round(len(rows) * share), _LEAST_PER_CLASS))
        chosen.append(random.choice(rows, wanted, replace=False))
    return np.sort(np.concatenate(chosen))
