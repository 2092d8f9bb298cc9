"""How often each level of each colour channel occurs in an object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from taxolens.imaging.operations.picture import Mask, Pixels
from taxolens.imaging.plant.colour import to_hsv
from taxolens.imaging.plant.paper import to_lab


class Space(StrEnum):
    """A colour space."""

    RGB = "rgb"
    HSV = "hsv"
    LAB = "lab"


# Channel, lowest level, highest level, the colour its curve is drawn in
_CHANNELS: Mapping[Space, tuple[tuple[str, float, float, tuple[int, int, int]], ...]] = MappingProxyType(
    {
        Space.RGB: (
            ("red", 0, 256, (200, 30, 30)),
            ("green", 0, 256, (20, 140, 60)),
            ("blue", 0, 256, (30, 80, 220)),
        ),
        Space.HSV: (
            ("hue", 0, 360, (190, 60, 160)),
            ("saturation", 0, 1, (210, 120, 0)),
            ("value", 0, 1, (60, 60, 60)),
        ),
        Space.LAB: (
            ("lightness", 0, 100, (60, 60, 60)),
            ("a", -128, 128, (200, 30, 90)),
            ("b", -128, 128, (190, 150, 0)),
        ),
    }
)
_MARGIN = 0.06


@dataclass(frozen=True, slots=True, eq=False)
class ColourHistogram:
    """The levels of three channels.

    Attributes:
        space: the colour space.
        channels: names of its channels.
        edges: float64 [3, bins + 1], of the bins, in the channel's own unit.
        shares: float64 [3, bins], of the object's pixels; each row sums to 1, or is 0 where there is no object.
    """

    space: Space
    channels: tuple[str, str, str]
    edges: NDArray[np.float64]
    shares: NDArray[np.float64]


def histogram(pixels: Pixels, mask: Mask, space: Space = Space.RGB, bins: int = 64) -> ColourHistogram:
    """The histogram of the pixels inside a mask.

    Args:
        pixels: uint8 [h, w, 3], upright RGB.
        mask: bool [h, w].
        space: in which colour space.
        bins: number of bins per channel.
    """
    inside = pixels[mask][None] if mask.any() else np.zeros((1, 0, 3), np.uint8)
    values = _converted(inside, space)[0]
    edges = np.stack([np.linspace(low, high, bins + 1) for _, low, high, _ in _CHANNELS[space]])
    counts = [
        np.histogram(values[:, row].clip(edges[row, 0], edges[row, -1]), edges[row])[0] for row in range(3)
    ]
    first, second, third = (name for name, *_ in _CHANNELS[space])
    shares = np.array(counts, np.float64) / max(1, len(values))
    return ColourHistogram(space, (first, second, third), edges, shares)


def drawn(found: ColourHistogram, width: int, height: int) -> Pixels:
    """The three curves on white, uint8 [height, width, 3]."""
    canvas = np.full((height, width, 3), 255, np.uint8)
    margin = round(min(width, height) * _MARGIN)
    floor, right = height - 1 - margin, width - 1 - margin
    top = float(found.shares.max()) or 1.0
    across = np.linspace(margin, right, found.shares.shape[1])
    cv2.line(canvas, (margin, floor), (right, floor), (150, 150, 150), 1)
    for shares, (*_, colour) in zip(found.shares, _CHANNELS[found.space], strict=True):
        up = floor - shares / top * (floor - margin)
        curve = np.rint(np.stack([across, up], axis=1)).astype(np.int32)
        cv2.polylines(
            canvas, [curve[:, None]], isClosed=False, color=colour, thickness=1, lineType=cv2.LINE_AA
        )
    return canvas


def _converted(pixels: Pixels, space: Space) -> NDArray[np.float32]:
    if not pixels.size or space is Space.RGB:
        return pixels.astype(np.float32)
    return to_hsv(pixels) if space is Space.HSV else to_lab(pixels)
