"""A photo on its way through operations, with all that must move when its pixels move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import UsageError
from taxolens.core.geometry import Box

Pixels = NDArray[np.uint8]
"""uint8 [height, width, 3], upright RGB."""
Mask = NDArray[np.bool_]
"""bool [height, width], true on the object."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Pixels with their boxes and their mask. Operations make new ones and change none in place.

    Attributes:
        pixels: uint8 [h, w, 3], upright RGB.
        boxes: float64 [n, 4], left, top, right, bottom in pixel edges of this picture: a box over the whole
            picture is 0, 0, w, h, and the pixel in column 3 reaches from 3 to 4.
        rows: int64 [n], which of the original boxes these are; boxes that were cut away are missing.
        visible: float64 [n], share of the original box that still can be seen, 0..1.
        mask: bool [h, w], true on the object; None where nobody looked for one.
    """

    pixels: Pixels
    boxes: NDArray[np.float64]
    rows: NDArray[np.int64]
    visible: NDArray[np.float64]
    mask: Mask | None = None

    @classmethod
    def of(cls, pixels: Pixels, boxes: Sequence[Box] = (), mask: Mask | None = None) -> Picture:
        """A photo as it was decoded.

        Args:
            pixels: uint8 [h, w, 3], upright RGB.
            boxes: normalised to the photo.
            mask: bool [h, w].

        Raises:
            UsageError: the pixels are no picture, or the mask is none of this one.
        """
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
            raise UsageError(
                "An image as an array is uint8 [height, width, 3] in RGB, not {dtype} {shape}. Convert it first.",
                dtype=pixels.dtype,
                shape=list(pixels.shape),
            )
        if mask is not None and (mask.dtype != np.bool_ or mask.shape != pixels.shape[:2]):
            raise UsageError(
                "The mask of an image of {shape} is bool [height, width], not {dtype} {other}.",
                shape=list(pixels.shape[:2]),
                dtype=mask.dtype,
                other=list(mask.shape),
            )
        height, width = pixels.shape[:2]
        sides = [(box.x, box.y, box.x + box.width, box.y + box.height) for box in boxes]
        edges = np.array(sides, np.float64).reshape(-1, 4) * (width, height, width, height)
        return cls(pixels, edges, np.arange(len(edges)), np.ones(len(edges)), mask)

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[0])

    @property
    def normalised(self) -> tuple[Box, ...]:
        """The boxes, relative to the picture as it is now; `rows` says which ones they are."""
        size = np.array([self.width, self.height, self.width, self.height])
        edges = (self.boxes / size).clip(0.0, 1.0)
        return tuple(Box(x, y, right - x, bottom - y) for x, y, right, bottom in edges.tolist())

    def with_pixels(self, pixels: Pixels) -> Picture:
        """The same picture in other colours: nothing has moved."""
        return replace(self, pixels=pixels)

    def keep_boxes(self, wanted: NDArray[np.bool_]) -> Picture:
        """The same picture with some of its boxes, bool [n]."""
        return replace(self, boxes=self.boxes[wanted], rows=self.rows[wanted], visible=self.visible[wanted])
