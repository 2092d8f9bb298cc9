"""Colours: grey, saturation, one channel of a colour space."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image as Pillow

from taxolens.core.texts import noted
from taxolens.imaging.operations.opencv import opencv
from taxolens.imaging.operations.operation import Operation
from taxolens.imaging.operations.parameter import Values, choice, number
from taxolens.imaging.operations.picture import Picture, Pixels

# Colour space (OpenCV's conversion; none: RGB as it is) and plane
_CHANNELS: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "red": ("", 0),
        "green": ("", 1),
        "blue": ("", 2),
        "hue": ("COLOR_RGB2HSV_FULL", 0),
        "saturation": ("COLOR_RGB2HSV_FULL", 1),
        "value": ("COLOR_RGB2HSV_FULL", 2),
        "lightness": ("COLOR_RGB2LAB", 0),
        "a": ("COLOR_RGB2LAB", 1),
        "b": ("COLOR_RGB2LAB", 2),
    }
)
# ITU-R BT.601; its YIQ planes, in which a turn of I and Q is a turn of the hue
_LUMA = np.array([0.299, 0.587, 0.114])
_YIQ = np.array([_LUMA, (0.595716, -0.274453, -0.321263), (0.211456, -0.522591, 0.311135)])


def in_grey(pixels: Pixels) -> Pixels:
    """Lightness (ITU-R BT.601) in all three channels."""
    return np.array(Pillow.fromarray(pixels).convert("L").convert("RGB"))


def recoloured(pixels: Pixels, saturation: float, degrees: float = 0.0) -> Pixels:
    """Colours by so much stronger, the hue turned; grey stays grey and the lightness stays."""
    cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    turn = np.eye(3)
    turn[1:, 1:] = saturation * np.array([[cosine, -sine], [sine, cosine]])
    matrix: NDArray[np.float64] = np.linalg.inv(_YIQ) @ turn @ _YIQ
    return np.asarray(opencv().transform(pixels, matrix))


def _grey(picture: Picture, values: Values, generator: Generator) -> Picture:
    return picture.with_pixels(in_grey(picture.pixels))


def _saturation(picture: Picture, values: Values, generator: Generator) -> Picture:
    return picture.with_pixels(recoloured(picture.pixels, values["factor"]))


def _channel(picture: Picture, values: Values, generator: Generator) -> Picture:
    space, plane = _CHANNELS[values["of"]]
    pixels = picture.pixels
    if space:
        cv2 = opencv()
        pixels = cv2.cvtColor(pixels, getattr(cv2, space))
    return picture.with_pixels(np.repeat(pixels[..., plane, None], 3, axis=2))


OPERATIONS = (
    Operation("grey", noted("Shades of grey."), (), spatial=False, run=_grey),
    Operation(
        "saturation",
        noted("Makes colours stronger or weaker."),
        (number("factor", 1.5, 0, 10, noted("Above 1 stronger, below 1 weaker, 0 grey")),),
        spatial=False,
        run=_saturation,
    ),
    Operation(
        "channel",
        noted("One channel of RGB, HSV or L*a*b*, in shades of grey."),
        (choice("of", "green", tuple(_CHANNELS), noted("Which channel")),),
        spatial=False,
        run=_channel,
    ),
)
