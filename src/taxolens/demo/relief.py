"""The surface of an animal as the camera sees it: for each pixel the nearest part, its slope and its skin.

Parts are stamped one after the other; the one nearest to the camera wins (a depth buffer), so that
legs vanish below the body and antennae lie over it. Shading comes later, once for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin

import numpy as np
from numpy.typing import NDArray

from taxolens.demo.axis import Axis

Array = NDArray[np.float32]

_FAR = np.float32(-1e9)


@dataclass(frozen=True, slots=True)
class Skin:
    """What a part is made of: linear colour, gloss 0..1, how much light goes through 0..1."""

    colour: Array
    gloss: float
    clear: float


@dataclass(slots=True)
class Relief:
    """Buffers over a window of the (enlarged) photo, all float32 [h, w] or [3, h, w].

    Attributes:
        depth: height over the body's axis in pixels; very negative where nothing is.
        normal: unit normals, z towards the camera.
        colour: linear colour of the parts that are not painted by the body's pattern.
        gloss: strength of highlights.
        clear: how much light goes through.
        thickness: of the part at this pixel, in pixels.
        t: position along the body where the body's pattern counts, else negative.
        q: around the body, 0 = middle of the back, 1 = middle of the belly.
    """

    depth: Array
    normal: Array
    colour: Array
    gloss: Array
    clear: Array
    thickness: Array
    t: Array
    q: Array

    @classmethod
    def empty(cls, height: int, width: int) -> Relief:
        """A window with nothing in it."""
        one = (height, width)
        return cls(
            depth=np.full(one, _FAR, dtype=np.float32),
            normal=np.zeros((3, *one), dtype=np.float32),
            colour=np.zeros((3, *one), dtype=np.float32),
            gloss=np.zeros(one, dtype=np.float32),
            clear=np.zeros(one, dtype=np.float32),
            thickness=np.zeros(one, dtype=np.float32),
            t=np.full(one, -1, dtype=np.float32),
            q=np.zeros(one, dtype=np.float32),
        )

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Where the animal is, [h, w]."""
        return self.depth > _FAR / 2

    def window(self, left: float, top: float, right: float, bottom: float) -> tuple[slice, slice] | None:
        """Rows and columns of a rectangle in pixels, clipped; None where nothing is left."""
        height, width = self.depth.shape
        x0, x1 = max(0, int(left)), min(width, int(right) + 2)
        y0, y1 = max(0, int(top)), min(height, int(bottom) + 2)
        return (slice(y0, y1), slice(x0, x1)) if x0 < x1 and y0 < y1 else None


def _grid(window: tuple[slice, slice]) -> tuple[Array, Array]:
    rows, columns = window
    x = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] + np.float32(0.5)
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + np.float32(0.5)
    return x, y


@dataclass(frozen=True, slots=True)
class Surface:
    """What a stamp wants to put down at the pixels of `inside`, all [n]."""

    depth: Array
    normal: tuple[Array, Array, Array]
    thickness: Array
    t: Array | None = None
    q: Array | None = None


def _put(
    relief: Relief, window: tuple[slice, slice], inside: NDArray[np.bool_], surface: Surface, skin: Skin
) -> None:
    depth = relief.depth[window]
    nearer = surface.depth > depth[inside]
    rows, columns = (index[nearer] for index in np.nonzero(inside))
    at = (rows, columns)
    depth[at] = surface.depth[nearer]
    for channel in range(3):
        relief.normal[channel][window][at] = surface.normal[channel][nearer]
        relief.colour[channel][window][at] = skin.colour[channel]
    relief.gloss[window][at] = skin.gloss
    relief.clear[window][at] = skin.clear
    relief.thickness[window][at] = surface.thickness[nearer]
    relief.t[window][at] = -1 if surface.t is None else surface.t[nearer]
    if surface.q is not None:
        relief.q[window][at] = surface.q[nearer]


@dataclass(frozen=True, slots=True)
class End:
    """One end of a limb segment, in pixels: position, height, radius."""

    x: float
    y: float
    z: float
    radius: float


def stamp_capsule(relief: Relief, first: End, last: End, skin: Skin) -> None:
    """A tapering rod with round ends."""
    reach = max(first.radius, last.radius) + 1
    window = relief.window(
        min(first.x, last.x) - reach,
        min(first.y, last.y) - reach,
        max(first.x, last.x) + reach,
        max(first.y, last.y) + reach,
    )
    if window is None:
        return
    x, y = _grid(window)
    dx, dy = last.x - first.x, last.y - first.y
    length2 = max(dx * dx + dy * dy, 1e-6)
    along: Array = (((x - first.x) * dx + (y - first.y) * dy) / length2).clip(0, 1)
    ox: Array = x - (first.x + along * dx)
    oy: Array = y - (first.y + along * dy)
    radius = np.float32(first.radius) + along * np.float32(last.radius - first.radius)
    out2 = (ox * ox + oy * oy) / (radius * radius)
    inside = out2 < 1
    if not inside.any():
        return
    nz: Array = np.sqrt(1 - out2[inside]).astype(np.float32)
    r: Array = radius[inside].astype(np.float32)
    depth: Array = np.float32(first.z) + along[inside] * np.float32(last.z - first.z) + nz * r
    normal = (ox[inside] / r, oy[inside] / r, nz)
    _put(relief, window, inside, Surface(depth, normal, nz * r * 2), skin)


@dataclass(frozen=True, slots=True)
class Ball:
    """An ellipsoid in pixels: centre, half axes (along `angle`, across it, towards the camera)."""

    x: float
    y: float
    z: float
    along: float
    across: float
    up: float
    angle: float = 0.0


def stamp_ball(
    relief: Relief, ball: Ball, skin: Skin, axis: Axis | None = None, midline: float = 0.0
) -> None:
    """An ellipsoid; with `axis` it is painted by the body's pattern.

    Args:
        midline: radians around the body from the middle of the back to the camera.
    """
    reach = max(ball.along, ball.across) + 1
    window = relief.window(ball.x - reach, ball.y - reach, ball.x + reach, ball.y + reach)
    if window is None:
        return
    x, y = _grid(window)
    c, s = np.float32(cos(ball.angle)), np.float32(sin(ball.angle))
    right, down = x - np.float32(ball.x), y - np.float32(ball.y)
    u = np.asarray((right * c + down * s) / ball.along, dtype=np.float32)
    v = np.asarray((down * c - right * s) / ball.across, dtype=np.float32)
    out2 = u * u + v * v
    inside = out2 < 1
    if not inside.any():
        return
    height = np.asarray(np.sqrt(1 - out2[inside]), dtype=np.float32)
    along, across, up = (np.float32(value) for value in (ball.along, ball.across, ball.up))
    nu, nv, nz = u[inside] / along, v[inside] / across, height / up
    scale = np.asarray(1 / np.sqrt(nu * nu + nv * nv + nz * nz), dtype=np.float32)
    normal = ((nu * c - nv * s) * scale, (nu * s + nv * c) * scale, nz * scale)
    depth: Array = np.float32(ball.z) + height * up
    t = q = None
    if axis is not None:
        t, _ = axis.to_body(*(np.broadcast_to(value, inside.shape)[inside] for value in (x, y)))
        t = t.clip(0.001, 0.999)
        q = around(v[inside] * np.float32(axis.side), midline)
    _put(relief, window, inside, Surface(depth, normal, height * up * 2, t, q), skin)


def around(v: Array, midline: float) -> Array:
    """Place around the body, 0 = back .. 1 = belly, of the sideways position v (-1..1)."""
    angle: Array = np.arcsin(v.clip(-1, 1)) - np.float32(midline)
    return np.asarray(np.abs(angle) * np.float32(1 / np.pi), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Outline:
    """Radii along the body, [n] each over t in 0..1, in body lengths.

    Attributes:
        upper: on the side where d is positive.
        lower: on the other side.
        height: towards the camera.
    """

    upper: Array
    lower: Array
    height: Array


def stamp_trunk(relief: Relief, axis: Axis, outline: Outline, skin: Skin, midline: float, sag: float) -> None:
    """Thorax and abdomen around the axis.

    Args:
        midline: radians around the body from the middle of the back to the camera.
        sag: how far the borders between segments bow backwards at the sides, body lengths.
    """
    steps = len(outline.upper)
    window = _trunk_window(relief, axis, outline)
    if window is None:
        return
    t, d = axis.to_body(*_grid(window))
    inside = (np.abs(d) < outline.upper.max() * 1.5) & (t > 0) & (t < 1)
    t, d = t[inside], d[inside]
    sided = np.concatenate([outline.lower, outline.upper])
    shift = np.where(d > 0, steps, 0)
    index = (t * (steps - 1)).astype(np.int32)
    v = d / np.maximum(sided[shift + index], 1e-4)
    bowed = (t + np.float32(sag) * np.minimum(v * v, 1)).clip(0, 0.9999)
    index = (bowed * (steps - 1)).astype(np.int32)
    radius = np.maximum(sided[shift + index], 1e-4)
    v = d / radius
    within = np.abs(v) < 1
    inside[inside] = within
    t, v, index, radius, shift = bowed[within], v[within], index[within], radius[within], shift[within]
    slope = np.concatenate([np.gradient(outline.lower), np.gradient(outline.upper)]) * (steps - 1)
    surface = _trunk_surface(axis, t, v, slope[shift + index], outline.height[index])
    q = around(v, midline)
    _put(relief, window, inside, Surface(*surface, t, q), skin)


def _trunk_surface(
    axis: Axis, t: Array, v: Array, slope: Array, height: Array
) -> tuple[Array, tuple[Array, Array, Array], Array]:
    up = np.sqrt(1 - v * v)
    # `slope` is d(radius)/dt and t runs away from the heading, so the signs cancel.
    along = slope.clip(-3, 3)
    scale = 1 / np.sqrt(along * along + 1)
    c, s = axis.directions(t)
    side = np.float32(axis.side)
    normal = (
        ((along * c - side * v * s) * scale).astype(np.float32),
        ((along * s + side * v * c) * scale).astype(np.float32),
        up * scale,
    )
    depth = up * height * np.float32(axis.length)
    return depth.astype(np.float32), normal, (2 * depth).astype(np.float32)


def _trunk_window(relief: Relief, axis: Axis, outline: Outline) -> tuple[slice, slice] | None:
    t = np.linspace(0, 1, 24, dtype=np.float32)
    widest = float(max(outline.upper.max(), outline.lower.max()))
    x, y = axis.to_pixels(
        np.concatenate([t, t]), np.repeat(np.array([widest, -widest], dtype=np.float32), 24)
    )
    return relief.window(float(x.min()) - 1, float(y.min()) - 1, float(x.max()) + 1, float(y.max()) + 1)
