"""Random changes of light, colour and sharpness; nothing moves, but cut-outs hide what lies under them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from taxolens.core.texts import noted
from taxolens.imaging.operations.colour import recoloured
from taxolens.imaging.operations.geometry import MIN_VISIBLE
from taxolens.imaging.operations.opencv import opencv
from taxolens.imaging.operations.operation import Operation
from taxolens.imaging.operations.parameter import Values, whole
from taxolens.imaging.operations.picture import Picture, Pixels
from taxolens.imaging.operations.sharpness import blurred
from taxolens.imaging.operations.strength import strength
from taxolens.imaging.operations.tone import brightened, contrasted

# At full strength
_MOST_FACTOR = 2.0
# Colours tell species and diseases apart: they change less than the light
_MOST_SATURATION = 1.7
_MOST_HUE = 12.0
_MOST_BLUR = 0.012
_MOST_NOISE = 40.0
_MOST_HOLE = 0.6
# Grain that is still there when a network sees the photo at its own, smaller size
_GRAINS = 512


def _factor(most: float, strength: float, generator: Generator) -> float:
    """Up as often as down: from 1 / most to most at full strength."""
    return float(most ** (generator.uniform(-1, 1) * strength))


def _random_brightness(picture: Picture, values: Values, generator: Generator) -> Picture:
    return picture.with_pixels(
        brightened(picture.pixels, _factor(_MOST_FACTOR, values["strength"], generator))
    )


def _random_contrast(picture: Picture, values: Values, generator: Generator) -> Picture:
    return picture.with_pixels(
        contrasted(picture.pixels, _factor(_MOST_FACTOR, values["strength"], generator))
    )


def _random_colour(picture: Picture, values: Values, generator: Generator) -> Picture:
    saturation = _factor(_MOST_SATURATION, values["strength"], generator)
    degrees = generator.uniform(-1, 1) * _MOST_HUE * values["strength"]
    return picture.with_pixels(recoloured(picture.pixels, saturation, degrees))


def _random_blur(picture: Picture, values: Values, generator: Generator) -> Picture:
    """In shares of the short side, as networks see photos of any size at one size."""
    short = min(picture.width, picture.height)
    sigma = generator.uniform(0, 1) * _MOST_BLUR * values["strength"] * short
    return picture if sigma < 0.1 else picture.with_pixels(blurred(picture.pixels, sigma))


def _random_noise(picture: Picture, values: Values, generator: Generator) -> Picture:
    deviation = generator.uniform(0, 1) * _MOST_NOISE * values["strength"]
    grain = max(1, round(max(picture.width, picture.height) / _GRAINS))
    rows, columns = -(-picture.height // grain), -(-picture.width // grain)
    noise = generator.standard_normal((rows, columns), np.float32) * np.float32(deviation)
    return picture.with_pixels(_noisy(picture.pixels, noise))


def _noisy(pixels: Pixels, noise: NDArray[np.float32]) -> Pixels:
    """Adds noise [rows, columns] to all channels alike, each number over as many pixels as it takes."""
    cv2 = opencv()
    height, width = pixels.shape[:2]
    fine = noise
    if noise.shape != (height, width):
        fine = cv2.resize(noise, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.add(pixels, cv2.cvtColor(fine, cv2.COLOR_GRAY2BGR), dtype=cv2.CV_8U))


def _random_cutout(picture: Picture, values: Values, generator: Generator) -> Picture:
    """Squares of the mean colour (DeVries & Taylor 2017)."""
    covered = np.zeros(picture.pixels.shape[:2], np.bool_)
    for _ in range(values["holes"]):
        share = generator.uniform(0.5, 1) * _MOST_HOLE * values["strength"] / np.sqrt(values["holes"])
        half = share * min(picture.width, picture.height) / 2
        column, row = generator.uniform(size=2) * (picture.width, picture.height)
        across = slice(max(0, round(column - half)), max(0, round(column + half)))
        covered[max(0, round(row - half)) : max(0, round(row + half)), across] = True
    return _without(picture, covered)


def _without(picture: Picture, covered: NDArray[np.bool_]) -> Picture:
    """The picture with pixels [h, w] covered; boxes of which too little is left to see are dropped."""
    pixels = picture.pixels.copy()
    pixels[covered] = np.rint(picture.pixels[::8, ::8].mean(axis=(0, 1)))
    mask = None if picture.mask is None else picture.mask & ~covered
    hidden = np.array([_share(covered, box) for box in picture.boxes])
    after = replace(picture, pixels=pixels, mask=mask, visible=picture.visible * (1 - hidden))
    return after.keep_boxes(after.visible >= MIN_VISIBLE)


def _share(covered: NDArray[np.bool_], box: NDArray[np.float64]) -> float:
    """Which share of a box is covered, counted in the pixels that it touches."""
    left, top = np.floor(box[:2]).astype(int)
    right, bottom = np.ceil(box[2:]).astype(int)
    part = covered[top:bottom, left:right]
    return float(part.mean()) if part.size else 0.0


OPERATIONS = (
    Operation(
        "random-blur",
        noted("Gaussian blur of a random width."),
        (strength(),),
        spatial=False,
        run=_random_blur,
        random=True,
    ),
    Operation(
        "random-brightness",
        noted("Makes the photo brighter or darker, at full strength by up to a factor of 2."),
        (strength(),),
        spatial=False,
        run=_random_brightness,
        random=True,
    ),
    Operation(
        "random-contrast",
        noted("More or less contrast, at full strength by up to a factor of 2."),
        (strength(),),
        spatial=False,
        run=_random_contrast,
        random=True,
    ),
    Operation(
        "random-colour",
        noted("Stronger or weaker colours, and a shift of the hue; grey photos stay grey."),
        (strength(),),
        spatial=False,
        run=_random_colour,
        random=True,
    ),
    Operation(
        "random-noise",
        noted("Adds the grain of a sensor in poor light."),
        (strength(),),
        spatial=False,
        run=_random_noise,
        random=True,
    ),
    Operation(
        "random-cutout",
        noted("Covers random squares with the mean colour."),
        (strength(), whole("holes", 1, 1, 16, noted("How many squares"))),
        spatial=False,
        run=_random_cutout,
        random=True,
    ),
)
