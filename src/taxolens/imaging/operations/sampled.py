"""The fourteen changes from which RandAugment and TrivialAugment draw, in the ranges of the two papers.

Cubuk et al. 2020 (arXiv 1909.13719) and Müller & Hutter 2021 (arXiv 2103.10158, the "wide" space).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from taxolens.imaging.operations.augment_place import sheared
from taxolens.imaging.operations.colour import recoloured
from taxolens.imaging.operations.opencv import opencv
from taxolens.imaging.operations.picture import Picture, Pixels
from taxolens.imaging.operations.sharpness import softened
from taxolens.imaging.operations.table import LEVELS, mapped
from taxolens.imaging.operations.tone import brightened, contrasted, equalized, spread
from taxolens.imaging.operations.warp import about_middle, shift, turn, warp


@dataclass(frozen=True, slots=True)
class Space:
    """How far each change goes at full magnitude.

    Attributes:
        shear: pixels sideways per pixel.
        move: share of the side.
        degrees: of rotation.
        factor: by which 1 is raised or lowered (brightness, contrast, colour, sharpness).
        bits: of each level that are taken away (posterize).
    """

    shear: float
    move: float
    degrees: float
    factor: float
    bits: int


RANDAUGMENT = Space(shear=0.3, move=150 / 331, degrees=30.0, factor=0.9, bits=4)
TRIVIALAUGMENT = Space(shear=0.99, move=32 / 224, degrees=135.0, factor=0.99, bits=6)

Change = Callable[[Picture, float, Space], Picture]
"""A picture changed; the magnitude is -1..1, and its sign counts only where a change has two directions."""


def _looking(change: Callable[[Pixels, float, Space], Pixels]) -> Change:
    """A change of pixels as one of pictures."""

    def run(picture: Picture, magnitude: float, space: Space) -> Picture:
        return picture.with_pixels(change(picture.pixels, magnitude, space))

    return run


def _rotate(picture: Picture, magnitude: float, space: Space) -> Picture:
    matrix = about_middle(turn(magnitude * space.degrees), picture)
    return warp(picture, matrix, (picture.width, picture.height))


def _translate(picture: Picture, across: float, down: float) -> Picture:
    return warp(
        picture, shift(across * picture.width, down * picture.height), (picture.width, picture.height)
    )


def _posterize(pixels: Pixels, magnitude: float, space: Space) -> Pixels:
    step = 2 ** round(abs(magnitude) * space.bits)
    return mapped(pixels, LEVELS // step * step)


def _solarize(pixels: Pixels, magnitude: float, space: Space) -> Pixels:
    """Levels from a threshold on are turned into their negative."""
    threshold = max(1.0, 255 * (1 - abs(magnitude)))
    return mapped(pixels, np.where(threshold <= LEVELS, 255 - LEVELS, LEVELS))


def _sharpness(pixels: Pixels, magnitude: float, space: Space) -> Pixels:
    amount = magnitude * space.factor
    return np.asarray(opencv().addWeighted(pixels, 1 + amount, softened(pixels), -amount, 0))


# Autocontrast spreads all channels alike, so that it changes no hue
CHANGES: Mapping[str, Change] = MappingProxyType(
    {
        "identity": lambda picture, magnitude, space: picture,
        "autocontrast": _looking(lambda pixels, magnitude, space: spread(pixels, 0.0)),
        "equalize": _looking(lambda pixels, magnitude, space: equalized(pixels, "channels")),
        "rotate": _rotate,
        "solarize": _looking(_solarize),
        "colour": _looking(lambda pixels, magnitude, space: recoloured(pixels, 1 + magnitude * space.factor)),
        "posterize": _looking(_posterize),
        "contrast": _looking(
            lambda pixels, magnitude, space: contrasted(pixels, 1 + magnitude * space.factor)
        ),
        "brightness": _looking(
            lambda pixels, magnitude, space: brightened(pixels, 1 + magnitude * space.factor)
        ),
        "sharpness": _looking(_sharpness),
        "shear-x": lambda picture, magnitude, space: sheared(picture, magnitude * space.shear, 0),
        "shear-y": lambda picture, magnitude, space: sheared(picture, 0, magnitude * space.shear),
        "translate-x": lambda picture, magnitude, space: _translate(picture, magnitude * space.move, 0),
        "translate-y": lambda picture, magnitude, space: _translate(picture, 0, magnitude * space.move),
    }
)
NAMES = tuple(CHANGES)
