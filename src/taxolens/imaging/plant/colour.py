"""Means and spreads of the colours of an object, in three colour spaces."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from taxolens.imaging.operations.picture import Mask, Pixels
from taxolens.imaging.plant.paper import to_lab


@dataclass(frozen=True, slots=True)
class Colour:
    """Mean and standard deviation of each channel.

    Attributes:
        red_mean, green_mean, blue_mean: sRGB, 0..255; `_sd` likewise.
        hue_mean: circular mean in degrees 0..360, of pixels that have a hue; NaN where all are grey.
        hue_sd: circular standard deviation in degrees.
        saturation_mean, value_mean: of HSV, 0..1.
        lightness_mean: L* of CIE L*a*b* under D65, 0..100.
        a_mean, b_mean: green to red and blue to yellow, about -100..100.
    """

    red_mean: float
    red_sd: float
    green_mean: float
    green_sd: float
    blue_mean: float
    blue_sd: float
    hue_mean: float
    hue_sd: float
    saturation_mean: float
    saturation_sd: float
    value_mean: float
    value_sd: float
    lightness_mean: float
    lightness_sd: float
    a_mean: float
    a_sd: float
    b_mean: float
    b_sd: float


def colour_of(pixels: Pixels, mask: Mask) -> Colour | None:
    """The colours inside a mask; None where it is empty.

    Args:
        pixels: uint8 [h, w, 3], upright RGB.
        mask: bool [h, w].
    """
    if not mask.any():
        return None
    inside = pixels[mask][None]
    hsv, lab = to_hsv(inside)[0], to_lab(inside)[0]
    red, green, blue = (_spread(channel) for channel in inside[0].T.astype(np.float64))
    saturation, value = (_spread(channel) for channel in hsv[:, 1:].T)
    lightness, a, b = (_spread(channel) for channel in lab.T)
    hue = _turning(hsv[hsv[:, 1] > 0, 0])
    return Colour(*red, *green, *blue, *hue, *saturation, *value, *lightness, *a, *b)


def to_hsv(pixels: Pixels) -> NDArray[np.float32]:
    """float32 [h, w, 3]: hue 0..360 degrees, saturation and value 0..1."""
    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2HSV))


def _spread(values: NDArray[np.floating]) -> tuple[float, float]:
    return float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))


def _turning(degrees: NDArray[np.float32]) -> tuple[float, float]:
    """Circular mean and standard deviation (Mardia & Jupp 2000)."""
    if not degrees.size:
        return math.nan, math.nan
    pointer = complex(np.exp(1j * np.deg2rad(degrees.astype(np.float64))).mean())
    length = min(1.0, max(1e-12, abs(pointer)))
    return math.degrees(math.atan2(pointer.imag, pointer.real)) % 360, math.degrees(
        math.sqrt(-2 * math.log(length))
    )
