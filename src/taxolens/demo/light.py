"""Where the light comes from."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Light:
    """One soft lamp and what the surroundings give back.

    Attributes:
        azimuth: direction the light comes from, degrees clockwise from the right of the photo.
        elevation: degrees over the ground.
        colour: linear light of the lamp, about 1 each.
        ambient: share of light that comes from everywhere, 0..1.
        hardness: 0 = a large diffuser, 1 = a small bare flash.
    """

    azimuth: float
    elevation: float
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)
    ambient: float = 0.4
    hardness: float = 0.5

    @property
    def direction(self) -> tuple[float, float, float]:
        """Unit vector towards the lamp: x to the right, y down, z to the viewer."""
        flat = cos(radians(self.elevation))
        return (
            flat * cos(radians(self.azimuth)),
            flat * sin(radians(self.azimuth)),
            sin(radians(self.elevation)),
        )

    @property
    def half_way(self) -> tuple[float, float, float]:
        """Unit vector half way between lamp and viewer (Blinn 1977)."""
        x, y, z = self.direction
        length = (x * x + y * y + (z + 1) ** 2) ** 0.5
        return (x / length, y / length, (z + 1) / length)

    @property
    def rgb(self) -> NDArray[np.float32]:
        """The lamp's colour, float32 [3]."""
        return np.asarray(self.colour, dtype=np.float32)
