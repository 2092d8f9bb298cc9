"""Which part of a photo a classifier sees of a box: pure geometry."""

from __future__ import annotations

from dataclasses import dataclass

from taxolens.core.errors import UsageError
from taxolens.core.geometry import Box
from taxolens.imaging.fitting import Size

WIDEST_MARGIN = 5.0


@dataclass(frozen=True, slots=True)
class CropRule:
    """How a box becomes a crop.

    Attributes:
        margin: what is shown around the box on each side, as a share of the box's own sides, 0..5.
        pixels: a crop has at least so many pixels of the photo on each side, as far as the photo has them.
        square: the shorter side grows to the longer one, so that nothing is stretched; else the card's own rule
            fits the box's shape into the classifier's input.
        least: boxes of which the detector is less sure are not classified, 0..1.
    """

    margin: float = 0.1
    pixels: int = 32
    square: bool = True
    least: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.margin <= WIDEST_MARGIN:
            raise UsageError(
                "A margin of {margin} around boxes cannot be. Give a share from 0 to {most}.",
                margin=self.margin,
                most=WIDEST_MARGIN,
            )
        if self.pixels < 1:
            raise UsageError(
                "Crops of at least {pixels} pixels cannot be. Give 1 or more.", pixels=self.pixels
            )
        if not 0 <= self.least <= 1:
            raise UsageError(
                "Boxes cannot be classified from a score of {least} on. Give one from 0 to 1.",
                least=self.least,
            )


def region(box: Box, size: Size, rule: CropRule) -> Box:
    """The part of a photo that is cut out for a box: it holds the box, and lies in the photo.

    What would stick out is moved into the photo, not cut off, as far as the photo is large enough.

    Args:
        box: in shares of the upright photo.
        size: width and height of the photo in pixels.
    """
    wide = box.width * size[0] * (1 + 2 * rule.margin)
    high = box.height * size[1] * (1 + 2 * rule.margin)
    if rule.square:
        wide = high = max(wide, high)
    left, across = _span(box.x, box.width, max(wide, rule.pixels) / size[0])
    top, down = _span(box.y, box.height, max(high, rule.pixels) / size[1])
    return Box(left, top, across, down)


def _span(begin: float, length: float, wanted: float) -> tuple[float, float]:
    """Begin and length of a longer piece of 0..1 that holds a shorter one, with this in its middle where it can be."""
    length = min(length, 1.0 - begin)
    wanted = min(max(wanted, length), 1.0)
    first = min(max(begin + length / 2 - wanted / 2, 0.0), 1.0 - wanted)
    # Rounding must cut nothing off.
    first = min(first, begin)
    return first, min(max(wanted, begin + length - first), 1.0 - first)
