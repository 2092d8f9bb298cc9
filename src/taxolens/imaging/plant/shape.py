"""Size and shape of the object in a mask."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from taxolens.imaging.operations.picture import Mask
from taxolens.imaging.plant.outline import Points, length_of, outline_of


@dataclass(frozen=True, slots=True)
class Shape:
    """Size and shape of one object; lengths in pixels, areas in square pixels.

    Attributes:
        area: number of its pixels.
        perimeter: length of its outline.
        hull_area: of the smallest convex polygon round it.
        solidity: area / hull area, 0..1; the more lobes and teeth, the smaller.
        width: of the upright box round it.
        height: of the upright box round it.
        longest_path: between the two points of it that are furthest apart.
        major_axis: of the ellipse with the same second moments, its whole length.
        minor_axis: of the same ellipse.
        eccentricity: of the same ellipse: 0 a circle, towards 1 a line.
        angle: of the major axis, in degrees 0..180 counter-clockwise from the horizontal.
        centre_x: of mass, from the left edge of the photo.
        centre_y: of mass, from the top edge of the photo.
        in_frame: whether the object is whole: it does not touch the photo's edge.
    """

    area: int
    perimeter: float
    hull_area: float
    solidity: float
    width: int
    height: int
    longest_path: float
    major_axis: float
    minor_axis: float
    eccentricity: float
    angle: float
    centre_x: float
    centre_y: float
    in_frame: bool


def shape_of(mask: Mask) -> Shape | None:
    """The shape of what is in a mask; None where it is empty.

    Args:
        mask: bool [h, w].
    """
    if not mask.any():
        return None
    area = int(mask.sum())
    hull = hull_of(mask)
    hull_area = float(cv2.contourArea(hull.astype(np.float32)))
    left, top, right, bottom = extent_of(mask)
    moments = cv2.moments(mask.astype(np.uint8), binaryImage=True)
    major, minor, angle = _ellipse(moments)
    return Shape(
        area=area,
        perimeter=length_of(outline_of(mask)),
        hull_area=hull_area,
        solidity=area / hull_area,
        width=right - left,
        height=bottom - top,
        longest_path=float(np.hypot(*(hull[:, None] - hull[None]).transpose(2, 0, 1)).max()),
        major_axis=major,
        minor_axis=minor,
        eccentricity=math.sqrt(max(0.0, 1 - (minor / major) ** 2)),
        angle=angle,
        centre_x=moments["m10"] / moments["m00"] + 0.5,
        centre_y=moments["m01"] / moments["m00"] + 0.5,
        in_frame=left > 0 and top > 0 and right < mask.shape[1] and bottom < mask.shape[0],
    )


def extent_of(mask: Mask) -> tuple[int, int, int, int]:
    """Left, top, right, bottom in pixel edges of what is in a mask that is not empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def hull_of(mask: Mask) -> Points:
    """The corners of the smallest convex polygon round all pixels of a mask that is not empty."""
    starts, ends = mask.argmax(axis=1), mask.shape[1] - mask[:, ::-1].argmax(axis=1)
    rows = np.flatnonzero(mask.any(axis=1))
    corners = [np.stack([side[rows], rows + below], axis=1) for side in (starts, ends) for below in (0, 1)]
    return np.asarray(cv2.convexHull(np.concatenate(corners).astype(np.int32))[:, 0], np.float64)


def _ellipse(moments: dict[str, float]) -> tuple[float, float, float]:
    """Major and minor axis and angle of the ellipse with the same second moments."""
    # A pixel is a square of side 1, whose own second moment is 1/12
    across = moments["mu20"] / moments["m00"] + 1 / 12
    down = moments["mu02"] / moments["m00"] + 1 / 12
    both = moments["mu11"] / moments["m00"]
    spread: NDArray[np.float64] = np.linalg.eigvalsh(np.array([[across, both], [both, down]]))
    angle = -0.5 * math.degrees(math.atan2(2 * both, across - down))
    return 4 * math.sqrt(spread[1]), 4 * math.sqrt(max(0.0, spread[0])), angle % 180
