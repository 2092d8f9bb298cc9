"""Further views of a training photo: mirrored, or parts of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from taxolens.recipes.train import Views

WHOLE = "whole"
_KEPT = 0.8
_CORNERS = {
    "centre": (0.5, 0.5),
    "top-left": (0.0, 0.0),
    "top-right": (1.0, 0.0),
    "bottom-left": (0.0, 1.0),
    "bottom-right": (1.0, 1.0),
}


def views_of(views: Views) -> tuple[str, ...]:
    """The names of the views to learn from beside the whole photo."""
    return {Views.NONE: (), Views.FLIP: ("flip",), Views.CROPS: tuple(_CORNERS)}[views]


def seen_as(pixels: NDArray[np.uint8], view: str) -> NDArray[np.uint8]:
    """A view of prepared pixels, uint8 [height, width, 3], same size.

    Crops keep 80 % of both sides and are enlarged to the full size again.
    """
    if view == WHOLE:
        return pixels
    if view == "flip":
        return np.ascontiguousarray(pixels[:, ::-1])
    across, down = _CORNERS[view]
    height, width = pixels.shape[:2]
    left, top = across * (1 - _KEPT) * width, down * (1 - _KEPT) * height
    box = (left, top, left + _KEPT * width, top + _KEPT * height)
    picture = Pillow.fromarray(pixels).resize((width, height), Pillow.Resampling.BILINEAR, box=box)
    return np.asarray(picture)
