"""Of boxes that mean the same thing, the surest: greedy non-maximum suppression, class by class.

The rule is that of torchvision's `batched_nms`: boxes are taken from the surest on; each removes those of its class
whose intersection over union with it is larger than `overlap`. Equal scores keep the network's own order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taxolens.inference.decoders.candidates import Candidates

MOST_BOXES = 300
"""Boxes of one photo that are kept at most, as detectors are usually judged with."""


def suppress(candidates: Candidates, overlap: float | None, *, most: int = MOST_BOXES) -> NDArray[np.intp]:
    """Which candidates are kept, surest first.

    What is kept above a score does not depend on candidates below it.

    Args:
        overlap: 0..1; None: the network has done it, and only the order and the number are seen to.

    Returns:
        Their positions, at most `most`.
    """
    order = np.argsort(-candidates.confidences, kind="stable")
    if overlap is None:
        return order[:most]
    corners = candidates.corners[order].astype(np.float64)
    classes = candidates.scores[order].argmax(axis=1) if len(order) else np.zeros(0, np.intp)
    areas = _areas(corners)
    kept: list[int] = []
    left = np.arange(len(order))
    while left.size and len(kept) < most:
        best, left = left[0], left[1:]
        kept.append(int(best))
        same = classes[left] == classes[best]
        rivals = left[same]
        gone = same.copy()
        gone[same] = _overlaps(corners[best], areas[best], corners[rivals], areas[rivals]) > overlap
        left = left[~gone]
    return order[kept]


def named_again(
    corners: NDArray[np.float64], kinds: NDArray[np.intp], confidences: NDArray[np.float64], overlap: float
) -> NDArray[np.bool_]:
    """Which boxes are a surer one once more, under the name of another class: networks score each class for itself, so
    one thing may get a box for each of its likely names.

    Args:
        corners: [n, 4], left, top, right, bottom.
        kinds: [n], numbers of the best classes; of boxes of one class, those that mean the same thing are gone already.
        overlap: see `suppress`.
    """
    again = np.zeros(len(corners), np.bool_)
    if len(np.unique(kinds)) < 2:
        return again
    areas, order = _areas(corners), np.argsort(-confidences, kind="stable")
    for place, row in enumerate(order.tolist()):
        if not again[row]:
            less = order[place + 1 :]
            near = _overlaps(corners[row], areas[row], corners[less], areas[less]) > overlap
            again[less[near & (kinds[less] != kinds[row])]] = True
    return again


def _areas(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    sides = np.maximum(corners[:, 2:] - corners[:, :2], 0.0)
    return np.asarray(sides[:, 0] * sides[:, 1])


def _overlaps(
    one: NDArray[np.float64], area: np.float64, others: NDArray[np.float64], areas: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Intersection over union of one box with others; 0 where both are without area."""
    shared = np.minimum(one[2:], others[:, 2:]) - np.maximum(one[:2], others[:, :2])
    both = np.prod(np.maximum(shared, 0.0), axis=1)
    union = area + areas - both
    return np.asarray(np.divide(both, union, out=np.zeros_like(both), where=union > 0))
