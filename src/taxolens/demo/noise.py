"""Random fields that nature seems made of: fractal noise and packed grains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.float32]


def enlarge(field: Field, height: int, width: int) -> Field:
    """Smoothly resampled [height, width]."""
    picture = Image.fromarray(field).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(picture, dtype=np.float32)


def fractal(
    rng: np.random.Generator,
    shape: tuple[int, int],
    cell: float | tuple[float, float],
    octaves: int = 4,
    gain: float = 0.5,
) -> Field:
    """Smooth noise with ever finer detail, zero mean, about -1..1.

    Args:
        shape: height and width.
        cell: size of the coarsest blobs in pixels, (vertical, horizontal) where they differ.
        octaves: how many times detail of half the size is added.
        gain: strength of each octave against the one before.
    """
    tall, wide = cell if isinstance(cell, tuple) else (cell, cell)
    rows, columns = int(shape[0] / tall) + 3, int(shape[1] / wide) + 3
    field = rng.standard_normal((rows, columns), dtype=np.float32)
    strength, total = 1.0, 1.0
    for _ in range(octaves):
        rows, columns, strength = rows * 2, columns * 2, strength * gain
        field = enlarge(field, rows, columns)
        field = field + np.float32(strength) * rng.standard_normal((rows, columns), dtype=np.float32)
        total += strength * strength
    scale = 2.0**octaves
    top, left = round(scale), round(scale)
    bottom, right = top + int(np.ceil(shape[0] / tall * scale)), left + int(np.ceil(shape[1] / wide * scale))
    return enlarge(field[top:bottom, left:right], *shape) * np.float32(0.6 / np.sqrt(total))


@dataclass(frozen=True, slots=True)
class Grains:
    """Round grains packed on a plane.

    Attributes:
        dome: height over the plane, 0 between grains, 1 on top of one; [h, w].
        tint: one random number for each grain, 0..1; [h, w].
    """

    dome: Field
    tint: Field


def grains(
    rng: np.random.Generator, shape: tuple[int, int], cell: int, *, share: float = 1.0, spread: float = 0.5
) -> Grains:
    """One grain for each `cell` x `cell` square, jittered (Worley 1996, on a grid).

    Args:
        share: the share of the squares that hold a grain.
        spread: 0 = all of one size, 1 = from nothing to double.
    """
    rows, columns = -(-shape[0] // cell), -(-shape[1] // cell)
    grid = (rows + 2, columns + 2)
    y = rng.random(grid, dtype=np.float32)
    x = rng.random(grid, dtype=np.float32)
    radius = 0.72 * (1 + spread * (rng.random(grid, dtype=np.float32) * 2 - 1))
    weight = 1 / np.maximum(radius, 0.05) ** 2
    weight[rng.random(grid) > share] = 1e6
    tint = rng.random(grid, dtype=np.float32)
    within = ((np.arange(cell, dtype=np.float32) + 0.5) / cell)[:, None, None]
    # Pixels are laid out by their place within a square first, so that numpy works on long rows.
    best = np.full((cell, cell, rows, columns), 1.0, dtype=np.float32)
    chosen = np.zeros_like(best)
    for row in range(3):
        for column in range(3):
            part = (slice(row, row + rows), slice(column, column + columns))
            down = (y[part] + (row - 1) - within) ** 2 * weight[part]
            right = (x[part] + (column - 1) - within) ** 2 * weight[part]
            distance = down[:, None] + right[None, :]
            np.copyto(chosen, tint[part], where=distance < best)
            np.minimum(best, distance, out=best)
    dome, chosen = (
        field.transpose(2, 0, 3, 1).reshape(rows * cell, columns * cell)[: shape[0], : shape[1]]
        for field in (np.sqrt(1 - best), chosen)
    )
    return Grains(dome, chosen)


def warped(packed: Grains, rng: np.random.Generator, strength: float, cell: float) -> Grains:
    """The same grains pushed out of their round shape, by up to about `strength` pixels."""
    shape = packed.dome.shape
    push = fractal(rng, shape, cell, 0) * np.float32(strength)
    row = (np.arange(shape[0], dtype=np.float32)[:, None] + push).clip(0, shape[0] - 1).astype(np.int32)
    # One field turned serves both directions; nobody sees that they are related.
    turned = np.resize(push.T, shape)
    column = (np.arange(shape[1], dtype=np.float32)[None, :] + turned).clip(0, shape[1] - 1).astype(np.int32)
    index = row * shape[1] + column
    return Grains(packed.dome.take(index), packed.tint.take(index))


def smoothstep(low: float, high: float, field: Field) -> Field:
    """0 below `low`, 1 above `high` (either order), smooth between."""
    x = ((field - np.float32(low)) / np.float32(high - low)).clip(0, 1)
    return np.asarray(x * x * (3 - 2 * x), dtype=np.float32)
