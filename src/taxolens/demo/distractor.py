"""Things in a photo that are no springtails: mites, droplets, fibres, pellets, shed bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from taxolens.demo.colour import linear
from taxolens.demo.light import Light

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Spot:
    """A window of the photo around a small thing: offsets from its centre in radii."""

    rows: slice
    columns: slice
    u: Array
    v: Array


def _spot(shape: tuple[int, int], x: float, y: float, radius: float, reach: float) -> Spot | None:
    x0, x1 = max(0, int(x - reach * radius)), min(shape[1], int(x + reach * radius) + 2)
    y0, y1 = max(0, int(y - reach * radius)), min(shape[0], int(y + reach * radius) + 2)
    if x0 >= x1 or y0 >= y1:
        return None
    u = (np.arange(x0, x1)[None, :] + 0.5 - x) / radius
    v = (np.arange(y0, y1)[:, None] + 0.5 - y) / radius
    return Spot(slice(y0, y1), slice(x0, x1), u.astype(np.float32), v.astype(np.float32))


def scatter(scene: Array, light: Light, rng: np.random.Generator, scale: float) -> None:
    """Puts a random few small things onto the lit ground [h, w, 3], in place."""
    for _ in range(int(rng.poisson(5))):
        _pellet(scene, light, rng, scale)
    if rng.random() < 0.4:
        _fibres(scene, rng, scale)
    if rng.random() < 0.3:
        for _ in range(int(rng.integers(1, 6))):
            _droplet(scene, light, rng, scale)
    if rng.random() < 0.25:
        for _ in range(int(rng.integers(1, 4))):
            _mite(scene, light, rng, scale)


def _pellet(scene: Array, light: Light, rng: np.random.Generator, scale: float) -> None:
    """A grain, a dropping or a spore heap: a rough shaded ellipsoid with its shadow."""
    radius = float(rng.gamma(2.0, 1.3) + 1.2) * scale
    x, y = rng.uniform(0, scene.shape[1]), rng.uniform(0, scene.shape[0])
    spot = _spot(scene.shape[:2], x, y, radius, 2.4)
    if spot is None:
        return
    colour = linear(
        [(58, 42, 30), (132, 104, 72), (196, 184, 162), (30, 26, 24), (150, 84, 44)][int(rng.integers(5))]
    )
    turn, flat = rng.uniform(0, np.pi), rng.uniform(0.55, 1.0)
    c, s = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    u, v = spot.u * c + spot.v * s, (spot.v * c - spot.u * s) / np.float32(flat)
    wave = 1 + 0.14 * np.sin(3 * np.arctan2(v, u) + np.float32(rng.uniform(0, 6)))
    out2 = (u * u + v * v) / (wave * wave)
    _shadow(scene, spot, light, np.float32(0.5))
    up = np.sqrt((1 - out2).clip(0, 1))
    lx, ly, lz = light.direction
    lamp = (spot.u * lx + spot.v * ly + up * lz).clip(0, None)
    cover = ((1 - np.sqrt(out2)) * radius + 0.5).clip(0, 1)[..., None]
    body = (
        colour * light.rgb * (light.ambient * (0.4 + 0.6 * up) + (1 - light.ambient) * 1.3 * lamp)[..., None]
    )
    body = body + np.float32(0.12 * light.hardness) * (lamp**20)[..., None]
    view = scene[spot.rows, spot.columns]
    view[:] = view * (1 - cover) + body * cover


def _shadow(scene: Array, spot: Spot, light: Light, strength: np.float32) -> None:
    lx, ly, lz = light.direction
    far = 0.55 / max(lz, 0.4)
    away2 = (spot.u + np.float32(lx * far)) ** 2 + (spot.v + np.float32(ly * far)) ** 2
    scene[spot.rows, spot.columns] *= (1 - strength * np.exp(-((away2 / 1.3) ** 2)))[..., None]


def _droplet(scene: Array, light: Light, rng: np.random.Generator, scale: float) -> None:
    """A water drop: a lens that is dark on the lamp's side, bright opposite, with a glint."""
    radius = float(rng.uniform(2.0, 11.0)) * scale
    x, y = rng.uniform(0, scene.shape[1]), rng.uniform(0, scene.shape[0])
    spot = _spot(scene.shape[:2], x, y, radius, 1.3)
    if spot is None:
        return
    out2 = spot.u**2 + spot.v**2
    lx, ly, _ = light.direction
    toward = spot.u * lx + spot.v * ly
    cover = ((1 - np.sqrt(out2)) * radius + 0.5).clip(0, 1)
    gain = 1 + cover * (-0.45 * toward * (0.4 + out2) - 0.25 * (out2 > 0.75))
    glint = np.exp(-((spot.u - 0.5 * lx) ** 2 + (spot.v - 0.5 * ly) ** 2) / 0.02) * (
        0.4 + 0.8 * light.hardness
    )
    view = scene[spot.rows, spot.columns]
    view[:] = view * gain[..., None] + (cover * glint)[..., None] * light.rgb


def _mite(scene: Array, light: Light, rng: np.random.Generator, scale: float) -> None:
    """A shiny little oval on eight short legs."""
    radius = float(rng.uniform(2.2, 5.0)) * scale
    x, y = rng.uniform(0, scene.shape[1]), rng.uniform(0, scene.shape[0])
    spot = _spot(scene.shape[:2], x, y, radius, 2.4)
    if spot is None:
        return
    colour = linear([(128, 62, 24), (84, 40, 22), (186, 132, 86), (60, 34, 26)][int(rng.integers(4))])
    turn = rng.uniform(0, 2 * np.pi)
    c, s = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    u, v = (spot.u * c + spot.v * s) / 1.25, spot.v * c - spot.u * s
    _shadow(scene, spot, light, np.float32(0.45))
    angle = np.arctan2(v, u)
    out2 = u * u + v * v
    legs = (np.cos(8 * angle + 0.8) > 0.86) & (out2 < 3.0) & (np.abs(u) < 1.1)
    up = np.sqrt((1 - out2).clip(0, 1))
    lx, ly, lz = light.direction
    lamp = (spot.u * lx + spot.v * ly + up * lz).clip(0, None)
    body = colour * (0.35 * up + 0.9 * lamp)[..., None] + np.float32(0.5) * (lamp**40)[..., None]
    cover = np.maximum(((1 - np.sqrt(out2)) * radius + 0.5).clip(0, 1), 0.55 * legs)[..., None]
    view = scene[spot.rows, spot.columns]
    view[:] = view * (1 - cover) + body * light.rgb * cover


def _fibres(scene: Array, rng: np.random.Generator, scale: float) -> None:
    """Rootlets, fungal threads or lint: thin curved lines, partly out of focus."""
    height, width = scene.shape[:2]
    layer = Image.new("L", (width * 2, height * 2))
    pen = ImageDraw.Draw(layer)
    root = rng.random() < 0.4
    for _ in range(int(rng.integers(1, 3) if root else rng.integers(2, 9))):
        x, y, heading = rng.uniform(0, 2 * width), rng.uniform(0, 2 * height), rng.uniform(0, 2 * np.pi)
        path = []
        for _ in range(int(rng.integers(8, 40))):
            path += [x, y]
            heading += rng.normal(0, 0.18)
            x, y = x + 14 * scale * np.cos(heading), y + 14 * scale * np.sin(heading)
        pen.line(
            path,
            fill=int(rng.integers(110, 230)),
            width=max(1, round((6 if root else 1.2) * scale)),
            joint="curve",
        )
    soft = layer.resize((width, height), Image.Resampling.BOX).filter(
        ImageFilter.GaussianBlur(0.5 + 0.9 * rng.random())
    )
    cover = (np.asarray(soft, dtype=np.float32) / np.float32(255 * 1.3))[..., None]
    colour = linear((150, 120, 84) if root else (206, 204, 196)) * np.float32(rng.uniform(0.5, 1.0))
    scene[:] = scene * (1 - cover) + colour * cover
