"""The bent middle line of an animal, and the way between its coordinates and the photo's."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Axis:
    """A circular arc on which the body is threaded.

    Body coordinates are (t, d) in body lengths: t runs from 0 at the front of the head to 1 at the
    end of the abdomen, d to one side of the arc.

    Attributes:
        x: centre in pixels.
        y: centre in pixels.
        length: body length in pixels.
        angle: where the head points to, radians, clockwise from the right of the photo.
        bend: how much the direction turns from tail to head, radians.
        side: 1 or -1, the side on which d is positive.
    """

    x: float
    y: float
    length: float
    angle: float
    bend: float
    side: int = 1

    @property
    def _bend(self) -> float:
        return self.bend if abs(self.bend) > 1e-3 else 1e-3

    def to_pixels(self, t: Array | float, d: Array | float) -> tuple[Array, Array]:
        """Pixel positions of body coordinates."""
        turn = self._bend * (0.5 - np.asarray(t, dtype=np.float32))
        reach = 1 / self._bend - np.asarray(d, dtype=np.float32)
        a = reach * np.sin(turn) * self.length
        b = (1 / self._bend - reach * np.cos(turn)) * self.length * self.side
        c, s = cos(self.angle), sin(self.angle)
        return (self.x + a * c - b * s).astype(np.float32), (self.y + a * s + b * c).astype(np.float32)

    def to_body(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Body coordinates (t, d) of pixel positions, broadcast together."""
        c, s = cos(self.angle), sin(self.angle)
        dx, dy = (x - self.x) / self.length, (y - self.y) / self.length
        a = np.float32(c) * dx + np.float32(s) * dy
        b = np.float32(self.side) * (np.float32(c) * dy - np.float32(s) * dx)
        radius = np.float32(1 / self._bend)
        sign = np.float32(np.sign(self._bend))
        rest = radius - b
        turn = np.arctan2(sign * a, sign * rest)
        return np.float32(0.5) - turn * radius, radius - sign * np.hypot(a, rest)

    def heading(self, t: float) -> float:
        """Direction towards the head at `t`, radians in the photo."""
        return self.angle + self.side * self._bend * (0.5 - t)

    def directions(self, t: Array) -> tuple[Array, Array]:
        """Cosine and sine of the heading at each `t`."""
        heading = self.angle + self.side * self._bend * (0.5 - t)
        return np.cos(heading).astype(np.float32), np.sin(heading).astype(np.float32)
