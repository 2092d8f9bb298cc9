"""Moves that keep straight lines straight: a 3 x 3 matrix on points in pixel edges."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from taxolens.core.texts import noted
from taxolens.imaging.operations.geometry import Forward, Points, moved
from taxolens.imaging.operations.opencv import opencv
from taxolens.imaging.operations.parameter import Colour, choice, colour
from taxolens.imaging.operations.picture import Picture

Matrix = NDArray[np.float64]
"""float64 [3, 3], from points of the old picture to points of the new one, in pixel edges."""
Size = tuple[int, int]
"""Width and height in pixels."""

GREY: Colour = (114, 114, 114)
BORDER = choice(
    "border",
    "auto",
    ("auto", "reflect", "edge", "colour"),
    noted(
        "What fills corners that the photo does not reach; auto reflects the photo, or takes the colour where it has boxes: reflected objects would have none"
    ),
)
FILL = colour("colour", GREY, noted("Colour of what the photo does not reach"))

# OpenCV counts the columns of a source in 16 bits
_LONGEST = 32766
_MODES: Mapping[str, str] = MappingProxyType(
    {"reflect": "BORDER_REFLECT", "edge": "BORDER_REPLICATE", "colour": "BORDER_CONSTANT"}
)


def warp(picture: Picture, matrix: Matrix, size: Size, border: str = "auto", fill: Colour = GREY) -> Picture:
    """The picture seen through a matrix.

    Args:
        picture: as it is.
        matrix: from its points to those of the result.
        size: of the result.
        border: "auto", "reflect", "edge" or "colour".
        fill: the colour.

    Raises:
        MissingExtra: OpenCV is not installed.
    """
    pixels = resampled(picture.pixels, matrix, size, border_of(picture, border), fill)
    mask = None
    if picture.mask is not None:
        mask = resampled(picture.mask.astype(np.uint8) * 255, matrix, size, "colour", (0, 0, 0)) > 127
    return moved(picture, pixels, mask, through(matrix))


def border_of(picture: Picture, border: str) -> str:
    """What "auto" means for this picture."""
    if border != "auto":
        return border
    return "colour" if len(picture.boxes) else "reflect"


def through(matrix: Matrix) -> Forward:
    """Where a matrix takes points."""

    def forward(points: Points) -> Points:
        seen = np.column_stack([points, np.ones(len(points))]) @ matrix.T
        return np.asarray(seen[:, :2] / seen[:, 2:])

    return forward


def shift(across: float, down: float) -> Matrix:
    """Moves by pixels."""
    return np.array([[1.0, 0.0, across], [0.0, 1.0, down], [0.0, 0.0, 1.0]])


def stretch(across: float, down: float) -> Matrix:
    """Enlarges from the top left corner."""
    return np.diag([across, down, 1.0])


def turn(degrees: float) -> Matrix:
    """Turns against the clock round the top left corner (y points down)."""
    cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])


def about_middle(matrix: Matrix, picture: Picture, size: Size | None = None) -> Matrix:
    """The same, but the middle of the picture comes to the middle of a result of this size (its own)."""
    across, down = size or (picture.width, picture.height)
    return shift(across / 2, down / 2) @ matrix @ shift(-picture.width / 2, -picture.height / 2)


def resampled(
    pixels: NDArray[np.uint8], matrix: Matrix, size: Size, border: str, fill: Colour
) -> NDArray[np.uint8]:
    """Pixels [h, w] or [h, w, 3] through a matrix; longer ones than OpenCV can count are made smaller for it."""
    height, width = pixels.shape[:2]
    within = (min(width, _LONGEST), min(height, _LONGEST))
    inside = (min(size[0], _LONGEST), min(size[1], _LONGEST))
    if within == (width, height) and inside == size:
        return _resampled(pixels, matrix, size, border, fill)
    before = stretch(width / within[0], height / within[1])
    after = stretch(inside[0] / size[0], inside[1] / size[1])
    small = np.asarray(Pillow.fromarray(pixels).resize(within))
    done = _resampled(small, after @ matrix @ before, inside, border, fill)
    return np.asarray(Pillow.fromarray(done).resize(size))


def _resampled(
    pixels: NDArray[np.uint8], matrix: Matrix, size: Size, border: str, fill: Colour
) -> NDArray[np.uint8]:
    """OpenCV puts 0, 0 in the middle of the first pixel: half a pixel away from its edges."""
    cv2 = opencv()
    middles = shift(-0.5, -0.5) @ matrix @ shift(0.5, 0.5)
    how = {"flags": cv2.INTER_LINEAR, "borderMode": getattr(cv2, _MODES[border]), "borderValue": fill}
    if np.array_equal(middles[2], (0.0, 0.0, 1.0)):
        return np.asarray(cv2.warpAffine(pixels, middles[:2], size, **how))
    return np.asarray(cv2.warpPerspective(pixels, middles, size, **how))
