"""What springtails sit on: soil, plaster of rearing boxes, leaf litter, bark and moss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from taxolens.demo.colour import Rgb, blend, decode, linear
from taxolens.demo.light import Light
from taxolens.demo.noise import enlarge, fractal, grains, smoothstep, warped

Array = NDArray[np.float32]
Shape = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Ground:
    """A piece of ground before light falls on it.

    Attributes:
        colour: linear colour, [h, w, 3].
        height: in pixels, [h, w].
        wet: how wet, 0..1, [h, w].
    """

    colour: Array
    height: Array
    wet: Array


def _palette(rng: np.random.Generator, *colours: Rgb) -> list[Array]:
    """The colours of this place: all shifted alike, each a little by itself."""
    shift = np.exp(rng.normal(0, 0.22)) * np.exp(rng.normal(0, 0.06, 3))
    return [
        (linear(colour) * shift * np.exp(rng.normal(0, 0.08, 3))).clip(0.002, 0.9).astype(np.float32)
        for colour in colours
    ]


def _soil(rng: np.random.Generator, shape: Shape, scale: float) -> Ground:
    dark, brown, pale, quartz = _palette(rng, (44, 32, 24), (98, 72, 50), (150, 122, 92), (206, 196, 180))
    rough = fractal(rng, shape, 52 * scale, 5, 0.62)
    coarse = grains(rng, shape, max(6, round(17 * scale)), share=0.75, spread=0.7)
    coarse = warped(coarse, rng, 5 * scale, 10 * scale)
    fine = grains(rng, shape, max(3, round(6 * scale)), share=0.8, spread=0.8)
    fine = warped(fine, rng, 1.6 * scale, 4 * scale)
    crumbs = fractal(rng, shape, 7, 2, 0.8)
    colour = blend(dark, brown, smoothstep(-0.9, 0.9, rough + 0.5 * crumbs))
    tint = smoothstep(0.45, 1.0, coarse.tint) * smoothstep(0, 0.5, coarse.dome) * 0.6
    colour = blend(colour, pale, tint)
    sand = (fine.tint > 0.95) * smoothstep(0.1, 0.5, fine.dome) * 0.8
    colour = blend(colour, quartz, sand.astype(np.float32))
    colour = colour * (0.8 + 0.35 * fine.tint * (fine.dome > 0))[..., None]
    height = scale * (9 * rough + 5.5 * coarse.dome * (0.5 + coarse.tint) + 2.0 * fine.dome + 1.1 * crumbs)
    damp = smoothstep(-0.2, 0.9, fractal(rng, shape, 90, 1))
    return Ground(colour, height, damp * np.float32(rng.uniform(0, 0.9)))


def _plaster(rng: np.random.Generator, shape: Shape, scale: float) -> Ground:
    light_mix = rng.random() < 0.3
    base: Rgb = (150, 144, 132) if light_mix else (50, 52, 52)
    ground, speck, coal, yeast = _palette(rng, base, (186, 184, 176), (18, 18, 20), (204, 168, 96))
    cloud = fractal(rng, shape, 70 * scale, 5, 0.55)
    tooth = fractal(rng, shape, 5, 2, 0.8)
    pits = grains(rng, shape, max(5, round(15 * scale)), share=0.16, spread=0.8)
    bits = grains(rng, shape, max(3, round(7 * scale)), share=0.14, spread=0.9)
    crumbs = grains(
        rng, shape, max(5, round(11 * scale)), share=float(rng.choice([0.0, 0.015, 0.06])), spread=0.8
    )
    crumbs = warped(crumbs, rng, 3 * scale, 7 * scale)
    bits = warped(bits, rng, 2 * scale, 5 * scale)
    crack = smoothstep(
        0.035, 0.008, np.abs(fractal(rng, shape, 120 * scale, 4, 0.5) - np.float32(rng.uniform(-0.6, 0.6)))
    )
    crack *= np.float32(rng.random() < 0.35)
    colour = blend(np.zeros(3, dtype=np.float32), ground, (1 + 0.35 * cloud + 0.18 * tooth).clip(0.2, 2))
    colour = blend(colour, speck, (bits.tint > 0.6) * bits.dome * 0.5)
    colour = blend(colour, coal, (bits.tint <= 0.35) * bits.dome * 0.85)
    colour = blend(colour, yeast, smoothstep(0.1, 0.5, crumbs.dome) * (0.5 + 0.4 * crumbs.tint))
    colour = blend(colour, coal, np.maximum(crack, 0.55 * pits.dome))
    height: Array = np.float32(scale) * (
        2.2 * cloud + 0.6 * tooth - 4 * pits.dome - 3 * crack + 4.0 * crumbs.dome
    )
    wet = smoothstep(-0.3, 0.8, fractal(rng, shape, 110, 2)) * np.float32(rng.uniform(0.2, 1.0))
    return Ground(colour.astype(np.float32), height, wet)


def _leaf(rng: np.random.Generator, shape: Shape, scale: float) -> tuple[Array, Array]:
    """Colour and height of one dead leaf that fills the photo."""
    hue: tuple[Rgb, Rgb, Rgb] = [
        ((126, 88, 50), (72, 46, 28), (176, 138, 88)),
        ((132, 98, 62), (90, 58, 36), (180, 150, 104)),
        ((92, 70, 52), (48, 36, 30), (138, 116, 90)),
        ((110, 102, 66), (66, 58, 36), (158, 148, 104)),
    ][int(rng.integers(4))]
    base, dark, vein = _palette(rng, *hue)
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    wobble = fractal(rng, shape, 80 * scale, 2)
    u = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle)) + 5 * wobble
    v = y * np.float32(np.cos(angle)) - x * np.float32(np.sin(angle)) + 4 * wobble
    v = v - np.float32(rng.uniform(0, max(shape)) * np.cos(angle))
    spacing = np.float32(rng.uniform(34, 62) * scale)
    lateral = ((u + 0.75 * np.abs(v)) / spacing) % 1 - 0.5
    veins = np.maximum(
        np.exp(-((v / (3.2 * scale)) ** 2)), 0.75 * np.exp(-((lateral * spacing / (1.7 * scale)) ** 2))
    )
    net = grains(rng, shape, max(5, round(10 * scale)), spread=0.15)
    mesh = smoothstep(0.55, 0.25, net.dome)
    spots = smoothstep(0.35, 0.8, fractal(rng, shape, 46 * scale, 4, 0.6))
    colour = blend(base, dark, spots * 0.85)
    colour = blend(colour, vein, np.maximum(veins * 0.7, 0.22 * mesh))
    colour = colour * (1 + 0.2 * wobble + 0.12 * (net.tint - 0.5))[..., None]
    height = scale * (3.2 * veins + 0.9 * mesh + 10 * wobble - 1.5 * spots)
    return colour.astype(np.float32), height


def _litter(rng: np.random.Generator, shape: Shape, scale: float) -> Ground:
    colour, height = _leaf(rng, shape, scale)
    if rng.random() < 0.65:
        upper, upper_height = _leaf(rng, shape, scale)
        y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32) / np.float32(max(shape))
        angle = rng.uniform(0, 2 * np.pi)
        border = (x - 0.5) * np.float32(np.cos(angle)) + (y - 0.5) * np.float32(np.sin(angle))
        border = border + 0.05 * fractal(rng, shape, 60 * scale, 3) - np.float32(rng.uniform(0.05, 0.3))
        over = smoothstep(0.0, 0.006, border)
        colour = blend(colour * (0.45 + 0.55 * smoothstep(0.0, -0.07, border))[..., None], upper, over)
        height = height + (upper_height - height + np.float32(9 * scale)) * over
    damp = smoothstep(0.0, 0.9, fractal(rng, shape, 80, 2)) * np.float32(rng.uniform(0, 0.8))
    return Ground(colour.astype(np.float32), height + 0.5 * fractal(rng, shape, 4, 1), damp)


def _bark(rng: np.random.Generator, shape: Shape, scale: float) -> Ground:
    dark, brown, grey, alga = _palette(rng, (40, 32, 28), (104, 82, 64), (148, 138, 124), (104, 122, 62))
    side = int(1.45 * max(shape))
    ridges = fractal(rng, (side, side), (90 * scale, 17 * scale), 4, 0.6)
    turned = Image.fromarray(ridges).rotate(float(rng.uniform(0, 360)), Image.Resampling.BILINEAR)
    top, left = (side - shape[0]) // 2, (side - shape[1]) // 2
    ridges = np.asarray(turned)[top : top + shape[0], left : left + shape[1]]
    crust = fractal(rng, shape, 9 * scale, 3, 0.7)
    furrow = smoothstep(-0.1, -0.75, ridges)
    colour = blend(brown, grey, smoothstep(-0.3, 0.9, ridges + 0.4 * crust))
    green = smoothstep(0.1, 0.8, fractal(rng, shape, 60 * scale, 4, 0.6) + 0.4 * crust) * np.float32(
        rng.uniform(0, 0.9)
    )
    colour = blend(colour, alga, green)
    colour = blend(colour, dark, furrow * 0.85)
    colour = colour * (1 + 0.25 * crust)[..., None].clip(0.3, 2)
    height = scale * (10 * ridges + 2.2 * crust - 4 * furrow)
    return Ground(colour.astype(np.float32), height.astype(np.float32), 0.3 * green)


def _moss(rng: np.random.Generator, shape: Shape, scale: float) -> Ground:
    """Leaflets in three layers, the lower ones darker and out of focus."""
    canvas = Image.new("RGB", (shape[1], shape[0]), (38, 40, 20))
    warm = float(rng.uniform(-18, 26))
    for layer in range(3):
        if layer:
            canvas = canvas.filter(ImageFilter.GaussianBlur((3 - layer) * 1.3 * scale))
        pen = ImageDraw.Draw(canvas)
        for _ in range((46, 42, 30)[layer]):
            _moss_shoot(
                pen, rng, shape, scale * (0.8 + 0.2 * layer), (0.35, 0.62, 0.95)[layer], warm, layer == 2
            )
    soft = canvas.filter(ImageFilter.GaussianBlur(0.7))
    colour = decode(np.asarray(soft))
    bright = enlarge(np.asarray(soft.convert("L"), dtype=np.float32), *shape)
    wet = smoothstep(0.2, 0.9, fractal(rng, shape, 50, 2)) * np.float32(rng.uniform(0.1, 0.8))
    return Ground(colour, 0.05 * scale * bright + 1.5 * fractal(rng, shape, 20, 2), wet)


def _moss_shoot(
    pen: ImageDraw.ImageDraw,
    rng: np.random.Generator,
    shape: Shape,
    scale: float,
    bright: float,
    warm: float,
    veined: bool,
) -> None:
    x, y, heading, length = rng.uniform(
        (-20, -20, 0, 11 * scale), (shape[1] + 20, shape[0] + 20, 6.3, 20 * scale)
    )
    leaves = 12
    turn = heading + np.resize([1, -1], leaves) * rng.uniform(0.3, 1.0, leaves)
    wide = rng.uniform(1.3, 2.9, leaves) * scale
    tone = bright * rng.uniform(0.6, 1.15, leaves)
    root = np.array([x, y]) + 0.26 * length * np.arange(leaves)[:, None] * [np.cos(heading), np.sin(heading)]
    along = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1) * wide[:, None]
    belly, tip = root + 0.42 * length * along, root + length * along
    outline = np.concatenate([root, belly + across, tip, belly - across], axis=1)
    fills = (tone[:, None] * [112 + warm, 138, 48]).astype(int)
    for corners, fill in zip(outline.tolist(), fills.tolist(), strict=True):
        pen.polygon(corners, fill=tuple(fill))
        if veined:
            pen.line(
                [corners[0], corners[1], corners[4], corners[5]],
                fill=tuple(int(1.25 * value) for value in fill),
            )


SUBSTRATES: Mapping[str, Callable[[np.random.Generator, Shape, float], Ground]] = MappingProxyType(
    {"soil": _soil, "plaster": _plaster, "litter": _litter, "bark": _bark, "moss": _moss}
)


def draw_ground(name: str, rng: np.random.Generator, shape: Shape, scale: float) -> Ground:
    """A random piece of a substrate.

    Args:
        name: key of SUBSTRATES.
        scale: pixels for each pixel of the usual magnification.
    """
    return SUBSTRATES[name](rng, shape, scale)


def lit(ground: Ground, light: Light) -> Array:
    """Linear light that the ground sends to the camera, [h, w, 3]."""
    slope_y, slope_x = np.gradient(ground.height * np.float32(0.45))
    scale = 1 / np.sqrt(slope_x * slope_x + slope_y * slope_y + 1)
    lx, ly, lz = (np.float32(value) for value in light.direction)
    facing = (lz - slope_x * lx - slope_y * ly) * scale
    coarse = enlarge(ground.height[4::8, 4::8].copy(), *ground.height.shape)
    hollow = 1 - 0.09 * (coarse - ground.height).clip(0, 7)
    ambient = np.float32(light.ambient)
    brightness = (ambient * scale * hollow + (1 - ambient) * 1.25 * facing.clip(0, None)) * (
        0.6 + 0.4 * hollow
    )
    hx, hy, hz = (np.float32(value) for value in light.half_way)
    mirror = np.power(
        ((hz - slope_x * hx - slope_y * hy) * scale).clip(0.01, 1), np.float32(40 + 60 * light.hardness)
    )
    wet = ground.wet
    # A wet surface is darker, because light that enters it comes out less often.
    shine = (mirror * wet * np.float32(0.25 + 0.5 * light.hardness))[..., None]
    dull = ground.colour * (brightness * (1 - 0.35 * wet))[..., None]
    return np.asarray((dull + shine) * light.rgb, dtype=np.float32)
