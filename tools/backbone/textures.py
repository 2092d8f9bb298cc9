"""Generated surfaces: noise, bands, spots, cells, dead leaves, fibres and grids in natural-like colours.

A kind is one set of parameters; its instances differ in their random field. The exponents of the
amplitude spectrum lie around 1/f, that of natural scenes (Field 1987); dead leaves follow Lee,
Mumford and Huang (2001); that such pictures teach useful features: Baradad et al. (2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FAMILIES = ("noise", "bands", "spots", "cells", "leaves", "fibres", "grid")
_CHANCES = (0.22, 0.14, 0.16, 0.12, 0.16, 0.12, 0.08)

Field = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Kind:
    """Parameters shared by all instances of one surface."""

    family: str
    exponent: float
    frequency: float  # cycles over the side
    stretch: float  # anisotropy, 1 = none
    angle: float  # radians
    warp: float
    hardness: float
    palette: Field  # [knots, 3], 0..1
    grain: float


def natural_colour(rng: np.random.Generator) -> Field:
    """One RGB colour: mostly earthy and dull, now and then vivid."""
    hue = rng.normal(0.1, 0.09) if rng.random() < 0.55 else rng.random()
    saturation = rng.beta(1.6, 3.0)
    value = rng.beta(1.8, 1.6)
    wheel = np.abs((hue * 6.0 + np.array([0.0, 4.0, 2.0])) % 6.0 - 3.0) - 1.0
    return (value * (1 - saturation * (1 - np.clip(wheel, 0, 1)))).astype(np.float32)


def natural_palette(rng: np.random.Generator) -> Field:
    """Two to five colours along a ramp, related to each other most of the time."""
    knots = int(rng.integers(2, 6))
    colours = np.stack([natural_colour(rng) for _ in range(knots)])
    related = rng.beta(1.5, 1.5)
    mean = natural_colour(rng)
    return (related * mean + (1 - related) * colours).astype(np.float32)


def random_kind(rng: np.random.Generator) -> Kind:
    """Draw the parameters of one kind of surface."""
    return Kind(
        family=str(rng.choice(FAMILIES, p=_CHANCES)),
        exponent=float(rng.uniform(0.7, 2.1)),
        frequency=float(np.exp(rng.uniform(np.log(3), np.log(24)))),
        stretch=float(np.exp(rng.uniform(0, 1.6))) if rng.random() < 0.5 else 1.0,
        angle=float(rng.uniform(0, np.pi)),
        warp=float(rng.choice([0.0, 0.5, 1.5, 4.0])),
        hardness=float(np.exp(rng.uniform(0, 3))),
        palette=natural_palette(rng),
        grain=float(rng.beta(1.2, 6)) * 0.35,
    )


def _filtered(rng: np.random.Generator, side: int, response: Field) -> Field:
    white = rng.standard_normal((side, side)).astype(np.float32)
    field = np.fft.irfft2(np.fft.rfft2(white) * response, s=(side, side))
    values: Field = ((field - field.mean()) / (field.std() + 1e-6)).astype(np.float32)
    return values


def _frequencies(side: int, kind: Kind) -> tuple[Field, Field]:
    fy, fx = np.fft.fftfreq(side)[:, None] * side, np.fft.rfftfreq(side)[None, :] * side
    along = np.cos(kind.angle) * fx + np.sin(kind.angle) * fy
    across = -np.sin(kind.angle) * fx + np.cos(kind.angle) * fy
    return along * kind.stretch, across


def power_noise(rng: np.random.Generator, side: int, kind: Kind) -> Field:
    """Gaussian noise with amplitude spectrum 1/f^exponent, stretched along the kind's angle."""
    along, across = _frequencies(side, kind)
    radius = np.hypot(along, across)
    return _filtered(rng, side, np.maximum(radius, 1.0) ** -kind.exponent * (radius > 0))


def _ring_noise(rng: np.random.Generator, side: int, kind: Kind) -> Field:
    along, across = _frequencies(side, kind)
    radius = np.hypot(along, across)
    return _filtered(rng, side, np.exp(-0.5 * ((radius / kind.frequency - 1) / 0.25) ** 2))


def _waves(rng: np.random.Generator, side: int, kind: Kind, angle: float) -> Field:
    y, x = np.mgrid[:side, :side] / side
    phase = kind.frequency * (np.cos(angle) * x + np.sin(angle) * y) + rng.random()
    values: Field = np.sin(2 * np.pi * phase + kind.warp * power_noise(rng, side, kind)).astype(np.float32)
    return values


def _cells(rng: np.random.Generator, side: int, kind: Kind) -> Field:
    count = int(np.clip(kind.frequency**2 / 2, 6, 120))
    y, x = np.mgrid[:side, :side].astype(np.float32) / side
    points = rng.random((count, 2)).astype(np.float32)
    dy = np.abs(y[..., None] - points[:, 0])
    dx = np.abs(x[..., None] - points[:, 1])
    distance = np.minimum(dy, 1 - dy) ** 2 + np.minimum(dx, 1 - dx) ** 2
    if kind.warp > 1:
        values: Field = rng.random(count).astype(np.float32)[distance.argmin(-1)]
        return values
    near = np.sqrt(np.partition(distance, 1, axis=-1)[..., :2])
    return near[..., 1] - near[..., 0] if kind.warp > 0 else near[..., 0]


def dead_leaves(rng: np.random.Generator, side: int, smallest: float, power: float) -> Field:
    """Overlapping ellipses, radii by a power law, each with its own value (0..1) and shading."""
    y, x = np.mgrid[:side, :side].astype(np.float32)
    field = np.full((side, side), rng.random(), np.float32)
    count = 160
    low, high = smallest ** (1 - power), (side / 3.0) ** (1 - power)
    radii = np.sort((low + rng.random(count) * (high - low)) ** (1 / (1 - power)))[::-1]
    for radius in radii:
        cy, cx = rng.random(2) * side
        turn, squeeze = rng.uniform(0, np.pi), rng.uniform(0.4, 1.0)
        top, left = int(max(cy - radius, 0)), int(max(cx - radius, 0))
        window = slice(top, int(cy + radius) + 2), slice(left, int(cx + radius) + 2)
        u = np.cos(turn) * (x[window] - cx) + np.sin(turn) * (y[window] - cy)
        v = np.cos(turn) * (y[window] - cy) - np.sin(turn) * (x[window] - cx)
        inside = u**2 + (v / squeeze) ** 2 < radius**2
        value = rng.random() + rng.normal(0, 0.15) * u / radius
        field[window] = np.where(inside, value, field[window])
    return field


def _sharpened(field: Field, kind: Kind) -> Field:
    values: Field = np.tanh(kind.hardness * field)
    return values


def _field(rng: np.random.Generator, side: int, kind: Kind) -> Field:
    if kind.family == "noise":
        return power_noise(rng, side, kind)
    if kind.family == "bands":
        return _sharpened(_waves(rng, side, kind, kind.angle), kind)
    if kind.family == "spots":
        return _sharpened(_ring_noise(rng, side, kind) - kind.warp * 0.3, kind)
    if kind.family == "cells":
        return _cells(rng, side, kind)
    if kind.family == "leaves":
        return dead_leaves(rng, side, 40.0 / kind.frequency, 1.5 + kind.exponent)
    if kind.family == "fibres":
        return -(np.abs(_ring_noise(rng, side, kind)) ** (1 / (0.5 + kind.exponent)))
    other = _waves(rng, side, kind, kind.angle + np.pi / 2)
    return np.maximum(_waves(rng, side, kind, kind.angle), other) ** 3


def paint(rng: np.random.Generator, side: int, kind: Kind) -> NDArray[np.uint8]:
    """One instance of a kind.

    Returns:
        uint8 RGB picture [side, side, 3].
    """
    field = _field(rng, side, kind)
    low, high = np.percentile(field, (2, 98))
    ramp = np.clip((field - low) / max(high - low, 1e-6), 0, 1)
    knots = np.linspace(0, 1, len(kind.palette))
    colour = np.stack([np.interp(ramp, knots, kind.palette[:, c]) for c in range(3)], axis=-1)
    soft = Kind("noise", 1.0, 8.0, 1.0, 0.0, 0.0, 1.0, kind.palette, 0.0)
    colour *= 1 + kind.grain * power_noise(rng, side, soft)[..., None]
    colour += 0.02 * rng.standard_normal(colour.shape)
    found: NDArray[np.uint8] = (np.clip(colour, 0, 1) * 255).astype(np.uint8)
    return found


def texture_bank(kinds: int, each: int, side: int, seed: int) -> NDArray[np.uint8]:
    """Instances of many kinds.

    Returns:
        uint8 RGB pictures [kinds, each, side, side, 3].
    """
    rng = np.random.default_rng(seed)
    bank = np.empty((kinds, each, side, side, 3), np.uint8)
    for row in bank:
        kind = random_kind(rng)
        for cell in row:
            cell[...] = paint(rng, side, kind)
    return bank
