"""Boxes that come back at nearly the same place: stones, stumps and branches that a detector takes for animals.

Boxes in one cell of a fine grid over place and size are a first group. Then, a few times, each group takes the median of
its boxes as its middle, middles that overlap a larger group's give up, and every box goes to the middle that it
overlaps most: a group depends neither on the order of its boxes nor on where the lines of the grid lie. Only
boxes of neighbouring cells are compared, so the work grows with the boxes, not with their square.
"""

from __future__ import annotations

import math
from itertools import product

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float64]
Positions = NDArray[np.intp]

_LEAST_BOXES = (1, 2, 2)
"""Boxes that a group needs to have a middle, in each round: at first the grid may have cut a group to pieces."""
_SMALLEST = 1e-6
_AT_ONCE = 50_000


def recurring(boxes: NDArray[np.float32], *, iou: float) -> list[Positions]:
    """Groups of boxes at one place, the largest first; each box is in at most one group.

    Args:
        boxes: float32 [n, 4], left, top, width, height; those without area belong nowhere.
        iou: overlap with the middle of a group (intersection over union) from which a box belongs to it,
            above 0, below 1.

    Returns:
        Positions of the boxes of each group, rising; groups of one box are left out.
    """
    with_area = np.flatnonzero((boxes[:, 2:] > _SMALLEST).all(axis=1))
    found = boxes[with_area].astype(np.float64)
    if not len(found):
        return []
    grid, fine = _Grid(iou), _Grid(1 - (1 - iou) / 4)
    _, cells = np.unique(fine.cells(found), axis=0, return_inverse=True)
    groups = cells = cells.reshape(-1)
    for least in _LEAST_BOXES:
        nearest = _nearest(found, _middles(found, groups, grid, least), grid)
        # A box that no middle is near proposes its cell once more
        groups = np.where(nearest >= 0, nearest, len(found) + cells)
    named = [with_area[part] for part in _parts(groups) if nearest[part[0]] >= 0 and len(part) > 1]
    return sorted(named, key=lambda part: (-len(part), int(part[0])))


def _parts(groups: NDArray[np.intp]) -> list[Positions]:
    """Positions of the boxes of each group, rising."""
    order = np.argsort(groups, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)


class _Grid:
    """Cells by place and size.

    Two boxes that overlap by at least `iou` differ in each side by at most the factor 1 / iou, and in each
    edge by at most (1 - iou) of the longer side. Cells are twice as wide, so what a box can overlap lies in its
    own cell or, in each of the four directions, in the one that it is nearer to.
    """

    def __init__(self, iou: float) -> None:
        self.iou = iou
        self._step = -2 * math.log(iou)

    def cells(self, boxes: Boxes) -> NDArray[np.int64]:
        """The own cell of each box, int64 [n, 4]."""
        sizes = np.floor(np.log(boxes[:, 2:]) / self._step)
        places = np.floor(boxes[:, :2] / self._wide(sizes))
        return np.concatenate([sizes, places], axis=1).astype(np.int64)

    def pairs(self, boxes: Boxes, middles: Boxes) -> tuple[Positions, Positions, Boxes]:
        """Boxes and middles that overlap enough: their positions, and by how much."""
        keys = _hashed(self.cells(middles))
        order = np.argsort(keys, kind="stable")
        parts = [self._pairs(boxes, middles, keys[order], order, turn) for turn in product((0, 1), repeat=4)]
        one, other, shared = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        return one, other, shared

    def _pairs(
        self, boxes: Boxes, middles: Boxes, keys: NDArray[np.int64], order: Positions, turn: tuple[int, ...]
    ) -> tuple[Positions, Positions, Boxes]:
        """The pairs in one of the 16 cells around each box; which one in each direction is `turn`."""
        sizes = _turned(np.log(boxes[:, 2:]) / self._step, turn[:2])
        places = _turned(boxes[:, :2] / self._wide(sizes), turn[2:])
        wanted = _hashed(np.concatenate([sizes, places], axis=1).astype(np.int64))
        first = np.searchsorted(keys, wanted, side="left")
        count = np.searchsorted(keys, wanted, side="right") - first
        one = np.repeat(np.arange(len(boxes)), count)
        begin = np.repeat(np.cumsum(count) - count, count)
        other = order[np.repeat(first, count) + np.arange(len(one)) - begin]
        shared = overlaps(boxes[one], middles[other])
        enough = shared >= self.iou
        return one[enough], other[enough], shared[enough]

    def _wide(self, sizes: Boxes) -> Boxes:
        return np.asarray(2 * (1 - self.iou) / self.iou * np.exp((sizes + 1) * self._step))


def _turned(values: Boxes, turn: tuple[int, ...]) -> Boxes:
    """The cells of values where `turn` is 0, the neighbours on the nearer side where it is 1."""
    cells = np.floor(values)
    return np.asarray(cells + np.array(turn) * np.where(values - cells >= 0.5, 1, -1))


def _hashed(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number for each cell; two cells may share one, for pairs are looked at more closely anyway."""
    factors = np.array([1_000_003, 998_244_353, 2_147_483_647, 1_000_000_000_039], dtype=np.int64)
    with np.errstate(over="ignore"):
        mixed: NDArray[np.int64] = (cells * factors).sum(axis=1)
    return mixed


def _middles(boxes: Boxes, groups: NDArray[np.intp], grid: _Grid, least: int) -> Boxes:
    """Medians of groups, of the largest first; one that overlaps a larger group's enough is left out."""
    parts = sorted(_parts(groups), key=len, reverse=True)
    middles = np.array(
        [boxes[part[0]] if len(part) == 1 else np.median(boxes[part], axis=0) for part in parts]
    )
    one, other, _ = grid.pairs(middles, middles)
    later = one > other
    kept = np.ones(len(middles), dtype=bool)
    for larger, smaller in sorted(zip(other[later].tolist(), one[later].tolist(), strict=True)):
        if kept[larger]:
            kept[smaller] = False
    return np.asarray(middles[kept])


def _nearest(boxes: Boxes, middles: Boxes, grid: _Grid) -> Positions:
    """The middle that each box overlaps most, the one of the larger group where two are alike; -1 without one."""
    nearest: Positions = np.full(len(boxes), -1, dtype=np.intp)
    for begin in range(0, len(boxes), _AT_ONCE):
        one, other, shared = grid.pairs(boxes[begin : begin + _AT_ONCE], middles)
        order = np.lexsort((-other, shared))  # the last one stays
        nearest[begin + one[order]] = other[order]
    return nearest


def overlaps(one: Boxes, other: Boxes) -> Boxes:
    """Intersection over union of pairs of boxes, [n, 4] each, 0..1."""
    low = np.maximum(one[:, :2], other[:, :2])
    high = np.minimum(one[:, :2] + one[:, 2:], other[:, :2] + other[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    shares: Boxes = shared / (one[:, 2:].prod(axis=1) + other[:, 2:].prod(axis=1) - shared)
    return shares
