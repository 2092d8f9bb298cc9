"""Places where photos are taken: their ground, their light, their camera and their days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from taxolens.demo.light import Light


@dataclass(frozen=True, slots=True)
class SiteLook:
    """What all photos of a site have in common.

    Attributes:
        name: folder name.
        substrates: names in `taxolens.demo.substrate` with their shares.
        azimuth: where the lamp usually stands, degrees.
        elevation: of the lamp, degrees.
        hardness: 0 = diffuse .. 1 = bare flash.
        ambient: share of light from everywhere.
        cast: colour cast, linear factor for red, green, blue.
        exposure: brightness, factor.
        noise: of the sensor at middle grey, share of full scale.
        vignette: loss of light in the corners, 0..1.
        blur: of the lens, pixels at a photo 320 wide.
        depth: how shallow the depth of field is, 0..1.
        zoom: usual length of an animal, share of the photo's shorter side.
        quality: of the JPEG.
        camera: model written into the photos.
        hour: usual hour of the day.
    """

    name: str
    substrates: tuple[tuple[str, float], ...]
    azimuth: float = -60.0
    elevation: float = 50.0
    hardness: float = 0.5
    ambient: float = 0.4
    cast: tuple[float, float, float] = (1.0, 1.0, 1.0)
    exposure: float = 1.0
    noise: float = 0.012
    vignette: float = 0.25
    blur: float = 0.6
    depth: float = 0.5
    zoom: float = 0.6
    quality: int = 88
    camera: str = "drawn photo"
    hour: float = 11.0

    def draw_light(self, rng: np.random.Generator) -> Light:
        """The lamp in one photo: near its usual place."""
        tint = np.asarray(self.cast) * np.exp(rng.normal(0, 0.03, 3))
        return Light(
            azimuth=self.azimuth + float(rng.normal(0, 22)),
            elevation=float(np.clip(self.elevation + rng.normal(0, 7), 25, 80)),
            colour=(float(tint[0]), float(tint[1]), float(tint[2])),
            ambient=float(np.clip(self.ambient + rng.normal(0, 0.05), 0.15, 0.75)),
            hardness=float(np.clip(self.hardness + rng.normal(0, 0.1), 0, 1)),
        )

    def draw_substrate(self, rng: np.random.Generator) -> str:
        """The ground in one photo."""
        names = [name for name, _ in self.substrates]
        shares = np.array([share for _, share in self.substrates])
        return names[int(rng.choice(len(names), p=shares / shares.sum()))]

    def draw_time(self, rng: np.random.Generator) -> datetime:
        """A moment of a visit to the site."""
        day = datetime(2024, 3, 1) + timedelta(days=int(rng.integers(0, 240)))
        seconds = (self.hour + float(np.clip(rng.normal(0, 1.2), -3, 3))) * 3600
        return day + timedelta(seconds=int(seconds))


SITES: tuple[SiteLook, ...] = (
    SiteLook(
        "oak-wood",
        (("litter", 0.5), ("soil", 0.3), ("bark", 0.2)),
        azimuth=-70,
        elevation=48,
        hardness=0.35,
        ambient=0.5,
        cast=(0.96, 1.03, 0.9),
        exposure=0.92,
        camera="drawn photo, field macro",
        hour=10.5,
    ),
    SiteLook(
        "rearing-room",
        (("plaster", 0.85), ("soil", 0.15)),
        azimuth=-120,
        elevation=58,
        hardness=0.75,
        ambient=0.45,
        cast=(0.97, 1.0, 1.06),
        noise=0.008,
        vignette=0.35,
        blur=0.5,
        depth=0.25,
        quality=92,
        camera="drawn photo, stereo microscope",
        hour=14.0,
    ),
    SiteLook(
        "meadow",
        (("soil", 0.45), ("moss", 0.3), ("litter", 0.25)),
        azimuth=20,
        elevation=42,
        hardness=0.85,
        ambient=0.32,
        cast=(1.08, 1.0, 0.88),
        exposure=1.08,
        vignette=0.2,
        depth=0.7,
        quality=82,
        camera="drawn photo, telephone with clip lens",
        noise=0.02,
        hour=16.0,
    ),
    SiteLook(
        "stream-bank",
        (("bark", 0.35), ("moss", 0.4), ("soil", 0.25)),
        azimuth=150,
        elevation=52,
        hardness=0.55,
        ambient=0.42,
        cast=(0.92, 1.0, 1.04),
        exposure=0.85,
        noise=0.017,
        blur=0.75,
        depth=0.6,
        camera="drawn photo, field macro",
        hour=9.0,
    ),
    SiteLook(
        "compost",
        (("soil", 0.6), ("litter", 0.4)),
        azimuth=-20,
        elevation=60,
        hardness=0.95,
        ambient=0.28,
        cast=(1.05, 0.98, 0.9),
        noise=0.014,
        zoom=0.53,
        camera="drawn photo, ring flash",
        hour=19.0,
    ),
    SiteLook(
        "orchard",
        (("bark", 0.5), ("litter", 0.3), ("moss", 0.2)),
        azimuth=-150,
        elevation=40,
        hardness=0.6,
        ambient=0.4,
        cast=(1.04, 1.02, 0.92),
        exposure=1.15,
        depth=0.55,
        camera="drawn photo, telephone with clip lens",
        quality=80,
        hour=12.5,
    ),
)
