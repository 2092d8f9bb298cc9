"""Turns by any angle."""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator

from taxolens.core.texts import noted
from taxolens.imaging.operations.geometry import moved
from taxolens.imaging.operations.operation import Operation
from taxolens.imaging.operations.parameter import Values, number, yes_no
from taxolens.imaging.operations.picture import Picture
from taxolens.imaging.operations.warp import BORDER, FILL, Size, about_middle, through, turn, warp

# Sines and cosines of quarter turns miss whole pixels by so much
_ROUNDING = 1e-6


def turned(picture: Picture, quarters: int) -> Picture:
    """Turned by so many right angles against the clock, pixel for pixel."""
    pixels = np.ascontiguousarray(np.rot90(picture.pixels, quarters))
    mask = None if picture.mask is None else np.ascontiguousarray(np.rot90(picture.mask, quarters))
    matrix = about_middle(np.rint(turn(90 * quarters)), picture, (pixels.shape[1], pixels.shape[0]))
    return moved(picture, pixels, mask, through(matrix))


def _rotate(picture: Picture, values: Values, generator: Generator) -> Picture:
    angle, expand = values["angle"], values["expand"]
    if angle % 180 == 0 or (angle % 90 == 0 and (expand or picture.width == picture.height)):
        return turned(picture, round(angle / 90) % 4)
    size = _room(picture, angle) if expand else (picture.width, picture.height)
    return warp(picture, about_middle(turn(angle), picture, size), size, values["border"], values["colour"])


def _room(picture: Picture, angle: float) -> Size:
    """The size that the turned picture needs."""
    cosine, sine = abs(math.cos(math.radians(angle))), abs(math.sin(math.radians(angle)))
    width = picture.width * cosine + picture.height * sine
    height = picture.width * sine + picture.height * cosine
    return max(1, math.ceil(width - _ROUNDING)), max(1, math.ceil(height - _ROUNDING))


OPERATIONS = (
    Operation(
        "rotate",
        noted("Turns the photo against the clock."),
        (
            number("angle", 90, -360, 360, noted("Degrees")),
            yes_no("expand", True, noted("Makes room for the whole turned photo; no keeps the size")),
            BORDER,
            FILL,
        ),
        spatial=True,
        run=_rotate,
    ),
)
