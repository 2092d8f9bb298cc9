"""Photos with boxes cut into tiles, so that a detector learns small animals at the size they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from taxolens.core.errors import DataError
from taxolens.data.dataset import Dataset
from taxolens.imaging.operations.picture import Picture, Pixels
from taxolens.imaging.tiling import Tiling, Window
from taxolens.recipes.prepare import PrepareTile


def check_boxed(tile: PrepareTile, dataset: Dataset) -> None:
    """Refuses to cut photos of which only the class is known: not every tile would show it.

    Raises:
        DataError: photos without boxes are to be cut.
    """
    if tile.size is not None and not dataset.boxed:
        raise DataError(
            "--tile cuts photos with boxes, for a detector. The photos of {root} have none, and not every tile of "
            "a photo shows its class. Leave out --tile.",
            root=dataset.root,
        )


def windows_of(tile: PrepareTile, sizes: Sequence[tuple[int, int]]) -> tuple[tuple[Window | None, ...], ...]:
    """The tiles of each photo; None for a photo that stays whole.

    Args:
        sizes: width and height of the upright photos, in pixels.
    """
    if tile.size is None:
        return tuple((None,) for _ in sizes)
    tiling = Tiling(tile.size, tile.overlap)
    cut = (tiling.windows(width, height) for width, height in sizes)
    return tuple(windows if len(windows) > 1 else (None,) for windows in cut)


def cut(picture: Picture, window: Window, *, least: float) -> Picture:
    """One tile of a photo.

    Args:
        least: share of a box that must lie in the tile for the box to be kept there, cut to it.

    Returns:
        The tile; `rows` says which boxes of the photo are left.
    """
    left, top, width, height = window
    low, high = np.zeros(4), np.array((width, height, width, height), np.float64)
    edges = (picture.boxes - (left, top, left, top)).clip(low, high)
    area, seen = (np.prod(each[:, 2:] - each[:, :2], axis=1) for each in (picture.boxes, edges))
    kept = (seen > 0) & (seen >= least * area)
    pixels = cut_pixels(picture.pixels, window)
    return replace(picture, pixels=pixels, boxes=edges, mask=None).keep_boxes(kept)


def cut_pixels(pixels: Pixels, window: Sequence[int]) -> Pixels:
    """The pixels of a tile: left, top, width and height."""
    left, top, width, height = window
    return np.ascontiguousarray(pixels[top : top + height, left : left + width])
