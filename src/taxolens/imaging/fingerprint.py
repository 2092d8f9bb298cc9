"""Perceptual hashes: 64 bits that stay nearly the same when a photo is saved anew, resized or brightened.

Two hashes are compared by the number of bits in which they differ (Hamming distance). Neither sees through
turning, mirroring or cropping by more than a few percent, and neither says anything of a picture that is
almost one colour: its bits are noise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PHASH_SIDE = 32
"""Side of the grey picture that `phash` looks at."""

DHASH_SIZE = (9, 8)
"""Width and height of the grey picture that `dhash` looks at."""

_FREQUENCIES = 9  # the constant one, which is the brightness, and the eight after it


def phash(luma: NDArray[np.floating]) -> int:
    """Whether each of the lowest frequencies is stronger than most of them.

    The discrete cosine transform of the picture, its 8 x 8 lowest frequencies without the constant row and
    column, each against their median.

    Args:
        luma: [32, 32], any scale.

    Returns:
        64 bits.

    Source: Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions", 3.2.1.
    """
    low = (_COSINES @ luma @ _COSINES.T)[1:, 1:].ravel()
    return _bits(low > np.median(low))


def dhash(luma: NDArray[np.floating]) -> int:
    """Whether each place is darker than its right neighbour.

    Args:
        luma: [8, 9], any scale.

    Returns:
        64 bits.

    Source: Krawetz 2013, "Kind of Like That" (hackerfactor.com), dHash.
    """
    return _bits((luma[:, 1:] > luma[:, :-1]).ravel())


def _bits(flags: NDArray[np.bool_]) -> int:
    return int(np.packbits(flags, bitorder="little").view(np.uint64)[0])


def _cosines(frequencies: int, side: int) -> NDArray[np.float32]:
    """float32 [frequencies, side]: the first rows of the transform called DCT-II."""
    k, n = np.mgrid[0:frequencies, 0:side]
    cosines: NDArray[np.float32] = np.cos(np.pi * k * (2 * n + 1) / (2 * side)).astype(np.float32)
    return cosines


_COSINES = _cosines(_FREQUENCIES, PHASH_SIDE)
