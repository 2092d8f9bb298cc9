"""Further views of a training photo: mirrored, turned, or parts of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from taxolens.recipes.train import Views

WHOLE = "whole"
FLIP = "flip"
_KEPT = 0.8
_CORNERS = {
    "centre": (0.5, 0.5),
    "top-left": (0.0, 0.0),
    "top-right": (1.0, 0.0),
    "bottom-left": (0.0, 1.0),
    "bottom-right": (1.0, 1.0),
}
_TURNED = {
    f"turn-{90 * quarters}{'-flip' if flipped else ''}": (quarters, flipped)
    for quarters in range(1, 4)
    for flipped in (False, True)
}
_VIEWS: dict[Views, tuple[str, ...]] = {
    Views.NONE: (),
    Views.FLIP: (FLIP,),
    Views.TURNS: (FLIP, *_TURNED),
    Views.CROPS: tuple(_CORNERS),
}


def views_of(views: Views) -> tuple[str, ...]:
    """The names of the views to learn from beside the whole photo."""
    return _VIEWS[views]


def seen_as(pixels: NDArray[np.uint8], view: str) -> NDArray[np.uint8]:
    """A view of prepared pixels, uint8 [height, width, 3], same size.

    Crops keep 80 % of both sides and are enlarged to the full size again. Turns are by quarters; where width
    and height differ, a turned photo is squashed into the input as any other.
    """
    if view == WHOLE:
        return pixels
    if view == FLIP:
        return np.ascontiguousarray(pixels[:, ::-1])
    if view in _TURNED:
        return _turned(pixels, *_TURNED[view])
    across, down = _CORNERS[view]
    height, width = pixels.shape[:2]
    left, top = across * (1 - _KEPT) * width, down * (1 - _KEPT) * height
    box = (left, top, left + _KEPT * width, top + _KEPT * height)
    picture = Pillow.fromarray(pixels).resize((width, height), Pillow.Resampling.BILINEAR, box=box)
    return np.asarray(picture)


def _turned(pixels: NDArray[np.uint8], quarters: int, flipped: bool) -> NDArray[np.uint8]:
    turned = np.rot90(pixels[:, ::-1] if flipped else pixels, quarters)
    if turned.shape == pixels.shape:
        return np.ascontiguousarray(turned)
    height, width = pixels.shape[:2]
    picture = Pillow.fromarray(np.ascontiguousarray(turned))
    return np.asarray(picture.resize((width, height), Pillow.Resampling.BILINEAR))
