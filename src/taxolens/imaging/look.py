"""What one photo looks like, in a few numbers from one small decode."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from taxolens.imaging.container import DEFAULT_MEGAPIXELS, Source, opened
from taxolens.imaging.decode import upright_rgb, upright_size
from taxolens.imaging.fingerprint import DHASH_SIZE, PHASH_SIDE, dhash, phash

SCALE = 256
"""Shorter side in pixels at which photos are measured; smaller ones are measured as they are."""

TINY_SIDE = 64
"""Side of the small square picture that mean photos are made of."""

_TILES = 4
_BAR = 12
_BLACK = 16  # luma; 8-bit video calls this black
_WHITE = 250
_GREY = 0.02
_COLOURFUL = 0.05
_NIGHT = 0.17
_DUSK = 0.25


@dataclass(frozen=True, slots=True)
class Look:
    """What a photo looks like. Luma is ITU-R 601, 0..1.

    Attributes:
        width: in pixels, upright.
        height: in pixels, upright.
        brightness: mean luma, 0..1.
        contrast: standard deviation of luma, 0..0.5.
        sharpness: variance of the Laplacian (four neighbours) of luma, with the shorter side at 256 pixels,
            never enlarged, without a twelfth of the height at the top and at the bottom, where cameras print
            dates; of 4 x 4 tiles the second sharpest, because a subject may be sharp before a soft
            background. Compare it among photos of one kind only: it also grows with contrast, noise and detail.
        saturation: 0 grey .. 1 pure colours; dark pixels count less.
        dark: share of nearly black pixels, 0..1.
        bright: share of nearly white pixels, 0..1.
        day: a guess from light and colour: False for the greys of infrared and for the dark, None where
            it is neither plainly grey nor plainly coloured.
        phash: 64 bits, see `fingerprint`.
        dhash: 64 bits, see `fingerprint`.
        border: uint8 [8, 3], RGB of the corners and of the middles of the edges, clockwise from the top left
            (Noyan 2022, arXiv 2206.04374).
        tiny: uint8 [64, 64, 3], the whole photo as a small square.
    """

    width: int
    height: int
    brightness: float
    contrast: float
    sharpness: float
    saturation: float
    dark: float
    bright: float
    day: bool | None
    phash: int
    dhash: int
    border: NDArray[np.uint8]
    tiny: NDArray[np.uint8]


def look(source: Source, *, max_megapixels: float = DEFAULT_MEGAPIXELS) -> Look:
    """Looks at a photo. Safe to call from several threads at once.

    JPEGs are decoded at the smallest scale that leaves the shorter side 256 pixels.

    Args:
        source: a file, or its bytes.
        max_megapixels: announced pixels above which nothing is decoded.

    Raises:
        ImageError: the image cannot be read, for whatever reason.
    """
    with opened(source, max_megapixels=max_megapixels) as image:
        size = upright_size(image)
        if image.format == "JPEG":
            image.draft(None, (SCALE, SCALE))
        picture = upright_rgb(image)
        if image.format != "JPEG":
            size = picture.size
    return _measured(picture, size)


def _measured(picture: Pillow.Image, size: tuple[int, int]) -> Look:
    grey = _at_scale(picture.convert("L"))
    luma = np.asarray(grey, dtype=np.float32) * np.float32(1 / 255)
    levels = np.asarray(grey.histogram(), dtype=np.float64) / luma.size
    tiny = np.asarray(picture.resize((TINY_SIDE, TINY_SIDE), Pillow.Resampling.BILINEAR))
    brightness = float(luma.mean())
    saturation = _saturation(tiny)
    frequencies, edges = _hashes(grey)
    return Look(
        *size,
        brightness=brightness,
        contrast=float(luma.std()),
        sharpness=_sharpness(luma),
        saturation=saturation,
        dark=float(levels[:_BLACK].sum()),
        bright=float(levels[_WHITE:].sum()),
        day=_day(brightness, saturation),
        phash=frequencies,
        dhash=edges,
        border=_border(picture),
        tiny=tiny,
    )


def hashes_of(pixels: NDArray[np.uint8]) -> tuple[int, int]:
    """`phash` and `dhash` of a photo that is decoded already, uint8 [height, width, 3]; see `fingerprint`."""
    return _hashes(_at_scale(Pillow.fromarray(pixels).convert("L")))


def _hashes(grey: Pillow.Image) -> tuple[int, int]:
    small = np.asarray(grey.resize((PHASH_SIDE, PHASH_SIDE), Pillow.Resampling.BILINEAR), dtype=np.float32)
    smaller = np.asarray(grey.resize(DHASH_SIZE, Pillow.Resampling.BILINEAR), dtype=np.float32)
    return phash(small), dhash(smaller)


def _at_scale(grey: Pillow.Image) -> Pillow.Image:
    shorter = min(grey.size)
    if shorter <= SCALE:
        return grey
    width, height = (max(1, round(side * SCALE / shorter)) for side in grey.size)
    return grey.resize((width, height), Pillow.Resampling.BILINEAR)


def _sharpness(luma: NDArray[np.float32]) -> float:
    margin = luma.shape[0] // _BAR
    inside = luma[margin : luma.shape[0] - margin]
    if min(inside.shape) < _TILES + 2:
        return 0.0
    middle = inside[1:-1, 1:-1]
    edges = inside[:-2, 1:-1] + inside[2:, 1:-1] + inside[1:-1, :-2] + inside[1:-1, 2:] - 4 * middle
    height, width = edges.shape[0] // _TILES, edges.shape[1] // _TILES
    tiles = edges[: height * _TILES, : width * _TILES].reshape(_TILES, height, _TILES, width)
    return float(np.partition(tiles.var(axis=(1, 3)).ravel(), -2)[-2])


def _saturation(tiny: NDArray[np.uint8]) -> float:
    """Mean of largest less smallest channel by mean of largest: HSV's saturation, weighed by value."""
    red, green, blue = tiny[..., 0], tiny[..., 1], tiny[..., 2]
    most = np.maximum(np.maximum(red, green), blue)
    least = np.minimum(np.minimum(red, green), blue)
    light = float(most.sum(dtype=np.int64))
    return 1 - float(least.sum(dtype=np.int64)) / light if light else 0.0


def _day(brightness: float, saturation: float) -> bool | None:
    if saturation < _GREY or brightness < _NIGHT:
        return False
    return True if saturation > _COLOURFUL and brightness > _DUSK else None


def _border(picture: Pillow.Image) -> NDArray[np.uint8]:
    right, bottom = picture.width - 1, picture.height - 1
    x, y = right // 2, bottom // 2
    places = ((0, 0), (x, 0), (right, 0), (right, y), (right, bottom), (x, bottom), (0, bottom), (0, y))
    return np.array([picture.getpixel(place) for place in places], dtype=np.uint8)
