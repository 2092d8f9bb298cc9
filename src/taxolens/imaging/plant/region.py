"""Regions of interest: the part of a photo that is looked at."""

from __future__ import annotations

import math
from enum import StrEnum

import cv2
import numpy as np

from taxolens.core.geometry import Box
from taxolens.imaging.operations.picture import Mask
from taxolens.imaging.plant.outline import Points
from taxolens.imaging.plant.shape import extent_of

_FINE = 4
"""Bits after the binary point in which corners are drawn."""


class RegionShape(StrEnum):
    """The shape of a region."""

    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    POLYGON = "polygon"
    AUTO = "auto"


def box_region(width: int, height: int, box: Box, shape: RegionShape, corners: int = 6) -> Mask:
    """A region that fills a box.

    Args:
        width: of the photo, in pixels.
        height: of the photo, in pixels.
        box: relative to the photo.
        shape: `AUTO` is a rectangle here; a polygon is the regular one in the ellipse, a corner on top.
        corners: of a polygon.

    Returns:
        bool [height, width], true inside: the pixels whose middle is.
    """
    left, top = box.x * width, box.y * height
    across, down = max(box.width * width, 1e-9), max(box.height * height, 1e-9)
    if shape is RegionShape.POLYGON:
        turns = np.arange(corners) * (2 * math.pi / corners)
        middle = np.array([left + across / 2, top + down / 2])
        ring = np.stack([np.sin(turns) * across / 2, -np.cos(turns) * down / 2], axis=1)
        return polygon_region(width, height, middle + ring)
    xs = (np.arange(width) + 0.5 - left) / across
    ys = (np.arange(height) + 0.5 - top) / down
    if shape is RegionShape.ELLIPSE:
        return np.asarray((xs[None] - 0.5) ** 2 + (ys[:, None] - 0.5) ** 2 <= 0.25)
    return np.asarray(((xs >= 0) & (xs <= 1))[None] & ((ys >= 0) & (ys <= 1))[:, None])


def polygon_region(width: int, height: int, corners: Points) -> Mask:
    """The inside of any polygon.

    Args:
        width: of the photo, in pixels.
        height: of the photo, in pixels.
        corners: float64 [n, 2], x and y in pixel edges; may lie outside the photo.
    """
    canvas = np.zeros((height, width), np.uint8)
    fine = np.rint((corners - 0.5) * (1 << _FINE)).astype(np.int32)
    cv2.fillPoly(canvas, [fine[:, None]], 1, shift=_FINE)
    return np.asarray(canvas > 0)


def around(mask: Mask, margin: float = 0.0) -> Box | None:
    """The box round the object in a mask, relative to the photo; None where the mask is empty.

    Args:
        mask: bool [h, w].
        margin: room on each side, as a share of the object's size; as far as the photo reaches.
    """
    if not mask.any():
        return None
    height, width = mask.shape
    left, top, right, bottom = extent_of(mask)
    wide, high = margin * (right - left), margin * (bottom - top)
    x, y = max(0.0, left - wide) / width, max(0.0, top - high) / height
    return Box(x, y, min(1.0, (right + wide) / width) - x, min(1.0, (bottom + high) / height) - y)
