"""An animal as a picture: its parts stamped, painted, lit and combed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from taxolens.demo.axis import Axis
from taxolens.demo.light import Light
from taxolens.demo.noise import fractal
from taxolens.demo.pattern import PATTERNS, Points
from taxolens.demo.relief import Relief, Skin, stamp_ball, stamp_capsule, stamp_trunk
from taxolens.demo.setae import comb
from taxolens.demo.skeleton import STEPS, Rod, Skeleton, build_skeleton
from taxolens.demo.specimen import Pose, Specimen

Array = NDArray[np.float32]

Places = tuple[NDArray[np.intp], ...]

_BLACK = np.array([0.012, 0.009, 0.011], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Sprite:
    """A drawn animal, cut out.

    Attributes:
        left: column of its first pixel in the photo.
        top: row of its first pixel in the photo.
        light: linear light, premultiplied with `cover`, [h, w, 3].
        cover: how much it hides what is behind, 0..1, [h, w].
        body: share of each pixel that belongs to the animal without its hairs, 0..1, [h, w].
    """

    left: int
    top: int
    light: Array
    cover: Array
    body: Array


def draw_animal(
    specimen: Specimen, pose: Pose, light: Light, ground: Array, size: tuple[int, int]
) -> Sprite | None:
    """Draws what of an animal lies within a photo.

    Args:
        ground: mean linear light of the ground [3], which the animal's underside gives back.
        size: width and height of the photo.
    """
    zoom = 3 if pose.axis.length < 110 else 2
    skeleton = build_skeleton(specimen, pose)
    left, top, right, bottom = skeleton.reach()
    margin = 0.08 * pose.axis.length + 2
    x0, y0 = max(0, int(left - margin)), max(0, int(top - margin))
    x1, y1 = min(size[0], int(right + margin) + 1), min(size[1], int(bottom + margin) + 1)
    if x1 <= x0 or y1 <= y0:
        return None
    axis = pose.axis
    local = replace(axis, x=(axis.x - x0) * zoom, y=(axis.y - y0) * zoom, length=axis.length * zoom)
    local_pose = replace(pose, axis=local)
    skeleton = build_skeleton(specimen, local_pose)
    relief = Relief.empty((y1 - y0) * zoom, (x1 - x0) * zoom)
    _stamp(relief, specimen, local_pose, skeleton)
    shaded, cover = _shade(relief, specimen, skeleton, light, ground)
    mask = relief.mask
    comb(shaded, cover, mask, specimen, local_pose, skeleton, light)
    return Sprite(x0, y0, _shrink(shaded, zoom), _shrink(cover, zoom), _shrink(mask.astype(np.float32), zoom))


def _shrink(field: Array, zoom: int) -> Array:
    total = sum(field[row::zoom, column::zoom] for row in range(zoom) for column in range(zoom))
    return np.asarray(total, dtype=np.float32) / np.float32(zoom * zoom)


def _stamp(relief: Relief, specimen: Specimen, pose: Pose, skeleton: Skeleton) -> None:
    look, pigment = specimen.look, specimen.pigment
    cuticle = look.cuticle
    body = Skin(pigment.base, cuticle.gloss, cuticle.clear)
    for rod in (*skeleton.legs, *skeleton.furca, *skeleton.spines):
        _stamp_rod(relief, rod, (pigment.leg, pigment.leg), 0.5 * cuticle.gloss, cuticle.clear + 0.15)
    stamp_trunk(relief, skeleton.axis, skeleton.outline, body, skeleton.midline, pose.bow)
    stamp_ball(relief, skeleton.head, body, skeleton.axis, skeleton.midline)
    for ball in skeleton.tubercles:
        stamp_ball(relief, ball, body, skeleton.axis, skeleton.midline)
    for rod in skeleton.antennae:
        _stamp_rod(
            relief, rod, pigment.antenna, 0.5 * cuticle.gloss, cuticle.clear + 0.1, look.antennae.ringed
        )
    for ball in skeleton.eyes:
        stamp_ball(relief, ball, Skin(_BLACK, 0.9, 0.0))


def _stamp_rod(
    relief: Relief, rod: Rod, colours: tuple[Array, Array], gloss: float, clear: float, ringed: bool = False
) -> None:
    shares = rod.shares
    for number in range(len(rod.ends) - 1):
        first, last = rod.ends[number], rod.ends[number + 1]
        colour = colours[0] + (colours[1] - colours[0]) * np.float32(shares[number])
        if ringed and number % 2:
            colour = colour * np.float32(0.72)
        skin = Skin(colour, gloss, min(clear, 0.8))
        # A joint is thinner than what it joins.
        narrow = replace(last, radius=last.radius * 0.85)
        stamp_capsule(relief, first, narrow, skin)


@cache
def _weave() -> Array:
    """Fine texture shared by all animals; each looks at another piece of it."""
    return fractal(np.random.default_rng(20), (512, 512), 6, 1, 0.9)


def _paint(relief: Relief, specimen: Specimen, skeleton: Skeleton, at: Places) -> tuple[Array, Array]:
    """Colours [3, n] and fine texture [n] of the pixels `at`."""
    colour = relief.colour[:, at[0], at[1]]
    t, q = relief.t[at], relief.q[at]
    painted = t >= 0
    points = _points(specimen, skeleton, t[painted], q[painted])
    colour[:, painted] = _pigmented(specimen, points)
    texture = _weave()[at[0] % 512, at[1] % 512] * np.float32(0.5)
    texture[painted] = points.speck
    return colour, texture


def _points(specimen: Specimen, skeleton: Skeleton, t: Array, q: Array) -> Points:
    """What a pattern needs to know, with the individual's own noise."""
    rng = np.random.default_rng(specimen.seed)
    blotches = fractal(rng, (280, 200), 26, 2, 0.5)
    row, column = (int(value) for value in rng.integers(0, 140, 2))
    # Half way around a body of this radius, in body lengths: keeps blotches as long as wide.
    around = q * np.float32(np.pi * min(skeleton.outline.height.max(), 0.45))
    blotch = blotches[(around * 195).astype(np.int32), (t * 195).astype(np.int32)]
    speck = _weave()[((around * 360).astype(np.int32) + row) % 512, (t * 360).astype(np.int32) + column]
    index = (t * (STEPS - 1)).astype(np.int32)
    return Points(t, q, skeleton.segment[index], skeleton.phase[index], blotch * np.float32(1.4), speck)


def _pigmented(specimen: Specimen, points: Points) -> Array:
    """Colours [3, n] of painted points."""
    colouring, pigment = specimen.look.colouring, specimen.pigment
    second, accent = PATTERNS[colouring.pattern](points)
    # Even thin pigment darkens a lot.
    marked = (1 - (1 - second.clip(0, 1)) ** 1.7) * np.float32(specimen.contrast)
    spotted = accent * np.float32(specimen.contrast)
    base = pigment.base[:, None]
    mixed = base + (pigment.second[:, None] - base) * marked
    mixed = mixed + (pigment.accent[:, None] - mixed) * spotted
    cloud = np.float32(0.55 * colouring.mottle) * (0.6 * points.speck + 0.57 * points.blotch)
    return np.asarray(mixed * (1 + cloud).clip(0.25, 2), dtype=np.float32)


def _shade(
    relief: Relief, specimen: Specimen, skeleton: Skeleton, light: Light, ground: Array
) -> tuple[Array, Array]:
    """Premultiplied light [h, w, 3] and cover [h, w]."""
    at = np.nonzero(relief.mask)
    shape = relief.depth.shape
    shaded, cover = np.zeros((3, *shape), dtype=np.float32), np.zeros(shape, dtype=np.float32)
    colour, texture = _paint(relief, specimen, skeleton, at)
    cuticle = specimen.look.cuticle
    nx, ny, nz = _roughened(relief, at, texture, cuticle.grain)
    clear = relief.clear[at]
    incoming = _incoming(light, ground, (nx, ny, nz), clear)
    crease = _crease(relief, skeleton.axis)[at]
    radiance = colour * incoming * crease
    mirror = _highlight(light, (nx, ny, nz), cuticle.polish) * relief.gloss[at] * crease
    if cuticle.scales:
        radiance, mirror = _shimmer(radiance, mirror, (nx, ny, nz), texture, relief.t[at], cuticle.scales)
    radiance = radiance + mirror * light.rgb[:, None]
    thickness = relief.thickness[at] / np.float32(0.12 * skeleton.axis.length)
    opaque = np.asarray(1 - clear * np.exp(-1.6 * thickness), dtype=np.float32)
    shaded[:, at[0], at[1]] = radiance * opaque
    cover[at] = opaque
    return np.moveaxis(shaded, 0, -1), cover


def _roughened(relief: Relief, at: Places, texture: Array, grain: float) -> tuple[Array, Array, Array]:
    nx, ny, nz = (relief.normal[channel][at] for channel in range(3))
    strength = np.float32(0.28 * grain)
    nx = nx + strength * texture
    ny = ny + strength * np.roll(texture, 1)
    scale = 1 / np.sqrt(nx * nx + ny * ny + nz * nz)
    return nx * scale, ny * scale, nz * scale


def _incoming(light: Light, ground: Array, normal: tuple[Array, Array, Array], clear: Array) -> Array:
    """Linear light that falls on each point, [3, n]."""
    nx, ny, nz = normal
    lx, ly, lz = (np.float32(value) for value in light.direction)
    wrap = np.float32(0.25) + 0.5 * clear
    lamp = ((nx * lx + ny * ly + nz * lz + wrap) / (1 + wrap)).clip(0, None)
    sky = np.float32(light.ambient) * (0.35 + 0.65 * nz)
    direct = (1 - np.float32(light.ambient)) * 1.25 * lamp
    bounce = (1 - nz) * np.float32(0.35)
    return np.asarray((direct + sky) * light.rgb[:, None] + bounce * ground[:, None], dtype=np.float32)


def _highlight(light: Light, normal: tuple[Array, Array, Array], polish: float) -> Array:
    nx, ny, nz = normal
    hx, hy, hz = (np.float32(value) for value in light.half_way)
    facing = (nx * hx + ny * hy + nz * hz).clip(0.01, 1)
    exponent = polish * (0.5 + 1.2 * light.hardness)
    sharp = np.power(facing, np.float32(exponent))
    broad = np.power(facing, np.float32(0.22 * exponent))
    rim = np.power(1 - nz.clip(0, 1), np.float32(3)) * np.float32(0.12)
    shine = np.float32(0.35 + 0.65 * light.hardness) * sharp + np.float32(0.14) * broad + rim
    return np.asarray(shine, dtype=np.float32)


def _crease(relief: Relief, axis: Axis) -> Array:
    """Less light reaches grooves and the places where one part lies on another."""
    step = max(1, round(axis.length / 90))
    depth = np.where(relief.mask, relief.depth, -np.float32(0.15 * axis.length))
    around = np.maximum(np.roll(depth, step, 0), np.roll(depth, -step, 0))
    around = np.maximum(around, np.maximum(np.roll(depth, step, 1), np.roll(depth, -step, 1)))
    buried = (around - depth) / np.float32(step * 3.0)
    return np.asarray(1 - np.float32(0.6) * buried.clip(0, 1), dtype=np.float32)


def _shimmer(
    radiance: Array, mirror: Array, normal: tuple[Array, Array, Array], texture: Array, t: Array, share: float
) -> tuple[Array, Array]:
    """Scales glitter, bluish here and golden there."""
    nx, ny, _ = normal
    scaled: Array = np.where(t >= 0, np.float32(share), np.float32(0.1))
    phase = 5.0 * nx + 4.0 * ny + 2.5 * texture
    hue = np.stack([np.cos(phase), np.cos(phase - 2.1), np.cos(phase - 4.2)])
    glitter: Array = (texture - np.float32(0.25)).clip(0, 1) * scaled
    lit: Array = radiance * (1 + np.float32(0.16) * scaled * hue) * (1 + np.float32(0.9) * glitter)
    return lit, mirror * (np.float32(0.35) + np.float32(2.2) * glitter)
