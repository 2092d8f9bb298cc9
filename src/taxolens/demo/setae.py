"""The hairs of a springtail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from taxolens.demo.light import Light
from taxolens.demo.skeleton import STEPS, Rod, Skeleton
from taxolens.demo.specimen import Pose, Specimen

Array = NDArray[np.float32]

_COAT = 400


@dataclass(frozen=True, slots=True)
class Hairs:
    """Roots and bends and tips of hairs in pixels, [n, 3, 2]."""

    points: Array


def comb(
    light_map: Array,
    cover: Array,
    mask: NDArray[np.bool_],
    specimen: Specimen,
    pose: Pose,
    skeleton: Skeleton,
    light: Light,
) -> None:
    """Draws the hairs over a shaded animal, in place.

    Args:
        light_map: premultiplied linear light [h, w, 3].
        cover: [h, w].
        mask: where the animal is.
    """
    setae = specimen.look.setae
    rng = np.random.default_rng(specimen.seed + 1)
    paths = [*_coat(specimen, pose, skeleton, rng)]
    for rod in (*skeleton.antennae, *skeleton.legs):
        paths += _along(rod, setae.length * pose.axis.length * 0.5, setae.share, rng)
    layer = Image.new("L", (cover.shape[1], cover.shape[0]))
    pen = ImageDraw.Draw(layer)
    thick = 2 if pose.axis.length > 420 else 1
    for path in paths:
        pen.line(path, fill=255, width=thick)
    over = np.asarray(layer, dtype=np.float32) * np.float32(1 / 255)
    own = specimen.pigment.second * 0.35 if not setae.pale else 0.3 + 0.7 * specimen.pigment.accent
    colour = own * light.rgb * np.float32(0.75 if setae.pale else 0.8)
    over *= np.where(mask, np.float32(0.3 if setae.pale else 0.6), np.float32(0.5 if setae.pale else 0.75))
    at = np.nonzero(over)
    share = over[at]
    light_map[at] = light_map[at] * (1 - share)[:, None] + colour * share[:, None]
    cover[at] = cover[at] * (1 - share) + share


def _coat(specimen: Specimen, pose: Pose, skeleton: Skeleton, rng: np.random.Generator) -> list[list[float]]:
    setae, axis = specimen.look.setae, pose.axis
    count = int(_COAT * setae.share)
    start = specimen.look.trunk.width[0][0]
    t = rng.uniform(start, 1.0, count)
    maned = rng.random(count) < 0.4 * setae.mane
    t[maned] = rng.uniform(start, start + 0.16, int(maned.sum()))
    around = rng.uniform(-np.pi * 0.62, np.pi * 0.62, count) + skeleton.midline
    seen = np.cos(around) > -0.15
    t, around, maned = t[seen], around[seen], maned[seen]
    index = (t * (STEPS - 1)).astype(int)
    edge = np.where(np.sin(around) > 0, skeleton.outline.upper[index], skeleton.outline.lower[index])
    length = setae.length * rng.uniform(0.45, 1.15, len(t)) * np.where(maned, 1.35, 1.0)
    length = length * (0.55 + 0.9 * (t > 0.85))
    out, back = np.sin(around), rng.uniform(0.35, 0.9, len(t))
    back = np.where(maned, -0.5 * back, back)
    d = edge * out
    steps = [
        axis.to_pixels(t + back * length * share**1.6, d + out * length * share * 0.9)
        for share in (0.0, 0.55, 1.0)
    ]
    points = np.stack([np.stack(step, axis=1) for step in steps], axis=1)
    return [path.ravel().tolist() for path in points]


def _along(rod: Rod, length: float, share: float, rng: np.random.Generator) -> list[list[float]]:
    paths = []
    for first, last in zip(rod.ends[:-1], rod.ends[1:], strict=True):
        dx, dy = last.x - first.x, last.y - first.y
        far = max((dx * dx + dy * dy) ** 0.5, 1e-3)
        for _ in range(int(2 + 7 * share)):
            place, side = float(rng.random()), 1 if rng.random() < 0.5 else -1
            reach = length * float(rng.uniform(0.5, 1.0)) / far
            x, y = first.x + dx * place, first.y + dy * place
            paths.append([x, y, x + reach * (0.6 * dx - side * dy), y + reach * (0.6 * dy + side * dx)])
    return paths
