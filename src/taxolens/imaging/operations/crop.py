"""Crops: the middle of a photo, or the object in it."""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from taxolens.core.texts import noted
from taxolens.imaging.operations.geometry import moved
from taxolens.imaging.operations.operation import Operation
from taxolens.imaging.operations.parameter import Values, choice, number, whole, yes_no
from taxolens.imaging.operations.picture import Picture

Window = tuple[int, int, int, int]
"""Left, top, right, bottom in whole pixels of a picture."""


def cut(picture: Picture, window: Window) -> Picture:
    """The part of a picture in a window that lies within it."""
    left, top, right, bottom = window
    pixels = picture.pixels[top:bottom, left:right].copy()
    mask = None if picture.mask is None else picture.mask[top:bottom, left:right].copy()
    return moved(picture, pixels, mask, lambda points: points - (left, top))


def _crop(picture: Picture, values: Values, generator: Generator) -> Picture:
    if values["at"] == "object":
        extent = object_extent(picture)
        return picture if extent is None else cut(picture, _round(picture, extent, values))
    width = values["width"] or max(1, round(picture.width * values["share"]))
    height = values["height"] or max(1, round(picture.height * values["share"]))
    if values["square"]:
        width = height = min(width, height)
    return cut(picture, _middle(picture, min(width, picture.width), min(height, picture.height)))


def object_extent(picture: Picture) -> NDArray[np.float64] | None:
    """float64 [4] round the mask, else round all boxes, in pixel edges; None where there are neither."""
    if picture.mask is not None and picture.mask.any():
        rows, columns = (np.flatnonzero(picture.mask.any(axis=axis)) for axis in (1, 0))
        return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float64)
    if len(picture.boxes):
        return np.concatenate([picture.boxes[:, :2].min(axis=0), picture.boxes[:, 2:].max(axis=0)])
    return None


def _middle(picture: Picture, width: int, height: int) -> Window:
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return left, top, left + width, top + height


def _round(picture: Picture, extent: NDArray[np.float64], values: Values) -> Window:
    """The window round an object, with its margin, as far as the photo reaches."""
    middle, size = (extent[:2] + extent[2:]) / 2, (extent[2:] - extent[:2]) * (1 + 2 * values["margin"])
    if values["square"]:
        size = np.full(2, size.max())
    spans = [
        _span(centre, length, limit)
        for centre, length, limit in zip(middle, size, (picture.width, picture.height), strict=True)
    ]
    return spans[0][0], spans[1][0], spans[0][1], spans[1][1]


def _span(centre: float, length: float, limit: int) -> tuple[int, int]:
    """A span of whole pixels; one that would leave the photo is pushed back into it."""
    length = min(length, limit)
    low = min(max(centre - length / 2, 0.0), limit - length)
    first = min(math.floor(low + 1e-9), limit - 1)
    return first, min(limit, max(first + 1, math.ceil(low + length - 1e-9)))


OPERATIONS = (
    Operation(
        "crop",
        noted("Keeps the middle of the photo, or the object in it (by its mask, else its boxes)."),
        (
            choice("at", "centre", ("centre", "object"), noted("What is kept")),
            number("share", 0.8, 0.01, 1, noted("Share of width and height that is kept at the centre")),
            whole("width", 0, 0, 65535, noted("Width in pixels at the centre; 0 goes by the share")),
            whole("height", 0, 0, 65535, noted("Height in pixels at the centre; 0 goes by the share")),
            number("margin", 0.1, 0, 2, noted("Room round the object, as a share of its size on each side")),
            yes_no("square", False, noted("Keeps a square, as far as the photo reaches")),
        ),
        spatial=True,
        run=_crop,
    ),
)
