"""Soft and sharp."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from taxolens.core.texts import noted
from taxolens.imaging.operations.opencv import opencv
from taxolens.imaging.operations.operation import Operation
from taxolens.imaging.operations.parameter import Values, number
from taxolens.imaging.operations.picture import Picture, Pixels

# A wider blur looks the same when it is done on a smaller photo, in a fraction of the time
_WIDEST = 6.0


def blurred(pixels: Pixels, sigma: float) -> Pixels:
    """Gaussian blur; sigma in pixels."""
    cv2 = opencv()
    height, width = pixels.shape[:2]
    less = sigma / _WIDEST
    small = (round(width / less), round(height / less)) if less >= 2 else (0, 0)
    if min(small) < 1:
        return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma, borderType=cv2.BORDER_REFLECT))
    reduced = cv2.resize(pixels, small, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(reduced, (0, 0), _WIDEST, borderType=cv2.BORDER_REFLECT)
    return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR))


def sharpened(pixels: Pixels, amount: float, sigma: float) -> Pixels:
    """Unsharp mask: adds so much of what a blur takes away."""
    soft = blurred(pixels, sigma)
    return np.asarray(opencv().addWeighted(pixels, 1 + amount, soft, -amount, 0))


def softened(pixels: Pixels) -> Pixels:
    """Each pixel the mean of its neighbourhood, in which it counts five times (Pillow's SMOOTH)."""
    kernel = np.ones((3, 3), np.float32)
    kernel[1, 1] = 5
    cv2 = opencv()
    return np.asarray(cv2.filter2D(pixels, -1, kernel / 13, borderType=cv2.BORDER_REFLECT))


def _blur(picture: Picture, values: Values, generator: Generator) -> Picture:
    return picture.with_pixels(blurred(picture.pixels, values["sigma"]))


def _sharpen(picture: Picture, values: Values, generator: Generator) -> Picture:
    return picture.with_pixels(sharpened(picture.pixels, values["amount"], values["sigma"]))


OPERATIONS = (
    Operation(
        "blur",
        noted("Gaussian blur."),
        (number("sigma", 2, 0.1, 100, noted("Width in pixels")),),
        spatial=False,
        run=_blur,
    ),
    Operation(
        "sharpen",
        noted("Sharpens edges (unsharp mask)."),
        (
            number("amount", 1, 0, 10, noted("How much of the detail is added")),
            number("sigma", 1.5, 0.1, 100, noted("Width of the detail in pixels")),
        ),
        spatial=False,
        run=_sharpen,
    ),
)
