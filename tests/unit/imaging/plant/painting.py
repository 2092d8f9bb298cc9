"""Leaves of which everything is known, because they are painted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PAPER, SHADE = (168, 158, 170), (44, 40, 48)
GREEN, BROWN = (70, 128, 52), (150, 84, 48)
Bool = NDArray[np.bool_]


def ellipse(
    size: tuple[int, int], centre: tuple[float, float], half: tuple[float, float], angle: float = 0.0
) -> Bool:
    """bool [h, w]: an ellipse with these half axes, turned counter-clockwise by degrees."""
    width, height = size
    xs, ys = np.arange(width) + 0.5 - centre[0], (np.arange(height) + 0.5 - centre[1])[:, None]
    turn = np.deg2rad(angle)
    along, across = xs * np.cos(turn) - ys * np.sin(turn), xs * np.sin(turn) + ys * np.cos(turn)
    return np.asarray((along / half[0]) ** 2 + (across / half[1]) ** 2 <= 1)


def star(size: int, points: int, inner: float, outer: float) -> Bool:
    """bool [size, size]: a star, a point on top."""
    xs = np.arange(size) + 0.5 - size / 2
    turns = np.arctan2(xs[None], -xs[:, None]) % (2 * np.pi)
    step = np.pi / points
    place = turns % (2 * step)
    place = np.minimum(place, 2 * step - place)
    # Straight edge from (outer, 0) to (inner, step)
    edge = inner * outer * np.sin(step) / (outer * np.sin(place) + inner * np.sin(step - place))
    return np.asarray(np.hypot(xs[None], xs[:, None]) <= edge)


def photo(
    leaf: Bool, *, shadow: Bool | None = None, lesions: Bool | None = None, seed: int = 0
) -> NDArray[np.uint8]:
    """uint8 [h, w, 3]: a leaf on paper, with the grain of a camera."""
    pixels = np.empty((*leaf.shape, 3))
    pixels[:] = PAPER
    if shadow is not None:
        pixels[shadow] = SHADE
    pixels[leaf] = GREEN
    if lesions is not None:
        pixels[lesions & leaf] = BROWN
    pixels += np.random.default_rng(seed).normal(0, 3, leaf.shape)[..., None]
    return np.rint(pixels).clip(0, 255).astype(np.uint8)


def overlap(one: Bool, other: Bool) -> float:
    """Intersection over union."""
    return float((one & other).sum() / (one | other).sum())
