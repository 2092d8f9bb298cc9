"""Random changes that move pixels. Each keeps the size of the photo, but for quarter turns."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from taxolens.core.texts import noted
from taxolens.imaging.operations.crop import cut
from taxolens.imaging.operations.distortion import distorted
from taxolens.imaging.operations.mirror import flipped, mirrored
from taxolens.imaging.operations.operation import Operation
from taxolens.imaging.operations.parameter import Values, choice, yes_no
from taxolens.imaging.operations.picture import Picture
from taxolens.imaging.operations.rotate import turned
from taxolens.imaging.operations.size import resized
from taxolens.imaging.operations.strength import strength
from taxolens.imaging.operations.warp import BORDER, FILL, Matrix, about_middle, stretch, turn, warp

_MOST_DEGREES = 45.0
_MOST_SHEAR = 0.5
_MOST_INSET = 0.25
_MOST_CUT = 0.6
_MOST_ASPECT = 0.4


def zoomed(picture: Picture, strength: float, generator: Generator) -> Picture:
    """A random window in the size of the photo; at full strength its sides are 0.4 to 1 of the photo's."""
    share = 1 - generator.uniform(0, _MOST_CUT * strength)
    aspect = np.exp(generator.uniform(-_MOST_ASPECT, _MOST_ASPECT) * strength / 2)
    place = generator.uniform(size=2)
    size = np.array([picture.width, picture.height])
    window = np.rint(size * np.minimum(share * np.array([aspect, 1 / aspect]), 1)).astype(int).clip(1, size)
    left, top = np.floor(place * (size - window + 1)).astype(int).tolist()
    part = cut(picture, (left, top, left + int(window[0]), top + int(window[1])))
    return resized(part, (picture.width, picture.height), "bilinear")


def sheared(picture: Picture, across: float, down: float, border: str = "auto") -> Picture:
    """Slanted about the middle, by so many pixels sideways per pixel."""
    matrix = np.array([[1.0, across, 0.0], [down, 1.0, 0.0], [0.0, 0.0, 1.0]])
    return warp(picture, about_middle(matrix, picture), (picture.width, picture.height), border)


def _random_flip(picture: Picture, values: Values, generator: Generator) -> Picture:
    across, down = generator.random(2) < 0.5
    if across and values["axis"] != "vertical":
        picture = mirrored(picture)
    if down and values["axis"] != "horizontal":
        picture = flipped(picture)
    return picture


def _random_rotate(picture: Picture, values: Values, generator: Generator) -> Picture:
    quarters = int(generator.integers(4))
    angle = generator.uniform(-1, 1) * _MOST_DEGREES * values["strength"]
    if values["quarters"] and quarters:
        picture = turned(picture, quarters)
    size = (picture.width, picture.height)
    return warp(picture, about_middle(turn(angle), picture), size, values["border"], values["colour"])


def _random_shear(picture: Picture, values: Values, generator: Generator) -> Picture:
    amount = generator.uniform(-1, 1) * _MOST_SHEAR * values["strength"]
    matrix = np.eye(3)
    matrix[(0, 1) if generator.random() < 0.5 else (1, 0)] = amount
    size = (picture.width, picture.height)
    return warp(picture, about_middle(matrix, picture), size, values["border"], values["colour"])


def _random_perspective(picture: Picture, values: Values, generator: Generator) -> Picture:
    """Four points near the corners become the corners: nothing has to be filled in."""
    insets = generator.uniform(0, _MOST_INSET * values["strength"], (4, 2))
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
    matrix = _four_points(np.abs(corners - insets), corners.astype(np.float64))
    size = (picture.width, picture.height)
    return warp(picture, stretch(*size) @ matrix @ stretch(1 / size[0], 1 / size[1]), size)


def _four_points(before: NDArray[np.float64], after: NDArray[np.float64]) -> Matrix:
    """The perspective that takes four points [4, 2] to four others: eight equations for eight numbers."""
    rows, right = [], []
    for (x, y), (u, v) in zip(before.tolist(), after.tolist(), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return np.append(np.linalg.solve(np.array(rows), np.array(right)), 1.0).reshape(3, 3)


def _random_zoom(picture: Picture, values: Values, generator: Generator) -> Picture:
    return zoomed(picture, values["strength"], generator)


def _random_distortion(picture: Picture, values: Values, generator: Generator) -> Picture:
    return distorted(picture, values["strength"], generator)


OPERATIONS = (
    Operation(
        "random-flip",
        noted("Mirrors every second photo by chance."),
        (
            choice(
                "axis",
                "horizontal",
                ("horizontal", "vertical", "both"),
                noted("Left and right, top and bottom, or either; photos taken from above have no top"),
            ),
        ),
        spatial=True,
        run=_random_flip,
        random=True,
    ),
    Operation(
        "random-rotate",
        noted("Turns by a random angle, at full strength by up to 45 degrees."),
        (
            strength(),
            yes_no("quarters", False, noted("Also by right angles, for photos taken from above")),
            BORDER,
            FILL,
        ),
        spatial=True,
        run=_random_rotate,
        random=True,
    ),
    Operation(
        "random-shear",
        noted("Slants the photo sideways or upwards."),
        (strength(), BORDER, FILL),
        spatial=True,
        run=_random_shear,
        random=True,
    ),
    Operation(
        "random-perspective",
        noted("Skews the photo as if it was taken from another side."),
        (strength(),),
        spatial=True,
        run=_random_perspective,
        random=True,
    ),
    Operation(
        "random-zoom",
        noted("A random part of the photo, enlarged to its size."),
        (strength(),),
        spatial=True,
        run=_random_zoom,
        random=True,
    ),
    Operation(
        "random-distortion",
        noted("Bends the photo in smooth waves; its edges stay."),
        (strength(),),
        spatial=True,
        run=_random_distortion,
        random=True,
    ),
)
