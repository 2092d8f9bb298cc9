"""The size in which photos are looked at, so that a large one costs no more than a small one."""

from __future__ import annotations

import cv2
import numpy as np

from taxolens.imaging.operations.picture import Mask, Pixels

WORKING_SIDE = 512
"""Larger photos are looked at in this size; masks are enlarged afterwards, with a smooth outline."""
_UNIT = 256


def unit_of(pixels: Pixels) -> float:
    """Pixels of this photo for one of a photo whose longer side has 256, in which lengths are given."""
    return float(max(pixels.shape[:2])) / _UNIT


def reduced(pixels: Pixels) -> Pixels:
    """The photo, no larger than `WORKING_SIDE`."""
    height, width = pixels.shape[:2]
    shrink = WORKING_SIDE / max(height, width)
    if shrink >= 1:
        return pixels
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def resized(mask: Mask, height: int, width: int) -> Mask:
    """The mask in another size."""
    if mask.shape == (height, width):
        return mask
    way = cv2.INTER_LINEAR if height > mask.shape[0] else cv2.INTER_AREA
    return np.asarray(cv2.resize(mask.astype(np.float32), (width, height), interpolation=way) > 0.5)
