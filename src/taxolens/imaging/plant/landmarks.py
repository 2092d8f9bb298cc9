"""Pseudo-landmarks: points that can be found on every leaf, to compare shapes with.

Nobody has to click them: they follow from the outline alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.imaging.operations.picture import Mask
from taxolens.imaging.plant.outline import Points, along, furthest, length_of, outline_of
from taxolens.imaging.plant.shape import extent_of

_STEPS = 360
"""Points along the outline at which angles are looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """Points in pixel edges, x and y.

    Attributes:
        spaced: float64 [n, 2], at equal distances along the outline, clockwise from the topmost point.
        top: the topmost point of the outline.
        bottom: the lowest point.
        left: the leftmost point.
        right: the rightmost point.
        centroid: the centre of mass.
        tips: float64 [k, 2], where the outline turns sharply outwards: tips, teeth.
        notches: float64 [m, 2], where it turns sharply inwards: sinuses, bites.
    """

    spaced: Points
    top: tuple[float, float]
    bottom: tuple[float, float]
    left: tuple[float, float]
    right: tuple[float, float]
    centroid: tuple[float, float]
    tips: Points
    notches: Points


def landmarks(
    mask: Mask, count: int = 20, *, window: float = 0.04, sharper: float = 120.0
) -> Landmarks | None:
    """The pseudo-landmarks of the object in a mask; None where it is empty.

    Args:
        mask: bool [h, w].
        count: how many points at equal distances.
        window: how far to each side of a point its angle is measured, as a share of the perimeter.
        sharper: tips and notches are angles below this, in degrees.
    """
    outline = outline_of(mask)
    if not len(outline):
        return None
    rows, columns = np.nonzero(mask)
    tips, notches = _corners(outline, window, sharper)
    return Landmarks(
        along(outline, count),
        top=_point(outline[furthest(outline, (0, -1))]),
        bottom=_point(outline[furthest(outline, (0, 1))]),
        left=_point(outline[furthest(outline, (-1, 0))]),
        right=_point(outline[furthest(outline, (1, 0))]),
        centroid=(float(columns.mean()) + 0.5, float(rows.mean()) + 0.5),
        tips=tips,
        notches=notches,
    )


def slices(mask: Mask, count: int = 20, *, axis: int = 0) -> NDArray[np.float64]:
    """Where an object begins and ends in equal slices across it, and its middle there.

    Args:
        mask: bool [h, w].
        count: how many slices.
        axis: 0 slices from top to bottom (each has a left and a right end), 1 from left to right.

    Returns:
        float64 [count, 3]: first edge, last edge and mean position of the object's pixels in the middle of each
        slice, in pixel edges; NaN where a slice or the mask is empty.
    """
    lines = mask if axis == 0 else mask.T
    found = np.full((count, 3), np.nan)
    if not mask.any():
        return found
    _, first, _, last = extent_of(lines)
    middles = first + (np.arange(count) + 0.5) * (last - first) / count
    for row, line in enumerate(lines[middles.astype(int)]):
        places = np.flatnonzero(line)
        if len(places):
            found[row] = places[0], places[-1] + 1, places.mean() + 0.5
    return found


def _corners(outline: Points, window: float, sharper: float) -> tuple[Points, Points]:
    """Where the angle between the two arms of a point is smallest within its window, and below `sharper`."""
    points = along(outline, _STEPS)
    reach = max(1, round(window * _STEPS))
    before, after = np.roll(points, reach, axis=0) - points, np.roll(points, -reach, axis=0) - points
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    angles = np.degrees(np.arctan2(np.abs(cross), (before * after).sum(axis=1)))
    around = np.stack([np.roll(angles, shift) for shift in range(-reach, reach + 1)])
    sharp = (angles < sharper) & (angles <= around.min(axis=0)) & (length_of(outline) > 8)
    # Clockwise in a picture, whose y points down: arms of a tip turn the negative way
    return points[sharp & (cross < 0)], points[sharp & (cross > 0)]


def _point(pair: NDArray[np.float64]) -> tuple[float, float]:
    return float(pair[0]), float(pair[1])
