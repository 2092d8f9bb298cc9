"""Boxes, in one convention: normalised to the upright image, top left corner first."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in an image.

    Attributes:
        x: left edge, 0..1 of the image's width.
        y: top edge, 0..1 of the image's height.
        width: 0..1 of the image's width.
        height: 0..1 of the image's height.
    """

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        inside = 0 <= self.x <= 1 and 0 <= self.y <= 1 and self.width >= 0 and self.height >= 0
        if not inside or self.x + self.width > 1 + 1e-6 or self.y + self.height > 1 + 1e-6:
            raise ValueError(f"not a normalised box: {self.x, self.y, self.width, self.height}")


WHOLE_IMAGE = Box(0.0, 0.0, 1.0, 1.0)
