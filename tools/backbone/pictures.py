"""Labelled generated pictures: jointed figures with textured parts before textured scenes.

A category is a figure (parts, their outlines, joints and surfaces) or one surface filling the frame.
Its pictures differ in pose, joints, mirror image, size, place, light, colour, scene, occlusion,
sharpness and noise. Everything is drawn in batches with torch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

PARTS = 7
HARMONICS = 5


@dataclass(frozen=True, slots=True)
class Figures:
    """The categories that are figures; every array starts with [figures, PARTS]."""

    present: NDArray[np.bool_]
    offset: NDArray[np.float32]  # [..., 2], frame units: the picture spans -1..1
    angle: NDArray[np.float32]
    size: NDArray[np.float32]
    aspect: NDArray[np.float32]
    outline: NDArray[np.complex64]  # [..., HARMONICS]
    joint: NDArray[np.float32]  # how far a part may swing, radians
    kind: NDArray[np.int64]
    gain: NDArray[np.float32]  # [..., 3] colour gain


def _copy_part(figures: Figures, figure: int, source: int, target: int, rng: np.random.Generator) -> None:
    """Repeat a part beside itself or mirrored, as legs, wings, wheels and eyes are."""
    for name in ("size", "aspect", "outline", "joint", "kind", "gain", "angle", "offset"):
        array = getattr(figures, name)
        array[figure, target] = array[figure, source]
    if rng.random() < 0.5:
        figures.offset[figure, target, 0] *= -1
        figures.angle[figure, target] *= -1
        figures.outline[figure, target] = figures.outline[figure, source].conj()
    else:
        figures.offset[figure, target, 0] -= np.sign(figures.offset[figure, source, 0]) * rng.uniform(
            0.3, 0.9
        )


def _draw_figure(figures: Figures, figure: int, kinds: int, rng: np.random.Generator) -> None:
    parts = 1 if rng.random() < 0.2 else int(rng.integers(2, PARTS + 1))
    body_kind = rng.integers(kinds)
    figures.present[figure, :parts] = True
    for part in range(parts):
        if part >= 2 and rng.random() < 0.45:
            _copy_part(figures, figure, int(rng.integers(1, part)), part, rng)
            continue
        direction = rng.uniform(0, 2 * np.pi)
        distance = 0.0 if part == 0 else rng.uniform(0.3, 0.75)
        figures.offset[figure, part] = distance * np.cos(direction), 0.8 * distance * np.sin(direction)
        figures.angle[figure, part] = rng.uniform(-np.pi, np.pi) if part else rng.normal(0, 0.3)
        figures.size[figure, part] = rng.uniform(0.35, 0.7) if part == 0 else rng.uniform(0.1, 0.42)
        figures.aspect[figure, part] = np.exp(-rng.uniform(0, 1.6))
        strength = rng.choice([0.03, 0.12, 0.3]) / np.arange(1, HARMONICS + 1) ** 0.7
        noise = rng.standard_normal((2, HARMONICS))
        figures.outline[figure, part] = strength * (noise[0] + 1j * noise[1])
        figures.joint[figure, part] = rng.uniform(0, 0.5)
        same = part and rng.random() < 0.55
        figures.kind[figure, part] = body_kind if same or not part else rng.integers(kinds)
        figures.gain[figure, part] = np.exp(rng.normal(0, 0.25) + rng.normal(0, 0.08, 3))


def random_figures(count: int, kinds: int, seed: int) -> Figures:
    """Draw the categories."""
    rng = np.random.default_rng(seed)
    shape = (count, PARTS)
    figures = Figures(
        np.zeros(shape, bool), np.zeros((*shape, 2), np.float32), np.zeros(shape, np.float32),
        np.ones(shape, np.float32), np.ones(shape, np.float32), np.zeros((*shape, HARMONICS), np.complex64),
        np.zeros(shape, np.float32), np.zeros(shape, np.int64), np.ones((*shape, 3), np.float32),
    )  # fmt: skip
    for figure in range(count):
        _draw_figure(figures, figure, kinds, rng)
    return figures


def _around(rng: np.random.Generator, spread: float, *shape: int) -> Tensor:
    return torch.from_numpy(rng.normal(0, spread, shape).astype(np.float32))


def _between(rng: np.random.Generator, low: float, high: float, *shape: int) -> Tensor:
    return torch.from_numpy(rng.uniform(low, high, shape).astype(np.float32))


def _blur(pictures: Tensor, sigma: Tensor) -> Tensor:
    """Gaussian blur of [n, 3, s, s] with a sigma (pixels) for each picture."""
    taps = torch.arange(-4, 5, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (taps[None] / sigma[:, None].clamp(min=0.05)) ** 2)
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(3, 0)
    n, _, side, _ = pictures.shape
    flat = F.pad(pictures.reshape(1, n * 3, side, side), (4, 4, 4, 4), mode="reflect")
    flat = F.conv2d(flat, kernel[:, None, :, None], groups=n * 3)
    return F.conv2d(flat, kernel[:, None, None, :], groups=n * 3).reshape(n, 3, side, side)


class Painter:
    """Draws batches of labelled pictures; labels are figures first, then surfaces."""

    def __init__(
        self, bank: NDArray[np.uint8], figures: int, surfaces: int, *, side: int = 64, seed: int = 0
    ) -> None:
        self.bank = np.ascontiguousarray(bank.transpose(0, 1, 4, 2, 3))
        self.kinds = len(bank)
        self.figures = random_figures(figures, self.kinds, seed)
        self.categories = figures + surfaces
        self.side = side
        self.rng = np.random.default_rng(seed + 1)
        axis = (torch.arange(side) + 0.5) / side * 2 - 1
        self.y, self.x = torch.meshgrid(axis, axis, indexing="ij")

    def _crops(self, kinds: NDArray[np.int64]) -> Tensor:
        """A random piece of a random instance of each kind, 0..1, [n, 3, side, side]."""
        n, side = len(kinds), self.side
        out = np.empty((n, 3, side, side), np.uint8)
        instance = self.rng.integers(0, self.bank.shape[1], n)
        step = self.rng.integers(1, max(self.bank.shape[-1] // side, 1) + 1, n)
        place = self.rng.random((n, 2))
        for i in range(n):
            room = self.bank.shape[-1] - side * step[i] + 1
            top, left = (place[i] * room).astype(int)
            rows = slice(top, top + side * step[i], step[i])
            columns = slice(left, left + side * step[i], step[i])
            out[i] = self.bank[kinds[i], instance[i], :, rows, columns]
        return torch.from_numpy(out).float() / 255

    def _scenes(self, n: int) -> Tensor:
        rng = self.rng
        scene = self._crops(rng.integers(0, self.kinds, n))
        other = self._crops(rng.integers(0, self.kinds, n))
        plain = torch.from_numpy(rng.random((2, n)) < 0.3)
        scene = torch.where(plain[0, :, None, None, None], scene.mean((2, 3), keepdim=True), scene)
        other = torch.where(plain[1, :, None, None, None], other.mean((2, 3), keepdim=True), other)
        level = _between(rng, -0.7, 1.6, n, 1, 1) + _around(rng, 0.15, n, 1, 1) * self.x
        softness = _between(rng, 0.5, 20, n, 1, 1)
        ground = torch.sigmoid((self.y - level) * softness)[:, None]
        mixed = scene * (1 - ground) + other * ground
        return _blur(mixed, _between(rng, -2, 3, n).clamp(min=0))

    def _place(self, labels: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Frame coordinates of every picture seen from its figure: pose, size, place, mirror."""
        n, rng = len(labels), self.rng
        free = torch.from_numpy((labels % 5 == 0).astype(np.float32))
        turn = _around(rng, 0.25, n) + free * _between(rng, -np.pi, np.pi, n)
        scale = torch.exp(_between(rng, -0.4, 0.4, n))
        x = self.x[None] - _around(rng, 0.17, n, 1, 1)
        y = self.y[None] - _around(rng, 0.17, n, 1, 1)
        cos, sin = (turn.cos() / scale)[:, None, None], (turn.sin() / scale)[:, None, None]
        squeeze = torch.exp(_around(rng, 0.12, n, 1, 1))
        mirror = torch.from_numpy(np.sign(rng.random(n) - 0.5).astype(np.float32))[:, None, None]
        return mirror * (cos * x + sin * y) * squeeze, (cos * y - sin * x) / squeeze

    def _add_part(
        self, canvas: Tensor, frame: tuple[Tensor, Tensor], labels: NDArray[np.int64], part: int
    ) -> Tensor:
        figures, rng, n = self.figures, self.rng, len(labels)
        pick = labels, np.full(n, part)
        x, y = frame
        offset = torch.from_numpy(figures.offset[pick]) + _around(rng, 0.03, n, 2)
        swing = torch.from_numpy(
            figures.angle[pick] + figures.joint[pick] * rng.normal(0, 1, n).astype(np.float32)
        )
        size = torch.from_numpy(figures.size[pick]) * torch.exp(_around(rng, 0.1, n))
        x, y = x - offset[:, :1, None], y - offset[:, 1:, None]
        cos, sin = swing.cos()[:, None, None], swing.sin()[:, None, None]
        size = size[:, None, None]
        u, v = (cos * x + sin * y) / size, (cos * y - sin * x) / size
        v = v / torch.from_numpy(figures.aspect[pick])[:, None, None]
        radius = torch.sqrt(u * u + v * v) + 1e-4
        edge = self._outline(u / radius, v / radius, figures.outline[pick])
        hardness = size * self.side * 0.5
        alpha = torch.sigmoid((edge - radius) * hardness * 2.5)
        alpha = alpha * torch.from_numpy(figures.present[pick].astype(np.float32))[:, None, None]
        light = self.light
        depth = torch.sqrt((1 - (radius / edge).clamp(max=1) ** 2).clamp(min=0))
        shade = light[:, 2] * depth + light[:, 0] * u * cos + light[:, 1] * v + 1 - light[:, 2] * 0.7
        surface = self._crops(figures.kind[pick]) * torch.from_numpy(figures.gain[pick])[..., None, None]
        surface = surface * shade.clamp(0.15, 1.6)[:, None]
        return canvas + alpha[:, None] * (surface - canvas)

    @staticmethod
    def _outline(cos: Tensor, sin: Tensor, outline: NDArray[np.complex64]) -> Tensor:
        """Radius of a star-shaped outline in the direction (cos, sin): a short Fourier series."""
        edge, real, imaginary = torch.ones_like(cos), cos, sin
        for k in range(outline.shape[-1]):
            a = torch.from_numpy(outline[:, k].real.copy())[:, None, None]
            b = torch.from_numpy(outline[:, k].imag.copy())[:, None, None]
            edge = edge + a * real - b * imaginary
            real, imaginary = real * cos - imaginary * sin, real * sin + imaginary * cos
        return edge.clamp(min=0.25)

    def _develop(self, pictures: Tensor) -> Tensor:
        """Light, colour cast, contrast, sharpness, resolution and noise of a camera."""
        n, rng = len(pictures), self.rng
        slope = _around(rng, 0.2, n, 2, 1, 1)
        pictures = pictures * (1 + slope[:, :1] * self.x + slope[:, 1:] * self.y)
        pictures = pictures * torch.exp(_around(rng, 0.25, n, 1, 1, 1) + _around(rng, 0.06, n, 3, 1, 1))
        mean = pictures.mean((1, 2, 3), keepdim=True)
        pictures = mean + (pictures - mean) * torch.exp(_around(rng, 0.25, n, 1, 1, 1))
        grey = pictures.mean(1, keepdim=True)
        colourful = torch.from_numpy(rng.choice([0.0, 0.6, 1.0, 1.0, 1.3], n, p=[0.1, 0.2, 0.3, 0.2, 0.2]))
        pictures = grey + (pictures - grey) * colourful.float()[:, None, None, None]
        pictures = _blur(pictures, _between(rng, -0.6, 1.3, n).clamp(min=0))
        coarse = int(rng.integers(self.side // 3, self.side // 2 + 8))
        some = torch.from_numpy(rng.random(n) < 0.3)
        small = F.interpolate(pictures[some], size=(coarse, coarse), mode="bilinear", antialias=True)
        pictures[some] = F.interpolate(small, size=(self.side, self.side), mode="bilinear")
        noise = _between(rng, -0.03, 0.05, n, 1, 1, 1).clamp(min=0)
        return (pictures + noise * torch.randn_like(pictures)).clamp(0, 1)

    def _occlude(self, pictures: Tensor) -> Tensor:
        n, rng = len(pictures), self.rng
        cx, cy = _between(rng, -1.3, 1.3, n, 1, 1), _between(rng, -1.3, 1.3, n, 1, 1)
        ratio = torch.exp(_around(rng, 0.8, n, 1, 1))
        size = _between(rng, -0.4, 0.5, n, 1, 1).clamp(min=1e-3)
        inside = ((self.x - cx) * ratio / size) ** 2 + ((self.y - cy) / ratio / size) ** 2
        alpha = torch.sigmoid((1 - inside) * 6)[:, None] * (size > 0.01)[:, None]
        return pictures + alpha * (self._crops(rng.integers(0, self.kinds, n)) - pictures)

    def draw(self, labels: NDArray[np.int64]) -> Tensor:
        """Pictures of the given categories, float32 0..1 [n, 3, side, side]."""
        n, count = len(labels), len(self.figures.present)
        is_figure = labels < count
        figure = np.where(is_figure, labels, 0)
        direction = _around(self.rng, 0.2, n, 2, 1, 1)
        self.light = torch.cat([direction, _between(self.rng, 0, 0.7, n, 1, 1, 1)], 1)
        canvas = self._scenes(n)
        frame = self._place(figure)
        for part in range(PARTS - 1, -1, -1):
            active = np.flatnonzero(self.figures.present[figure, part] & is_figure)
            self_light, self.light = self.light, self.light[active]
            pieces = (frame[0][active], frame[1][active])
            canvas[active] = self._add_part(canvas[active], pieces, figure[active], part)
            self.light = self_light
        surfaces = np.flatnonzero(~is_figure)
        if len(surfaces):
            canvas[surfaces] = self._crops((labels[surfaces] - count) % self.kinds)
        return self._develop(self._occlude(canvas))

    def reseed(self, *seeds: int) -> None:
        """Start another stream of pictures of the same categories."""
        self.rng = np.random.default_rng(seeds)
        torch.manual_seed(int(self.rng.integers(2**31)))

    def batch(self, n: int) -> tuple[Tensor, Tensor]:
        """n pictures of random categories, and their labels int64 [n]."""
        labels = self.rng.integers(0, self.categories, n)
        return self.draw(labels), torch.from_numpy(labels)
