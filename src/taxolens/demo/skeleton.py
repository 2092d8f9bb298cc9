"""Where the parts of an animal lie in a photo, before any is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import cos, pi, radians, sin

import numpy as np
from numpy.typing import NDArray

from taxolens.demo.axis import Axis
from taxolens.demo.relief import Ball, End, Outline
from taxolens.demo.specimen import Pose, Specimen
from taxolens.demo.taxa import Profile, Trunk

Array = NDArray[np.float32]

STEPS = 512
"""Points along the body in outlines and segment tables."""


@dataclass(frozen=True, slots=True)
class Rod:
    """A chain of limb segments, from the body outwards; `share` is 0 at its base and 1 at its tip."""

    ends: tuple[End, ...]

    @property
    def shares(self) -> tuple[float, ...]:
        """Place of each end along the chain."""
        last = max(len(self.ends) - 1, 1)
        return tuple(index / last for index in range(len(self.ends)))


@dataclass(frozen=True, slots=True)
class Skeleton:
    """All parts in pixels.

    Attributes:
        outline: of the trunk.
        midline: radians around the body from the middle of the back to the camera.
        segment: number of the segment at each of STEPS points along the body.
        phase: place within that segment, 0..1.
    """

    axis: Axis
    outline: Outline
    midline: float
    segment: NDArray[np.int8]
    phase: Array
    head: Ball
    eyes: tuple[Ball, ...]
    antennae: tuple[Rod, ...]
    legs: tuple[Rod, ...]
    furca: tuple[Rod, ...]
    spines: tuple[Rod, ...]
    tubercles: tuple[Ball, ...]

    def reach(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of all parts, in pixels."""
        t = np.linspace(0, 1, 16, dtype=np.float32)
        widest = float(max(self.outline.upper.max(), self.outline.lower.max()))
        x, y = self.axis.to_pixels(
            np.concatenate([t, t]), np.repeat(np.array([widest, -widest], dtype=np.float32), 16)
        )
        rods = (*self.antennae, *self.legs, *self.furca, *self.spines)
        ends = [(end.x, end.y, end.radius) for rod in rods for end in rod.ends]
        head = (self.head.x, self.head.y, max(self.head.along, self.head.across))
        points = np.array([*ends, head, *((a, b, 0.0) for a, b in zip(x, y, strict=True))])
        low, high = points[:, :2] - points[:, 2:], points[:, :2] + points[:, 2:]
        return (*low.min(axis=0), *high.max(axis=0))


def build_skeleton(specimen: Specimen, pose: Pose) -> Skeleton:
    """Puts an individual into a pose."""
    look, axis, midline = specimen.look, pose.axis, pose.roll * pi / 2
    segment, phase = _segments(look.trunk)
    outline = _outline(specimen, pose.roll, phase)
    head = _head(specimen, pose, midline)
    return Skeleton(
        axis=axis,
        outline=outline,
        midline=midline,
        segment=segment,
        phase=phase,
        head=head,
        eyes=_eyes(specimen, pose, head, midline),
        antennae=_antennae(specimen, pose, head, midline),
        legs=_legs(specimen, pose, outline, midline),
        furca=_furca(specimen, pose, outline),
        spines=_spines(specimen, pose),
        tubercles=_tubercles(specimen, axis, outline, midline),
    )


def _segments(trunk: Trunk) -> tuple[NDArray[np.int8], Array]:
    start = trunk.width[0][0]
    edges = np.array([start, *trunk.borders, 1.0])
    t = np.linspace(0, 1, STEPS)
    segment = np.searchsorted(trunk.borders, t, side="right")
    phase = (t - edges[segment]) / (edges[segment + 1] - edges[segment])
    return segment.astype(np.int8), phase.clip(0, 1).astype(np.float32)


def _radii(profile: Profile, stoutness: float) -> Array:
    """Interpolated in the square, so that both ends are round."""
    t, radius = np.array(profile).T
    square = np.interp(np.linspace(0, 1, STEPS), t, radius**2)
    reach = round(150 * radius.max())
    kernel = np.exp(-(np.linspace(-2, 2, 2 * reach + 1) ** 2))
    smooth = np.convolve(np.pad(square, reach, mode="edge"), kernel / kernel.sum(), mode="valid")
    smooth = np.minimum(smooth, square.max())
    start, end = t[0] * STEPS, STEPS - 1
    index = np.arange(STEPS)
    # Smoothing spreads over the ends; a body begins and ends somewhere.
    caps = np.clip((index - start) / 14, 0, 1) * np.clip((end - index) / 14, 0, 1)
    return np.asarray(np.sqrt(smooth * caps.clip(0, 1)) * stoutness, dtype=np.float32)


def _outline(specimen: Specimen, roll: float, phase: Array) -> Outline:
    trunk, stout = specimen.look.trunk, specimen.stoutness
    width = _radii(trunk.width, stout)
    back, belly = _radii(trunk.back, stout), _radii(trunk.belly, stout)
    t = np.linspace(0, 1, STEPS)
    rings = 1 + trunk.bulge * (np.sin(np.pi * phase) - 0.6)
    for border in trunk.borders:
        rings -= trunk.groove * np.exp(-(((t - border) / 0.011) ** 2))
    rings = rings.astype(np.float32)
    return Outline(
        upper=(width + (back - width) * roll) * rings,
        lower=(width + (belly - width) * roll) * rings,
        height=((back + belly) / 2 * (1 - roll) + width * roll) * rings,
    )


def _head(specimen: Specimen, pose: Pose, midline: float) -> Ball:
    head, axis = specimen.look.head, pose.axis
    size = specimen.stoutness * (1.12 - 0.12 * specimen.age)
    across = head.width + (head.height - head.width) * pose.roll
    drop = -head.drop * sin(midline)
    x, y = axis.to_pixels(head.length * 0.55, drop)
    length = axis.length * size
    tilt = 0.35 * pose.roll * (head.height > head.length)
    return Ball(
        x=float(x),
        y=float(y),
        z=-0.1 * across * length,
        along=head.length * 0.56 * length,
        across=across / 2 * length,
        up=(head.height + (head.width - head.height) * pose.roll) / 2 * length,
        angle=axis.heading(0.08) + axis.side * (pose.head_turn + tilt),
    )


def _on_head(
    pose: Pose, head: Ball, forward: float, around: float, midline: float
) -> tuple[float, float, float]:
    """A point on the head: `forward` -1..1, `around` radians from the middle of the back."""
    ring = (1 - forward * forward) ** 0.5
    u = forward * head.along
    v = pose.axis.side * ring * sin(midline + around) * head.across
    c, s = cos(head.angle), sin(head.angle)
    z = head.z + ring * cos(midline + around) * head.up
    return head.x + u * c - v * s, head.y + u * s + v * c, z


def _eyes(specimen: Specimen, pose: Pose, head: Ball, midline: float) -> tuple[Ball, ...]:
    radius = specimen.look.eye * pose.axis.length * (1.2 - 0.2 * specimen.age)
    if radius <= 0:
        return ()
    eyes = []
    for side in (1, -1):
        x, y, z = _on_head(pose, head, 0.3, side * radians(58), midline)
        flat = 0.55 + 0.45 * pose.roll
        if z > head.z - radius:
            eyes.append(Ball(x, y, z - 0.3 * radius, radius * 1.15, radius * flat, radius * 0.9, head.angle))
    return tuple(eyes)


def _antennae(specimen: Specimen, pose: Pose, head: Ball, midline: float) -> tuple[Rod, ...]:
    rods = []
    for side, (base, curve) in zip((-1, 1), pose.antennae, strict=True):
        turned = side * (1 - 2 * (pose.roll > 0.5))
        around = -side * radians(34) if pose.roll <= 0.5 else -turned * radians(24)
        start = _on_head(pose, head, 0.8, around, midline)
        rods.append(_antenna(specimen, pose, start, (base, curve), 1.0 if side < 0 else -1.0))
    return tuple(rods)


def _antenna(
    specimen: Specimen, pose: Pose, start: tuple[float, float, float], bent: tuple[float, float], sign: float
) -> Rod:
    form, axis = specimen.look.antennae, pose.axis
    length = form.length * axis.length * specimen.limbs
    angle = axis.heading(0.05) + axis.side * (pose.head_turn + bent[0])
    x, y, z = start
    ends = [End(x, y, z, form.radius * axis.length)]
    # An elbow bends back towards the heading, as living springtails hold their antennae.
    elbow = -radians(form.elbow) * np.sign(bent[0] if abs(bent[0]) > 0.05 else sign)
    shares = _split_long(form.shares)
    last_joint = len(form.shares) - 2
    done = 0.0
    for share, joint in shares:
        middle = done + share / 2
        bend = bent[1] * (middle - 0.4) * 2 + (
            elbow * (0.35 if joint < last_joint else 1.0) if joint > 1 else 0
        )
        heading = angle + axis.side * bend
        x, y = x + cos(heading) * share * length, y + sin(heading) * share * length
        z += share * length * 0.15
        done += share
        radius = form.radius * axis.length * (1 + (form.taper - 1) * done)
        ends.append(End(x, y, z, radius))
    return Rod(tuple(ends))


def _split_long(shares: tuple[float, ...]) -> list[tuple[float, int]]:
    """Long segments in pieces, so that an antenna can curve; each with the number of its segment."""
    total = sum(shares)
    pieces: list[tuple[float, int]] = []
    for joint, share in enumerate(shares):
        parts = max(1, round(share / total / 0.14))
        pieces += [(share / total / parts, joint)] * parts
    return pieces


def _legs(specimen: Specimen, pose: Pose, outline: Outline, midline: float) -> tuple[Rod, ...]:
    look = specimen.look
    globe = len(look.trunk.borders) < 4
    stations = (0.3, 0.4, 0.5) if globe else (0.23, 0.31, 0.4)
    rods = []
    for side in (1, -1):
        for number, t in enumerate(stations):
            swing = (0.5, -0.1, -0.6)[number] + 0.3 * sin(
                2 * pi * (pose.stride + 0.5 * number + 0.25 * (side > 0))
            )
            rods.append(_leg(specimen, pose, outline, (t, side, swing, midline)))
    return tuple(rods)


def _leg(specimen: Specimen, pose: Pose, outline: Outline, place: tuple[float, int, float, float]) -> Rod:
    """Hip, knee, ankle and foot of one leg."""
    t, side, swing, midline = place
    look, axis = specimen.look, pose.axis
    index = int(t * (STEPS - 1))
    around = midline - side * radians(125)
    reach = look.limbs.leg * specimen.limbs
    body = float(outline.upper[index] if sin(around) > 0 else outline.lower[index])
    hip_d, depth = body * 0.72 * sin(around), 0.6 * float(outline.height[index]) * cos(around)
    out = sin(around) * (0.75 + 0.25 * pose.roll)
    radius = look.limbs.leg_radius * axis.length
    ends = []
    joints = ((0.0, 0.0, 1.0), (0.12, 0.36, 1.1), (0.5, 0.66, 0.8), (1.0, 0.84, 0.38))
    for along, outwards, thick in joints:
        x, y = axis.to_pixels(t - swing * reach * along * 0.62, hip_d + out * reach * outwards)
        z = (depth - 0.35 * reach * along) * axis.length
        ends.append(End(float(x), float(y), z, radius * thick))
    return Rod(tuple(ends))


def _furca(specimen: Specimen, pose: Pose, outline: Outline) -> tuple[Rod, ...]:
    look, axis = specimen.look, pose.axis
    length = look.limbs.furca
    if length <= 0 or (not pose.furca_out and pose.roll < 0.5):
        return ()
    index = int(0.84 * (STEPS - 1))
    belly = -float(outline.lower[index]) * pose.roll
    thick = 0.016 * axis.length
    rods = []
    for side in (1, -1):
        apart = side * 0.16 * length * (1 - 0.6 * pose.roll)
        if pose.furca_out:
            places = (
                (0.9, belly * 0.6),
                (0.93 + 0.45 * length, belly * 0.9),
                (0.93 + length, belly * 0.9 + apart),
            )
        else:
            places = (
                (0.86, belly * 0.85),
                (0.86 - 0.1 * length, belly * 1.2),
                (0.86 - length, belly * 1.12 + apart / 3),
            )
        ends = []
        for number, (t, d) in enumerate(places):
            x, y = axis.to_pixels(t, d)
            ends.append(End(float(x), float(y), -0.12 * axis.length, thick * (1.3, 0.95, 0.4)[number]))
        rods.append(Rod(tuple(ends)))
    return tuple(rods)


def _spines(specimen: Specimen, pose: Pose) -> tuple[Rod, ...]:
    if not specimen.look.spines:
        return ()
    axis = pose.axis
    rods = []
    for side in (1, -1):
        d = side * 0.022 + 0.03 * pose.roll
        x0, y0 = axis.to_pixels(0.97, d)
        x1, y1 = axis.to_pixels(1.02, d * 1.2)
        base = End(float(x0), float(y0), 0.05 * axis.length, 0.012 * axis.length)
        rods.append(Rod((base, End(float(x1), float(y1), 0.06 * axis.length, 0.004 * axis.length))))
    return tuple(rods)


def _tubercles(specimen: Specimen, axis: Axis, outline: Outline, midline: float) -> tuple[Ball, ...]:
    """Rows of warts across each segment, two rows on the head."""
    trunk = specimen.look.trunk
    if not specimen.look.cuticle.tubercles:
        return ()
    edges = (0.03, 0.1, *trunk.borders, 1.0)
    balls = []
    for front, back in pairwise(edges):
        t = (front + back) / 2
        index = int(max(t, 0.18) * (STEPS - 1))
        for around in (8, 33, 60, 88, -8, -33, -60, -88):
            angle = midline + radians(around)
            if cos(angle) < -0.2:
                continue
            edge = float(outline.upper[index] if sin(angle) > 0 else outline.lower[index])
            shrunk = 0.62 if t < 0.13 else 0.92
            x, y = axis.to_pixels(t, edge * shrunk * sin(angle))
            z = float(outline.height[index]) * shrunk * cos(angle) * axis.length
            size = (0.023 + 0.013 * (abs(around) > 50)) * axis.length * specimen.stoutness
            balls.append(Ball(float(x), float(y), z - 0.25 * size, size, size, size, 0.0))
    return tuple(balls)
