"""One photo that is looked at several times: decoded once, and once more only where a crop wants more pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from taxolens.core.geometry import Box
from taxolens.imaging.container import DEFAULT_MEGAPIXELS, Source, opened
from taxolens.imaging.decode import (
    Fitted,
    decode_scaled,
    fit_picture,
    scaled_by,
    upright_rgb,
    upright_size,
)
from taxolens.imaging.fitting import Size, fitting
from taxolens.imaging.preprocess import Preprocess

_Wanted = Callable[[Size], Size]
"""What a photo of a size (upright) is to be resized to."""


class Photograph:
    """A photo as several models are to see it, whole or in part. For one thread.

    A JPEG is decoded at a fraction of its size that leaves each rule its pixels. The first look decides how large;
    later ones use the same pixels, or decode anew where these are too few.

    Args:
        source: a file, its bytes, or uint8 [height, width, 3], upright RGB.
        max_megapixels: announced pixels above which nothing is decoded.
    """

    def __init__(
        self, source: Source | NDArray[np.uint8], *, max_megapixels: float = DEFAULT_MEGAPIXELS
    ) -> None:
        self._source = source
        self._most = max_megapixels
        self._decoded: _Decoded | None = None

    def fitted(self, rule: Preprocess) -> Fitted:
        """The whole photo by a rule; as the first look, bit by bit what `decode_fitted` gives.

        Raises:
            ImageError: the photo cannot be read.
        """
        decoded = self._with(lambda size: fitting(size, rule).resized, rule.scaled_decode)
        return fit_picture(decoded.picture, rule)

    def picture(self) -> Pillow.Image:
        """The whole photo in all its pixels, upright RGB.

        Raises:
            ImageError: the photo cannot be read.
        """
        return self._with(lambda size: size, 0).picture

    def size(self) -> Size:
        """Width and height in pixels, upright, whatever was decoded of it.

        Raises:
            ImageError: the photo cannot be read.
        """
        return (self._decoded or self._with(lambda size: size, 1)).size

    def crops(self, parts: Sequence[Box], rule: Preprocess) -> Iterator[NDArray[np.uint8]]:
        """Parts of the photo by a rule, as if each were a photo of its own, one at a time: there may be thousands.

        Args:
            parts: in shares of the photo.

        Returns:
            uint8 [rule.height, rule.width, 3] for each.

        Raises:
            ImageError: the photo cannot be read.
        """
        if not parts:
            return iter(())
        picture = self._with(lambda size: _whole_for(parts, size, rule), rule.scaled_decode).picture
        return (fit_picture(picture.crop(_edges(part, picture.size)), rule).pixels for part in parts)

    def _with(self, wanted: _Wanted, times: int) -> _Decoded:
        """The photo with at least `times` the pixels that are wanted of it whole; 0: all of them."""
        if self._decoded is None or self._decoded.scale > scaled_by(
            self._decoded.size, wanted(self._decoded.size), times
        ):
            self._decoded = _decoded(self._source, wanted, times, self._most)
        return self._decoded


@dataclass(frozen=True, slots=True)
class _Decoded:
    """Pixels, by which fraction 1/n they were made fewer, and the size of the whole."""

    picture: Pillow.Image
    scale: int
    size: Size


def _decoded(
    source: Source | NDArray[np.uint8], wanted: _Wanted, times: int, max_megapixels: float
) -> _Decoded:
    if isinstance(source, np.ndarray):
        picture = Pillow.fromarray(source)
        return _Decoded(picture, 1, picture.size)
    with opened(source, max_megapixels=max_megapixels) as image:
        size = upright_size(image)
        scale = decode_scaled(image, wanted(size), times)
        picture = upright_rgb(image)
    return _Decoded(picture, scale, size if scale > 1 else picture.size)


def scale_for(part: Box, size: Size, rule: Preprocess) -> int:
    """Largest fraction 1/n of a JPEG's pixels that leaves a part of it, in shares, the pixels that a rule asks for."""
    return scaled_by(size, _whole_for([part], size, rule), rule.scaled_decode)


def _whole_for(parts: Sequence[Box], size: Size, rule: Preprocess) -> Size:
    """The size of a whole photo whose parts have the pixels that a rule asks for."""
    wide = high = 1.0
    for part in parts:
        left, top, right, bottom = _edges(part, size)
        resized = fitting((right - left, bottom - top), rule).resized
        wide = max(wide, resized[0] * size[0] / (right - left))
        high = max(high, resized[1] * size[1] / (bottom - top))
    return ceil(wide), ceil(high)


def _edges(part: Box, size: Size) -> tuple[int, int, int, int]:
    """Left, top, right and bottom in whole pixels, at least one each way."""
    left, top = min(floor(part.x * size[0]), size[0] - 1), min(floor(part.y * size[1]), size[1] - 1)
    right, bottom = ceil((part.x + part.width) * size[0]), ceil((part.y + part.height) * size[1])
    return left, top, min(max(right, left + 1), size[0]), min(max(bottom, top + 1), size[1])
