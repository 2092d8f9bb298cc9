"""Whitening of one photo by its own mean and spread."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from taxolens.core.texts import noted
from taxolens.imaging.operations.operation import Operation
from taxolens.imaging.operations.parameter import Values, choice
from taxolens.imaging.operations.picture import Picture, Pixels
from taxolens.imaging.operations.table import LEVELS, histograms, mapped

MIDDLE = 127.5
PER_DEVIATION = 42.5
"""Three standard deviations on either side of the mean fill the range from 0 to 255."""
_FLAT = 0.5


def shown(whitened: NDArray[np.float32]) -> Pixels:
    """Numbers of zero mean and unit variance as levels."""
    levels = whitened * np.float32(PER_DEVIATION) + np.float32(MIDDLE)
    np.rint(levels, out=levels)
    return np.clip(levels, 0, 255, out=levels).astype(np.uint8)


def _whiten(picture: Picture, values: Values, generator: Generator) -> Picture:
    counts = histograms(picture.pixels)
    if values["of"] == "photo":
        counts = np.broadcast_to(counts.sum(axis=0), counts.shape)
    total = counts.sum(axis=1, keepdims=True)
    mean = (counts * LEVELS).sum(axis=1, keepdims=True) / total
    variance = (counts * (LEVELS - mean) ** 2).sum(axis=1, keepdims=True) / total
    # the noise of a photo of one colour is not made visible
    deviation = np.maximum(np.sqrt(variance), _FLAT)
    return picture.with_pixels(mapped(picture.pixels, MIDDLE + PER_DEVIATION * (LEVELS - mean) / deviation))


OPERATIONS = (
    Operation(
        "whiten",
        noted(
            "Zero mean and unit variance for each photo; three deviations on either side fill black to white."
        ),
        (
            choice(
                "of",
                "channels",
                ("channels", "photo"),
                noted("Each channel by itself, which takes the tint of the light away, or all together"),
            ),
        ),
        spatial=False,
        run=_whiten,
    ),
)
