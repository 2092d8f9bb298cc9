"""The cells over which a network's heads look for things: coarser ones for larger things."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

STRIDES = ((8, 16, 32), (8, 16, 32, 64), (4, 8, 16, 32), (16, 32))
"""Sides of cells in pixels of the input, as networks in use have them."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one size of input, finest first, row by row.

    Attributes:
        corners: float32 [cells, 2], x and y of the top left corner of each, in cells.
        strides: float32 [cells, 1], side of each in pixels.
    """

    corners: NDArray[np.float32]
    strides: NDArray[np.float32]


def cells(width: int, height: int, strides: tuple[int, ...]) -> int:
    """How many cells an input has."""
    return sum(-(-width // stride) * -(-height // stride) for stride in strides)


def strides_for(count: int, width: int, height: int) -> tuple[int, ...] | None:
    """The sides of cells that give an input so many of them; None where none do."""
    return next((strides for strides in STRIDES if cells(width, height, strides) == count), None)


@lru_cache(maxsize=64)
def grid(width: int, height: int, strides: tuple[int, ...]) -> Grid:
    """The cells of an input."""
    corners, sides = [], []
    for stride in strides:
        down, across = np.mgrid[0 : -(-height // stride), 0 : -(-width // stride)]
        corners.append(np.stack([across.ravel(), down.ravel()], axis=1))
        sides.append(np.full((across.size, 1), stride))
    return Grid(
        np.concatenate(corners).astype(np.float32, copy=False), np.concatenate(sides).astype(np.float32)
    )
