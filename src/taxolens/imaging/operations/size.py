"""Other sizes: resize and letterbox."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.random import Generator
from PIL import Image as Pillow

from taxolens.core.texts import noted
from taxolens.imaging.fitting import Size, fitting
from taxolens.imaging.operations.geometry import moved
from taxolens.imaging.operations.operation import Operation
from taxolens.imaging.operations.parameter import Values, choice, colour, whole
from taxolens.imaging.operations.picture import Picture
from taxolens.imaging.preprocess import Fit, Preprocess

LONGEST = 8192
_FILTERS: Mapping[str, Pillow.Resampling] = MappingProxyType(
    {
        "bilinear": Pillow.Resampling.BILINEAR,
        "bicubic": Pillow.Resampling.BICUBIC,
        "lanczos": Pillow.Resampling.LANCZOS,
        "nearest": Pillow.Resampling.NEAREST,
    }
)
_FILTER = choice("filter", "bicubic", tuple(_FILTERS), noted("How pixels are averaged"))


def resized(picture: Picture, size: Size, filter: str = "bicubic") -> Picture:
    """The whole picture in another size, as Pillow resizes: by edges, antialiased."""
    across, down = size[0] / picture.width, size[1] / picture.height
    pixels = np.array(Pillow.fromarray(picture.pixels).resize(size, _FILTERS[filter]))
    mask = None
    if picture.mask is not None:
        mask = (
            np.asarray(Pillow.fromarray(picture.mask).convert("L").resize(size, Pillow.Resampling.BILINEAR))
            > 127
        )
    return moved(picture, pixels, mask, lambda points: points * (across, down))


def _resize(picture: Picture, values: Values, generator: Generator) -> Picture:
    width, height = values["width"], values["height"]
    if not width and not height:
        return picture
    # a thin strip keeps a size that memory can hold
    width = width or min(LONGEST, max(1, round(picture.width * height / picture.height)))
    height = height or min(LONGEST, max(1, round(picture.height * width / picture.width)))
    return resized(picture, (width, height), values["filter"])


def _letterbox(picture: Picture, values: Values, generator: Generator) -> Picture:
    size = (values["width"], values["height"])
    fit = fitting((picture.width, picture.height), Preprocess(*size, Fit.LETTERBOX))
    small = resized(picture, fit.filled, values["filter"])
    left, top = fit.offset
    inside = (slice(top, top + fit.filled[1]), slice(left, left + fit.filled[0]))
    pixels = np.full((size[1], size[0], 3), values["colour"], np.uint8)
    pixels[inside] = small.pixels
    mask = None
    if small.mask is not None:
        mask = np.zeros(pixels.shape[:2], np.bool_)
        mask[inside] = small.mask
    return moved(small, pixels, mask, lambda points: points + fit.offset)


OPERATIONS = (
    Operation(
        "resize",
        noted("Another size; the aspect is kept where one side is 0."),
        (
            whole("width", 256, 0, LONGEST, noted("Width in pixels; 0 follows the height")),
            whole("height", 0, 0, LONGEST, noted("Height in pixels; 0 follows the width")),
            _FILTER,
        ),
        spatial=True,
        run=_resize,
    ),
    Operation(
        "letterbox",
        noted("Fits the whole photo into a size and pads what is left."),
        (
            whole("width", 256, 1, LONGEST, noted("Width in pixels")),
            whole("height", 256, 1, LONGEST, noted("Height in pixels")),
            colour("colour", (114, 114, 114), noted("Colour of the padding")),
            _FILTER,
        ),
        spatial=True,
        run=_letterbox,
    ),
)
