"""The geometry of a rule: which rectangle of an upright photo goes where, in how many pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.imaging.preprocess import Fit, Preprocess

Size = tuple[int, int]
"""Width and height in pixels."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """How a photo of one size fills the input.

    Attributes:
        resized: width and height of the whole photo after resizing, before anything is cut off or added.
        box: left, top, right, bottom of the part that is used, in pixels of the photo.
        filled: width and height that this part takes in the input.
        offset: left and top of this part in the input; beyond it lies padding.
        canvas: width and height of the input, padding included.
    """

    resized: Size
    box: tuple[float, float, float, float]
    filled: Size
    offset: Size
    canvas: Size

    def on_photo(self, points: NDArray[np.floating], size: Size) -> NDArray[np.float64]:
        """Where points of the input lie on the photo.

        Args:
            points: [..., 2], x and y in shares of the input.
            size: width and height of the photo.

        Returns:
            float64 [..., 2], in shares of the photo; outside 0..1 for points of the padding.
        """
        inside = (np.asarray(points, np.float64) * self.canvas - self.offset) / self.filled
        left, top, right, bottom = self.box
        return (inside * (right - left, bottom - top) + (left, top)) / size

    def on_input(self, points: NDArray[np.floating], size: Size) -> NDArray[np.float64]:
        """Where points of the photo lie in the input; the way back from `on_photo`."""
        left, top, right, bottom = self.box
        inside = (np.asarray(points, np.float64) * size - (left, top)) / (right - left, bottom - top)
        return (inside * self.filled + self.offset) / self.canvas


def fitting(size: Size, rule: Preprocess) -> Fitting:
    """How an upright photo of `size` (width, height) fills the rule's input."""
    if rule.fit is Fit.CROP:
        return _crop(size, rule)
    if rule.fit in (Fit.LETTERBOX, Fit.CORNER):
        return _letterbox(size, rule)
    target = (rule.width, rule.height)
    return Fitting(target, (0.0, 0.0, float(size[0]), float(size[1])), target, (0, 0), target)


def _crop(size: Size, rule: Preprocess) -> Fitting:
    """Resizes the short side, keeps the middle.

    Rounds as torchvision does (`Resize(int)` cuts the long side to a whole pixel, `CenterCrop` rounds
    its offset), so that networks trained there see the same pixels.
    """
    width, height = size
    least_width = int(rule.width / rule.crop_fraction)
    least_height = int(rule.height / rule.crop_fraction)
    if least_width * height >= least_height * width:
        resized = (least_width, max(least_height, int(least_width * height / width)))
    else:
        resized = (max(least_width, int(least_height * width / height)), least_height)
    left = round((resized[0] - rule.width) / 2)
    top = round((resized[1] - rule.height) / 2)
    across, down = width / resized[0], height / resized[1]
    box = (left * across, top * down, (left + rule.width) * across, (top + rule.height) * down)
    inside = (box[0], box[1], min(box[2], float(width)), min(box[3], float(height)))
    target = (rule.width, rule.height)
    return Fitting(resized, inside, target, (0, 0), target)


def _letterbox(size: Size, rule: Preprocess) -> Fitting:
    width, height = size
    scale = min(rule.width / width, rule.height / height)
    filled = (
        min(rule.width, max(1, round(width * scale))),
        min(rule.height, max(1, round(height * scale))),
    )
    canvas = _canvas(filled, rule)
    around = rule.fit is Fit.LETTERBOX
    offset = ((canvas[0] - filled[0]) // 2, (canvas[1] - filled[1]) // 2) if around else (0, 0)
    return Fitting(filled, (0.0, 0.0, float(width), float(height)), filled, offset, canvas)


def _canvas(filled: Size, rule: Preprocess) -> Size:
    """The whole input; where its sides are open, the least multiple that the photo fits in."""
    step = rule.multiple
    if step is None:
        return rule.width, rule.height
    wide, high = (-(-side // step) * step for side in filled)
    return min(wide, max(rule.width, filled[0])), min(high, max(rule.height, filled[1]))
