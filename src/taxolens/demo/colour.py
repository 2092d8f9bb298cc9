"""Colours: written as sRGB bytes, reckoned with as linear light."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Rgb = tuple[int, int, int]
"""An sRGB colour as bytes 0..255."""

_STEPS = 4096


@cache
def decoding_table() -> NDArray[np.float32]:
    """Linear light of each sRGB byte, float32 [256], 0..1 (IEC 61966-2-1)."""
    s = np.arange(256) / 255.0
    return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4).astype(np.float32)


@cache
def encoding_table() -> NDArray[np.float32]:
    """sRGB value 0..255 (not rounded) of linear light in steps of 1/4095, float32 [4096]."""
    light = np.arange(_STEPS) / (_STEPS - 1)
    s = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return (255.0 * s).astype(np.float32)


def linear(colour: Rgb) -> NDArray[np.float32]:
    """Linear light of an sRGB colour, float32 [3]."""
    return decoding_table()[np.asarray(colour, dtype=np.uint8)]


def encode(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """sRGB values 0..255, not rounded, of linear light; what is over 1 is clipped."""
    steps = (light * np.float32(_STEPS - 1)).clip(0, _STEPS - 1).astype(np.int16)
    return encoding_table().take(steps)


def decode(values: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Linear light [h, w, 3] of sRGB bytes [h, w, 3], laid out colour by colour.

    All colour fields here are laid out so: numpy is several times quicker on long rows than on triples.
    """
    return np.moveaxis(decoding_table().take(np.moveaxis(values, -1, 0)), 0, -1)


def blend(
    first: NDArray[np.float32], second: NDArray[np.float32], weight: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Mixes colours by `weight` [h, w], 0 = all of the first; laid out colour by colour.

    Args:
        first: colours [h, w, 3] or one colour [3].
        second: colours [h, w, 3] or one colour [3].
    """
    mixed = np.empty((3, *weight.shape), dtype=np.float32)
    for channel in range(3):
        start = first[..., channel]
        np.multiply(second[..., channel] - start, weight, out=mixed[channel])
        mixed[channel] += start
    return np.moveaxis(mixed, 0, -1)
