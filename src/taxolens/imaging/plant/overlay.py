"""Measurements drawn on the photo they were taken from."""

from __future__ import annotations

import math

import cv2
import numpy as np

from taxolens.imaging.operations.picture import Mask, Pixels
from taxolens.imaging.plant.landmarks import Landmarks
from taxolens.imaging.plant.outline import Points, outline_of
from taxolens.imaging.plant.shape import Shape, extent_of, hull_of
from taxolens.imaging.plant.working import unit_of

_FINE = 4
"""Bits after the binary point in which lines are drawn."""
_OUTLINE, _HULL, _BOX, _AXES = (40, 80, 255), (255, 0, 255), (255, 220, 0), (255, 255, 255)
_SPACED, _TIP, _NOTCH, _EXTREME, _CENTRE = (
    (255, 0, 255),
    (255, 140, 0),
    (0, 220, 255),
    (255, 230, 0),
    (255, 255, 255),
)


def with_object(pixels: Pixels, mask: Mask, shape: Shape) -> Pixels:
    """The photo with the outline of the object, its convex hull, its upright box, its axes and its centre."""
    shown = with_outline(pixels, mask)
    _line(shown, hull_of(mask), _HULL)
    left, top, right, bottom = extent_of(mask)
    _line(shown, np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float64), _BOX)
    turn = math.radians(shape.angle)
    along, centre = np.array([math.cos(turn), -math.sin(turn)]), np.array([shape.centre_x, shape.centre_y])
    across = np.array([-along[1], along[0]])
    for direction, length in ((along, shape.major_axis), (across, shape.minor_axis)):
        _line(shown, centre + np.outer([-0.5, 0.5], direction) * length, _AXES)
    _dot(shown, centre, _CENTRE)
    return shown


def with_outline(pixels: Pixels, mask: Mask) -> Pixels:
    """The photo with the outline of the object in the mask."""
    shown = pixels.copy()
    _line(shown, outline_of(mask), _OUTLINE)
    return shown


def with_landmarks(pixels: Pixels, mask: Mask, found: Landmarks) -> Pixels:
    """The photo with the outline of the object and its pseudo-landmarks."""
    shown = with_outline(pixels, mask)
    for points, colour in ((found.spaced, _SPACED), (found.tips, _TIP), (found.notches, _NOTCH)):
        for point in points:
            _dot(shown, point, colour)
    for extreme in (found.top, found.bottom, found.left, found.right):
        _dot(shown, np.array(extreme), _EXTREME)
    _dot(shown, np.array(found.centroid), _CENTRE)
    return shown


def _line(pixels: Pixels, points: Points, colour: tuple[int, int, int]) -> None:
    fine = np.rint((points - 0.5) * (1 << _FINE)).astype(np.int32)[:, None]
    wide = max(1, round(0.6 * unit_of(pixels)))
    cv2.polylines(
        pixels, [fine], isClosed=True, color=colour, thickness=wide, lineType=cv2.LINE_AA, shift=_FINE
    )


def _dot(pixels: Pixels, point: Points, colour: tuple[int, int, int]) -> None:
    x, y = np.rint((point - 0.5) * (1 << _FINE)).astype(int).tolist()
    radius = max(1.0, 2.2 * unit_of(pixels))
    for wider, tone in ((1.4, (0, 0, 0)), (1.0, colour)):
        size = round(radius * wider * (1 << _FINE))
        cv2.circle(pixels, (x, y), size, tone, thickness=cv2.FILLED, lineType=cv2.LINE_AA, shift=_FINE)
