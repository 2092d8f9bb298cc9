"""The geometry of a rule: which rectangle of an upright photo goes where, in how many pixels."""

from __future__ import annotations

from dataclasses import dataclass

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
    """

    resized: Size
    box: tuple[float, float, float, float]
    filled: Size
    offset: Size


def fitting(size: Size, rule: Preprocess) -> Fitting:
    """How an upright photo of `size` (width, height) fills the rule's input."""
    if rule.fit is Fit.CROP:
        return _crop(size, rule)
    if rule.fit is Fit.LETTERBOX:
        return _letterbox(size, rule)
    target = (rule.width, rule.height)
    return Fitting(target, (0.0, 0.0, float(size[0]), float(size[1])), target, (0, 0))


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
    return Fitting(resized, inside, (rule.width, rule.height), (0, 0))


def _letterbox(size: Size, rule: Preprocess) -> Fitting:
    width, height = size
    scale = min(rule.width / width, rule.height / height)
    filled = (
        min(rule.width, max(1, round(width * scale))),
        min(rule.height, max(1, round(height * scale))),
    )
    offset = ((rule.width - filled[0]) // 2, (rule.height - filled[1]) // 2)
    return Fitting(filled, (0.0, 0.0, float(width), float(height)), filled, offset)
