"""Photos as nested lists of numbers, as simple programs send them.

1. The shape is [height][width][3], [height][width][1] or [height][width] for one photo; with four axes there are
   several.
2. The range may be said: 1 or 255.
3. Where it is not said, numbers of which none is above 1 and any has a fraction are from 0 to 1.
4. All others are from 0 to 255; fractions are rounded.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taxolens.problems import Refused

LARGEST_SIDE = 16_384


def photos_of(values: Any, largest: int | None = None) -> NDArray[np.uint8]:
    """The photos of a nested list.

    Args:
        values: lists of numbers, in any of the shapes.
        largest: 1 or 255: what white is; None: as the numbers tell.

    Returns:
        uint8 [photos, height, width, 3].

    Raises:
        Refused: no such shape, or values that are no colours.
    """
    if not holds_numbers(values):
        raise _no_pixels()
    try:
        numbers = np.asarray(values)
    except ValueError:  # rows of different lengths
        raise _no_pixels() from None
    if numbers.dtype.kind not in "iuf" or not 2 <= numbers.ndim <= 4 or 0 in numbers.shape:
        raise _no_pixels()
    return _coloured(_bytes(numbers, largest))


def holds_numbers(values: list[Any]) -> bool:
    """Whether a nested list holds numbers alone, and each of its depths either lists or numbers.

    Numpy would give every place of an array the room of the longest text in it: a megabyte of JSON could ask for
    terabytes.
    """
    level = values
    while (kinds := set(map(type, level))) == {list}:
        level = list(chain.from_iterable(level))
    return kinds <= {int, float, bool}


def _bytes(numbers: NDArray[Any], largest: int | None) -> NDArray[np.uint8]:
    low, high = float(numbers.min()), float(numbers.max())
    if not (low >= 0 and high <= 255):  # NaN is neither
        raise Refused(
            422,
            "Colours are numbers from 0 to 1 or from 0 to 255, and these go from {low} to {high}.",
            low=low,
            high=high,
        )
    if largest is None:
        fractions = numbers.dtype.kind == "f" and bool((numbers != np.floor(numbers)).any())
        largest = 1 if high <= 1 and fractions else 255
    if high > largest:
        raise Refused(422, "The range is said to end at 1, and there is a colour of {high}.", high=high)
    return np.rint(numbers * (255 / largest)).astype(np.uint8)


def _coloured(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 [photos, height, width, 3]."""
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.ndim == 3:
        pixels = pixels[None]
    if pixels.shape[3] == 1:
        pixels = np.repeat(pixels, 3, axis=3)
    if pixels.shape[3] != 3 or max(pixels.shape[1:3]) > LARGEST_SIDE:
        raise _no_pixels()
    return np.ascontiguousarray(pixels)


def _no_pixels() -> Refused:
    return Refused(
        422,
        "This list is no photo: it takes rows of pixels of three numbers each, all rows of the same length.",
    )
