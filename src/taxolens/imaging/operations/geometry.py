"""Where boxes go when pixels move.

A move is told by its forward map of points, in pixel edges: the middle of the first pixel is 0.5, 0.5. What
comes of a box is the smallest upright box round that part of its mapped outline which lies in the new picture.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from taxolens.imaging.operations.picture import Mask, Picture, Pixels

Points = NDArray[np.float64]
"""float64 [m, 2], x and y in pixel edges."""
Forward = Callable[[Points], Points]
"""From points of the old picture to the same points in the new one."""

MIN_VISIBLE = 0.2
"""A box of which less than this share of the original can be seen is dropped."""

_CORNERS = np.array([(0, 1), (2, 1), (2, 3), (0, 3)])


def moved(
    picture: Picture, pixels: Pixels, mask: Mask | None, forward: Forward, *, bends: int = 1
) -> Picture:
    """The picture after a move.

    Args:
        picture: as it was.
        pixels: after the move.
        mask: after the move.
        forward: where points go.
        bends: points per edge of a box; 1 where straight lines stay straight.

    Returns:
        Boxes follow; those of which less than `MIN_VISIBLE` of the original is left are dropped.
    """
    count = len(picture.boxes)
    outlines = forward(_outlines(picture.boxes, bends).reshape(-1, 2)).reshape(count, 4 * bends, 2)
    height, width = pixels.shape[:2]
    boxes, shares = _seen(outlines, (width, height))
    after = Picture(pixels, boxes, picture.rows, picture.visible * shares, mask)
    return after.keep_boxes(after.visible >= MIN_VISIBLE)


def _outlines(boxes: NDArray[np.float64], bends: int) -> NDArray[np.float64]:
    """[n, 4 * bends, 2]: clockwise from the top left."""
    corners = boxes[:, _CORNERS]
    along = (np.arange(bends) / bends)[None, None, :, None]
    edges = corners[:, :, None] + along * (np.roll(corners, -1, axis=1) - corners)[:, :, None]
    return edges.reshape(len(boxes), 4 * bends, 2)


def _seen(
    outlines: NDArray[np.float64], size: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Boxes [n, 4] round what lies in the picture, and the share [n] of each outline that does."""
    boxes = np.zeros((len(outlines), 4))
    shares = np.zeros(len(outlines))
    for row, outline in enumerate(outlines):
        part = outline
        if (outline < 0).any() or (outline > size).any():
            part = _clipped(outline, size)
        if len(part):
            boxes[row] = (*part.min(axis=0), *part.max(axis=0))
            area = _area(outline)
            shares[row] = min(1.0, _area(part) / area) if area > 0 else 1.0
    return boxes, shares


def _clipped(outline: Points, size: tuple[int, int]) -> Points:
    """What of a polygon lies in the picture (Sutherland & Hodgman 1974)."""
    for axis in (0, 1):
        outline = _half(outline, outline[:, axis])
        outline = _half(outline, size[axis] - outline[:, axis])
    return np.clip(outline, 0.0, np.array(size, np.float64))


def _half(outline: Points, inside: NDArray[np.float64]) -> Points:
    """The part of a polygon on one side of a line; `inside` [m] is not negative there."""
    following = np.roll(inside, -1)
    crosses = (inside >= 0) != (following >= 0)
    share = inside / np.where(crosses, inside - following, 1.0)
    crossings = outline + share[:, None] * (np.roll(outline, -1, axis=0) - outline)
    points = np.stack([outline, crossings], axis=1).reshape(-1, 2)
    kept: Points = points[np.stack([inside >= 0, crosses], axis=1).ravel()]
    return kept


def _area(outline: Points) -> float:
    across, down = outline.T
    return 0.5 * abs(float(across @ np.roll(down, -1) - down @ np.roll(across, -1)))
