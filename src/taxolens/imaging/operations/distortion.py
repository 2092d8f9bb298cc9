"""A smooth distortion that keeps the frame: the inside moves in waves, the edges stay where they are.

Pixels need the way back (where does this pixel come from), boxes the way forth. The way back is the formula

    back(p) = p + d(p),   d = sum over k, l = 1..3 of c_kl sin(pi k x) sin(pi l y)

in 0..1 of width and height; as d changes by less than half a step per step, the way forth is the limit of
p - d(p - d(p - ...)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from taxolens.imaging.operations.geometry import Points, moved
from taxolens.imaging.operations.opencv import opencv
from taxolens.imaging.operations.picture import Picture

_WAVES = 3
_STEEPEST = 0.5
_ROUNDS = 14
_GRID = 48
_BENDS = 64  # points along an edge as long as the picture
# OpenCV counts rows and columns of a remapped picture in 16 bits
_LONGEST = 32766


@dataclass(frozen=True, slots=True, eq=False)
class Waves:
    """The displacement d.

    Attributes:
        across: float64 [3, 3], coefficients of the horizontal displacement, by waves down and across.
        down: float64 [3, 3], of the vertical one.
    """

    across: NDArray[np.float64]
    down: NDArray[np.float64]

    def on_grid(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float32], ...]:
        """Displacements [len(y), len(x)] at all crossings, horizontal and vertical."""
        down, across = _sines(y), _sines(x).T.astype(np.float32)
        fields = (self.across, self.down)
        return tuple((down @ coefficients).astype(np.float32) @ across for coefficients in fields)

    def at(self, points: Points) -> Points:
        """Displacements [m, 2] at points in 0..1."""
        across, down = _sines(points[:, 0]), _sines(points[:, 1])
        return np.column_stack(
            [((down @ coefficients) * across).sum(axis=1) for coefficients in (self.across, self.down)]
        )

    def forth(self, points: Points) -> Points:
        """Where points in 0..1 go."""
        there = points
        for _ in range(_ROUNDS):
            there = points - self.at(there)
        return there


def distorted(picture: Picture, strength: float, generator: Generator) -> Picture:
    """The picture in random waves; strength 0..1."""
    waves = _waves(picture, strength, generator)
    size = np.array([picture.width, picture.height])
    pixels, mask = picture.pixels, None
    if picture.mask is None:
        pixels = _remapped(pixels, waves)
    else:
        # as a fourth channel, so that the way back is worked out once
        layers = _remapped(np.dstack([pixels, picture.mask.astype(np.uint8) * 255]), waves)
        pixels, mask = np.ascontiguousarray(layers[..., :3]), layers[..., 3] > 127
    sides = (picture.boxes[:, 2:] - picture.boxes[:, :2]) / size
    bends = max(4, math.ceil(_BENDS * float(sides.max(initial=0))))
    return moved(picture, pixels, mask, lambda points: waves.forth(points / size) * size, bends=bends)


def _waves(picture: Picture, strength: float, generator: Generator) -> Waves:
    """Random waves, longer ones stronger, as steep at their steepest as the strength says."""
    order = np.arange(1, _WAVES + 1)
    drawn = generator.normal(size=(2, _WAVES, _WAVES)) / (order[:, None] * order[None, :])
    # in pixels the same both ways, whatever the aspect
    short = min(picture.width, picture.height)
    waves = Waves(drawn[0] * short / picture.width, drawn[1] * short / picture.height)
    grid = np.linspace(0, 1, _GRID)
    slopes = [np.abs(part) for field in waves.on_grid(grid, grid) for part in np.gradient(field, grid, grid)]
    steepest = max(float((slopes[0] + slopes[1]).max()), float((slopes[2] + slopes[3]).max()), 1e-12)
    scale = _STEEPEST * strength / steepest
    return Waves(waves.across * scale, waves.down * scale)


def _remapped(pixels: NDArray[np.uint8], waves: Waves) -> NDArray[np.uint8]:
    """Pixels [h, w, 3] or [h, w, 4] as they come by the way back; OpenCV's 0, 0 is the middle of the first."""
    cv2 = opencv()
    height, width = pixels.shape[:2]
    if max(height, width) > _LONGEST:
        within = (min(width, _LONGEST), min(height, _LONGEST))
        small = _remapped(cv2.resize(pixels, within, interpolation=cv2.INTER_AREA), waves)
        return np.asarray(cv2.resize(small, (width, height)))
    x, y = (np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height
    across, down = waves.on_grid(x, y)
    columns = across * np.float32(width) + (x * width - 0.5).astype(np.float32)
    rows = down * np.float32(height) + (y * height - 0.5).astype(np.float32)[:, None]
    return np.asarray(cv2.remap(pixels, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _sines(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """[m, waves]."""
    return np.sin(np.pi * np.outer(positions, np.arange(1, _WAVES + 1)))
