"""The naive floor: a colour histogram and histograms of oriented gradients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.color import rgb2hsv
from skimage.feature import hog


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way of building the floor's features."""

    colours: str  # "hsv" or "rgb"
    cells: int  # cells along one side
    side: int  # photos are resized to side x side for the gradients


def recipes(side: int) -> list[Recipe]:
    """The ways that are tried; validation photos choose among them."""
    return [Recipe(colours, cells, side) for colours in ("hsv", "rgb") for cells in (4, 8)]


def colour_histogram(pixels: NDArray[np.uint8], colours: str) -> NDArray[np.float32]:
    """Square root of an 8x8x8 histogram of shares, [512]."""
    values = rgb2hsv(pixels) if colours == "hsv" else pixels / 255.0
    bins = np.minimum((values.reshape(-1, 3) * 8).astype(int), 7)
    counts = np.bincount(bins @ np.array([64, 8, 1]), minlength=512)
    found: NDArray[np.float32] = np.sqrt(counts / counts.sum()).astype(np.float32)
    return found


def gradients(pixels: NDArray[np.uint8], cells: int) -> NDArray[np.float32]:
    """HOG of 9 orientations with 2x2 blocks over the colour channels' strongest gradient."""
    size = pixels.shape[0] // cells
    found: NDArray[np.float64] = hog(
        pixels, 9, (size, size), (2, 2), channel_axis=2, transform_sqrt=True, block_norm="L2-Hys"
    )
    return found.astype(np.float32)


def describe(photo: Image.Image, recipe: Recipe) -> NDArray[np.float32]:
    """The floor's features of one photo, [512 + HOG]."""
    small = np.asarray(photo.resize((recipe.side, recipe.side), Image.Resampling.BILINEAR))
    return np.concatenate([colour_histogram(small, recipe.colours), gradients(small, recipe.cells)])
