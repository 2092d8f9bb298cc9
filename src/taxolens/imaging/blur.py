"""People made unrecognisable: what is blurred cannot be computed back."""

from __future__ import annotations

from collections.abc import Iterable

from PIL import Image as Pillow

from taxolens.core.geometry import WHOLE_IMAGE, Box

_CELLS = 8
"""What remains of a region: so many averages along its longer side. Faces want more to be known again."""
_MARGIN = 0.08
"""Boxes cut off hands and hair; of the longer side of the box."""


def blurred(picture: Pillow.Image, boxes: Iterable[Box]) -> Pillow.Image:
    """A copy of an upright RGB picture on which regions show a few averages of their colours.

    Args:
        boxes: regions; a margin is added. `WHOLE_IMAGE` blurs everything.
    """
    picture = picture.copy()
    for box in boxes:
        area = _area(box, picture.size)
        width, height = area[2] - area[0], area[3] - area[1]
        cell = max(width, height) / _CELLS
        few = (max(1, round(width / cell)), max(1, round(height / cell)))
        averages = picture.crop(area).resize(few, Pillow.Resampling.BOX)
        picture.paste(averages.resize((width, height), Pillow.Resampling.BICUBIC), area)
    return picture


def _area(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom in pixels; never empty."""
    if box == WHOLE_IMAGE:
        return 0, 0, *size
    left, right = box.x * size[0], (box.x + box.width) * size[0]
    top, bottom = box.y * size[1], (box.y + box.height) * size[1]
    margin = _MARGIN * max(right - left, bottom - top) + 1
    left, top = max(0, int(left - margin)), max(0, int(top - margin))
    right, bottom = min(size[0], int(right + margin) + 1), min(size[1], int(bottom + margin) + 1)
    return int(left), int(top), int(max(right, left + 1)), int(max(bottom, top + 1))
