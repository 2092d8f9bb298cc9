"""Whitening that is learnt from photos: PCA of the colours, ZCA of the whole photo.

    operation.fit(photos, values) -> something that is then run in place of the operation

Both make the pixels uncorrelated with unit variance. PCA answers in the principal axes, which are a picture
only where they are colours; ZCA turns back, so that its result is as near to the photo as can be
(Bell & Sejnowski 1997; Krizhevsky 2009, appendix A). Photos are read one at a time and never kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image as Pillow

from taxolens.core.errors import UsageError
from taxolens.core.texts import noted
from taxolens.imaging.operations.opencv import opencv
from taxolens.imaging.operations.operation import Operation, Run
from taxolens.imaging.operations.parameter import Values, number, whole
from taxolens.imaging.operations.picture import Picture, Pixels
from taxolens.imaging.operations.whiten import shown

_COLOUR_SIDE = 64
_BATCH = 128
_FLAT = 1e-4


class Moments:
    """Mean and covariance of rows that come one at a time.

    Args:
        width: numbers per row.
    """

    def __init__(self, width: int) -> None:
        self.count = 0
        self._sum = np.zeros(width)
        self._products = np.zeros((width, width))

    def add(self, rows: NDArray[np.float32]) -> None:
        """Counts float32 [n, width] in."""
        self.count += len(rows)
        self._sum += rows.sum(axis=0, dtype=np.float64)
        self._products += rows.T @ rows

    @property
    def mean(self) -> NDArray[np.float64]:
        """float64 [width]."""
        return self._sum / self.count

    @property
    def covariance(self) -> NDArray[np.float64]:
        """float64 [width, width]."""
        return self._products / self.count - np.outer(self.mean, self.mean)


@dataclass(frozen=True, slots=True, eq=False)
class ColourWhitening:
    """Principal colour axes in place of red, green and blue.

    Attributes:
        mean: float32 [3], of levels in 0..1.
        axes: float32 [3, 3], from centred colours to the axes, strongest first, each of unit variance.
    """

    mean: NDArray[np.float32]
    axes: NDArray[np.float32]

    def __call__(self, picture: Picture, values: Values, generator: Generator) -> Picture:
        """The picture in the principal colour axes."""
        matrix = np.column_stack([self.axes / 255, -self.axes @ self.mean]).astype(np.float64)
        planes = opencv().transform(picture.pixels.astype(np.float32), matrix)
        return picture.with_pixels(shown(planes))


@dataclass(frozen=True, slots=True, eq=False)
class PhotoWhitening:
    """ZCA at one side length, and its filter for photos of any other size.

    The whitening of a pixel hangs on its neighbourhood alone, and natural scenes have the same statistics at any
    scale (Field 1987). So a photo of the learnt size is whitened exactly; any other one by the mean filter
    of the inner pixels.

    Attributes:
        side: s.
        mean: float32 [s * s * 3], of levels in 0..1.
        matrix: float32 [s * s * 3, s * s * 3].
        filter: float32 [3 out, 3 in, k, k].
    """

    side: int
    mean: NDArray[np.float32]
    matrix: NDArray[np.float32]
    filter: NDArray[np.float32]

    def __call__(self, picture: Picture, values: Values, generator: Generator) -> Picture:
        """The whitened picture, by its own spread."""
        if picture.pixels.shape == (self.side, self.side, 3):
            white = self.exactly(picture.pixels)
        else:
            white = self._filtered(picture.pixels)
        white -= white.mean()
        return picture.with_pixels(shown(white / max(float(white.std()), _FLAT)))

    def exactly(self, pixels: Pixels) -> NDArray[np.float32]:
        """float32 [s, s, 3] of a photo uint8 [s, s, 3]."""
        row = pixels.reshape(-1).astype(np.float32) / 255 - self.mean
        return np.asarray(self.matrix @ row, np.float32).reshape(pixels.shape)

    def _filtered(self, pixels: Pixels) -> NDArray[np.float32]:
        cv2 = opencv()
        levels = (pixels.astype(np.float32) / 255) - self.mean.reshape(-1, 3).mean(axis=0)
        planes = [np.ascontiguousarray(levels[..., channel]) for channel in range(3)]
        return np.dstack([self._plane(cv2, planes, out) for out in range(3)])

    def _plane(self, cv2: Any, planes: list[NDArray[np.float32]], out: int) -> NDArray[np.float32]:
        parts = [
            cv2.filter2D(plane, cv2.CV_32F, kernel, borderType=cv2.BORDER_REFLECT)
            for plane, kernel in zip(planes, self.filter[out], strict=True)
        ]
        return np.asarray(parts[0] + parts[1] + parts[2])


def _fit_colours(photos: Iterable[Pixels], values: Values) -> Run:
    moments = Moments(3)
    for pixels in islice(photos, values["photos"]):
        moments.add(_small(pixels, _COLOUR_SIDE).reshape(-1, 3))
    variances, axes = _spectrum(moments, "pca-whiten")
    order = np.argsort(variances)[::-1]
    axes = axes[:, order] * np.where(axes[:, order].sum(axis=0) < 0, -1, 1)
    scales = 1 / np.sqrt(variances[order] + _softening(variances, values["softening"]))
    return ColourWhitening(moments.mean.astype(np.float32), (axes * scales).T.astype(np.float32))


def _fit_photos(photos: Iterable[Pixels], values: Values) -> Run:
    side: int = values["side"]
    moments = Moments(side * side * 3)
    wanted = islice(photos, values["photos"])
    while batch := [_small(pixels, side).reshape(-1) for pixels in islice(wanted, _BATCH)]:
        moments.add(np.stack(batch))
    variances, axes = _spectrum(moments, "zca-whiten")
    scales = 1 / np.sqrt(variances + _softening(variances, values["softening"]))
    matrix = ((axes * scales) @ axes.T).astype(np.float32)
    return PhotoWhitening(side, moments.mean.astype(np.float32), matrix, _filter(matrix, side))


def _small(pixels: Pixels, side: int) -> NDArray[np.float32]:
    """float32 [side, side, 3] in 0..1."""
    photo = Pillow.fromarray(pixels)
    if photo.size != (side, side):
        photo = photo.resize((side, side), Pillow.Resampling.BILINEAR)
    return np.asarray(photo, np.float32) / np.float32(255)


def _spectrum(moments: Moments, operation: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Variances and principal axes (in columns)."""
    if not moments.count:
        raise UsageError(
            "{operation} learns from photos of the training part, and there are none.", operation=operation
        )
    variances, axes = np.linalg.eigh(moments.covariance.astype(np.float32))
    return variances.clip(min=0), axes


def _softening(variances: NDArray[np.float32], share: float) -> float:
    """Added to each variance, so that what hardly varies is not blown up to noise."""
    return max(share * float(variances.mean()), 1e-7)


def _filter(matrix: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """The mean filter [3, 3, k, k] of the inner pixels, for correlation as OpenCV does it."""
    reach = max(1, side // 4)
    whole = matrix.reshape(side, side, 3, side, side, 3)
    inner = range(reach, side - reach)
    windows = [
        whole[row, column, :, row - reach : row + reach + 1, column - reach : column + reach + 1]
        for row in inner
        for column in inner
    ]
    mean = np.mean(windows, axis=0)
    return np.ascontiguousarray(mean.transpose(0, 3, 1, 2))


def _not_fitted(picture: Picture, values: Values, generator: Generator) -> Picture:
    raise UsageError("This step learns from photos of the training part first. Fit it before it is run.")


_PHOTOS = whole("photos", 1000, 1, 1_000_000, noted("Photos of the training part to learn from, at most"))
_SOFTENING = number(
    "softening", 0.01, 0, 10, noted("Share of the mean variance added to each, against noise")
)
OPERATIONS = (
    Operation(
        "pca-whiten",
        noted("Principal colour axes of the training part, uncorrelated and of unit variance, as channels."),
        (_PHOTOS, _SOFTENING),
        spatial=False,
        run=_not_fitted,
        fit=_fit_colours,
    ),
    Operation(
        "zca-whiten",
        noted(
            "Makes neighbouring pixels uncorrelated, as learnt from the training part: edges stay, slow changes go."
        ),
        (
            whole(
                "side",
                16,
                4,
                40,
                noted(
                    "Side in pixels at which it is learnt; exact for photos of this size, such as 32 for CIFAR"
                ),
            ),
            _PHOTOS,
            _SOFTENING,
        ),
        spatial=False,
        run=_not_fitted,
        fit=_fit_photos,
    ),
)
