"""The outline of a mask as a closed line, finer than pixels."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import measure

from taxolens.imaging.operations.picture import Mask

Points = NDArray[np.float64]
"""float64 [n, 2], x and y in pixel edges: the middle of the first pixel is 0.5, 0.5."""

_contours: Callable[[NDArray[np.float32], float], list[NDArray[np.float64]]] = measure.find_contours
_SMOOTH = 1.0
"""Steps between pixels are rounded off, so that the length of a slanted edge is not that of its stairs."""
_PAD = 4
_FLAT = 0.1


def outline_of(mask: Mask) -> Points:
    """The outline of the largest piece, clockwise as seen from its topmost point; [0, 2] where there is none.

    The line is where a smoothed mask passes one half (marching squares, Lorensen & Cline 1987). The first
    point is not repeated at the end.
    """
    padded = np.pad(mask.astype(np.float32), _PAD)
    lines = _contours(np.asarray(cv2.GaussianBlur(padded, (0, 0), _SMOOTH), np.float32), 0.5)
    if not lines:
        lines = _contours(padded, 0.5)
    if not lines:
        return np.zeros((0, 2))
    line = max(lines, key=_twice_area)[:-1, ::-1] - (_PAD - 0.5)
    if _signed(line) < 0:
        line = line[::-1]
    line = line.clip(0, (mask.shape[1], mask.shape[0]))
    return np.asarray(np.roll(line, -furthest(line, (0, -1)), axis=0))


def furthest(outline: Points, direction: tuple[int, int]) -> int:
    """The row of the point furthest in a direction; of a flat edge, the middle one."""
    ways = outline @ np.array(direction, np.float64)
    tied = np.flatnonzero(ways >= ways.max() - _FLAT)
    middle = outline[tied].mean(axis=0)
    return int(tied[np.hypot(*(outline[tied] - middle).T).argmin()])


def length_of(outline: Points) -> float:
    """Of a closed line, in pixels."""
    return float(np.hypot(*(np.roll(outline, -1, axis=0) - outline).T).sum())


def along(outline: Points, count: int) -> Points:
    """`count` points at equal distances along a closed line, from its first point."""
    closed = np.vstack([outline, outline[:1]])
    way = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    stops = np.arange(count) * (way[-1] / count)
    return np.stack([np.interp(stops, way, closed[:, axis]) for axis in (0, 1)], axis=1)


def _twice_area(line: NDArray[np.float64]) -> float:
    return abs(_signed(line))


def _signed(line: NDArray[np.float64]) -> float:
    across, down = line.T
    return float(across @ np.roll(down, -1) - down @ np.roll(across, -1))
