"""Look-up tables: what becomes of each of the 256 levels of a channel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from taxolens.imaging.operations.picture import Pixels

LEVELS = np.arange(256, dtype=np.float64)


def mapped(pixels: Pixels, levels: NDArray[np.float64]) -> Pixels:
    """Pixels after a table [256] for all channels, or [3, 256] for each its own; rounded and cut to 0..255."""
    table = np.rint(levels).clip(0, 255).astype(np.uint8)
    whole = np.broadcast_to(table, (3, 256)).ravel().tolist()
    return np.array(Pillow.fromarray(pixels).point(whole))


def histograms(pixels: Pixels) -> NDArray[np.int64]:
    """int64 [3, 256], how many pixels of each channel have each level."""
    return np.array(Pillow.fromarray(pixels).histogram(), np.int64).reshape(3, 256)


def luma_histogram(pixels: Pixels) -> NDArray[np.int64]:
    """int64 [256], of the lightness (ITU-R BT.601)."""
    return np.array(Pillow.fromarray(pixels).convert("L").histogram(), np.int64)


def mean_luma(pixels: Pixels) -> float:
    """0..255."""
    counts = luma_histogram(pixels)
    return float(counts @ LEVELS / counts.sum())
