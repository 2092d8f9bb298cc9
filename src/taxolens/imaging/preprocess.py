"""How a photo becomes a model's input: one rule, kept in the model's card, used everywhere.

Training, calibration, evaluation and identification all decode and resize by this rule, so that
they see the same pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Fit(StrEnum):
    """How a photo of any shape fills the input: as it is stretched, cut, or padded around or right and below."""

    SQUASH = "squash"
    CROP = "crop"
    LETTERBOX = "letterbox"
    CORNER = "corner"


class Colours(StrEnum):
    """Order of the channels of a pixel."""

    RGB = "rgb"
    BGR = "bgr"


class Filter(StrEnum):
    """How pixels are averaged when a photo is made smaller (always antialiased)."""

    BILINEAR = "bilinear"
    BICUBIC = "bicubic"


@dataclass(frozen=True, slots=True)
class Preprocess:
    """Decode and resize rule.

    Attributes:
        width: input width in pixels.
        height: input height in pixels.
        fit: squash the whole photo, keep the middle (crop), or pad it with grey 114, around it (letterbox) or
            to the right and below (corner).
        filter: averaging.
        crop_fraction: with `crop`, the share of the resized short side that is kept.
        scaled_decode: JPEGs are decoded at a fraction of their size that is still at least this many
            times the target on both sides; 0 decodes at full size.
        order: channel order of the pixels handed to the graph, "rgb" or "bgr".
        multiple: where it is set, a photo is padded only to the next multiple of it, so that the input has a shape
            of its own, at most `width` x `height`; with letterbox and corner.
    """

    width: int
    height: int
    fit: Fit = Fit.SQUASH
    filter: Filter = Filter.BILINEAR
    crop_fraction: float = 0.875
    scaled_decode: int = 2
    order: str = "rgb"
    multiple: int | None = None

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1 or self.scaled_decode < 0 or not 0 < self.crop_fraction <= 1:
            raise ValueError(f"not a rule that a photo can follow: {self}")
        if self.order not in ("rgb", "bgr"):
            raise ValueError(f"not a channel order: {self.order}")
        if self.multiple is not None and self.multiple < 1:
            raise ValueError(f"not a multiple: {self.multiple}")
