"""Light and dark: brightness, contrast, histogram equalisation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator

from taxolens.core.texts import noted
from taxolens.imaging.operations.opencv import opencv
from taxolens.imaging.operations.operation import Operation
from taxolens.imaging.operations.parameter import Values, choice, number, whole
from taxolens.imaging.operations.picture import Picture, Pixels
from taxolens.imaging.operations.table import LEVELS, luma_histogram, mapped, mean_luma

_OF = choice(
    "of",
    "lightness",
    ("lightness", "channels"),
    noted("The lightness alone, which keeps the colours, or each of red, green and blue"),
)


def brightened(pixels: Pixels, factor: float) -> Pixels:
    """Each level times a factor."""
    return mapped(pixels, LEVELS * factor)


def contrasted(pixels: Pixels, factor: float) -> Pixels:
    """The distance of each level from the mean lightness times a factor."""
    mean = mean_luma(pixels)
    return mapped(pixels, mean + (LEVELS - mean) * factor)


def spread(pixels: Pixels, percent: float) -> Pixels:
    """Levels spread until so many per cent of the pixels are black, and as many white."""
    reached = np.cumsum(luma_histogram(pixels)) / (pixels.shape[0] * pixels.shape[1])
    low = int(np.searchsorted(reached, percent / 100, side="right"))
    high = int(np.searchsorted(reached, 1 - percent / 100))
    if high <= low:
        return pixels
    return mapped(pixels, (LEVELS - low) * (255 / (high - low)))


def equalized(pixels: Pixels, of: str) -> Pixels:
    """Levels spread until each is about as frequent."""
    return _each(pixels, of, opencv().equalizeHist)


def _each(pixels: Pixels, of: str, change: Callable[[Any], Any]) -> Pixels:
    """Changes the lightness or each channel. Y of YCrCb, so that grey photos stay grey to the level."""
    cv2 = opencv()
    if of == "channels":
        return np.dstack([change(np.ascontiguousarray(pixels[..., channel])) for channel in range(3)])
    planes = cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb)
    planes[..., 0] = change(np.ascontiguousarray(planes[..., 0]))
    return np.asarray(cv2.cvtColor(planes, cv2.COLOR_YCrCb2RGB))


def _brightness(picture: Picture, values: Values, generator: Generator) -> Picture:
    return picture.with_pixels(brightened(picture.pixels, values["factor"]))


def _contrast(picture: Picture, values: Values, generator: Generator) -> Picture:
    return picture.with_pixels(contrasted(picture.pixels, values["factor"]))


def _stretch(picture: Picture, values: Values, generator: Generator) -> Picture:
    return picture.with_pixels(spread(picture.pixels, values["percent"]))


def _equalize(picture: Picture, values: Values, generator: Generator) -> Picture:
    return picture.with_pixels(equalized(picture.pixels, values["of"]))


def _clahe(picture: Picture, values: Values, generator: Generator) -> Picture:
    tiles = (min(values["tiles"], picture.width), min(values["tiles"], picture.height))
    change = opencv().createCLAHE(clipLimit=values["clip"], tileGridSize=tiles).apply
    return picture.with_pixels(_each(picture.pixels, values["of"], change))


OPERATIONS = (
    Operation(
        "brightness",
        noted("Makes the photo brighter or darker."),
        (number("factor", 1.3, 0, 10, noted("Above 1 brighter, below 1 darker")),),
        spatial=False,
        run=_brightness,
    ),
    Operation(
        "contrast",
        noted("Moves light and dark away from the mean lightness, or towards it."),
        (number("factor", 1.5, 0, 10, noted("Above 1 more contrast, below 1 less")),),
        spatial=False,
        run=_contrast,
    ),
    Operation(
        "stretch",
        noted("Spreads light and dark over the whole range from black to white."),
        (
            number(
                "percent",
                0.5,
                0,
                20,
                noted("Share of the pixels, in per cent, that may become black, and white"),
            ),
        ),
        spatial=False,
        run=_stretch,
    ),
    Operation(
        "equalize",
        noted("Histogram equalisation: makes all levels of light about equally frequent."),
        (_OF,),
        spatial=False,
        run=_equalize,
    ),
    Operation(
        "clahe",
        noted(
            "Contrast-limited adaptive histogram equalisation (CLAHE): brings out detail in light and shade."
        ),
        (
            number("clip", 2, 0.1, 40, noted("How much contrast may grow")),
            whole("tiles", 8, 1, 64, noted("Tiles across and down in which it is done")),
            _OF,
        ),
        spatial=False,
        run=_clahe,
    ),
)
