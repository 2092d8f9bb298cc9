"""Left for right, and top for bottom."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from taxolens.core.texts import noted
from taxolens.imaging.operations.geometry import moved
from taxolens.imaging.operations.operation import Operation
from taxolens.imaging.operations.parameter import Values
from taxolens.imaging.operations.picture import Picture


def mirrored(picture: Picture) -> Picture:
    """Left and right change places."""
    mask = None if picture.mask is None else np.ascontiguousarray(picture.mask[:, ::-1])
    pixels = np.ascontiguousarray(picture.pixels[:, ::-1])
    return moved(picture, pixels, mask, lambda points: (picture.width, 0) + points * (-1, 1))


def flipped(picture: Picture) -> Picture:
    """Top and bottom change places."""
    mask = None if picture.mask is None else np.ascontiguousarray(picture.mask[::-1])
    pixels = np.ascontiguousarray(picture.pixels[::-1])
    return moved(picture, pixels, mask, lambda points: (0, picture.height) + points * (1, -1))


def _mirror(picture: Picture, values: Values, generator: Generator) -> Picture:
    return mirrored(picture)


def _flip(picture: Picture, values: Values, generator: Generator) -> Picture:
    return flipped(picture)


OPERATIONS = (
    Operation("mirror", noted("Left and right change places."), (), spatial=True, run=_mirror),
    Operation("flip", noted("Top and bottom change places."), (), spatial=True, run=_flip),
)
