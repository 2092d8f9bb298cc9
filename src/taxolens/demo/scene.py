"""A photo before it is a file: ground, things on it, animals with their shadows, camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from taxolens.core.geometry import Box
from taxolens.demo.animal import Sprite, draw_animal
from taxolens.demo.axis import Axis
from taxolens.demo.camera import expose, out_of_focus
from taxolens.demo.distractor import scatter
from taxolens.demo.light import Light
from taxolens.demo.site import SiteLook
from taxolens.demo.specimen import Pose, Specimen, draw_pose, draw_specimen, moved
from taxolens.demo.substrate import draw_ground, lit
from taxolens.demo.taxa import SpringtailTaxon

Array = NDArray[np.float32]

_USUAL_SIDE = 320
_SEEN = 0.3
"""Share of a pixel that an animal must fill to count as seen there."""


@dataclass(frozen=True, slots=True)
class SceneAnimal:
    """An animal in a scene: what it is, where, and which pixels are its own, hairs left out."""

    taxon_id: str
    box: Box
    mask: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scene:
    """A finished scene: photo [h, w, 3], animals, local time."""

    pixels: NDArray[np.uint8]
    animals: tuple[SceneAnimal, ...]
    taken: datetime


@dataclass(frozen=True, slots=True)
class _Actor:
    specimen: Specimen
    pose: Pose


def draw_scene(
    seed: int, taxa: Sequence[SpringtailTaxon], size: tuple[int, int], site: SiteLook, frame: int = 0
) -> Scene:
    """Draws one photo.

    Args:
        seed: of everything that stays the same within a burst.
        taxa: of the animals, one each; empty for a photo without an animal.
        size: width and height in pixels.
        frame: number within a burst; the same animals a few seconds later.
    """
    still, live = np.random.default_rng([seed, 1]), np.random.default_rng([seed, 2, frame])
    taken = site.draw_time(still)
    seconds = sum(int(step) for step in still.integers(1, 5, 8)[:frame])
    scale = min(size) / _USUAL_SIDE
    light = site.draw_light(still)
    actors = _cast(taxa, size, site, np.random.default_rng([seed, 3]))
    scene = _draw_ground(np.random.default_rng([seed, 4]), live, size, site, light)
    mean = scene[::8, ::8].mean(axis=(0, 1))
    drawn = []
    for number, actor in enumerate(actors):
        pose = moved(actor.pose, frame, np.random.default_rng([seed, 5, frame, number]))
        sprite = draw_animal(actor.specimen, pose, light, mean, size)
        if sprite is None:
            continue
        sprite = _softened(sprite, live, site.depth * scale)
        _place(scene, sprite, light, pose.axis.length)
        drawn.append((actor.specimen.taxon.id, _mask(sprite, size)))
    pixels = expose(scene, site, live, scale)
    return Scene(pixels, _boxed(drawn), taken + timedelta(seconds=seconds))


def _cast(
    taxa: Sequence[SpringtailTaxon], size: tuple[int, int], site: SiteLook, rng: np.random.Generator
) -> list[_Actor]:
    """Individuals at places where they do not lie over each other; who finds no room stays away."""
    actors: list[_Actor] = []
    crowd = max(1.0, len(taxa)) ** 0.5
    for taxon in taxa:
        if taxon.look is None:
            continue
        specimen = draw_specimen(taxon, rng)
        for attempt in range(60):
            axis = _axis(specimen, size, site.zoom / crowd**0.8 * 0.98**attempt, rng)
            if all(_apart(axis, other.pose.axis) for other in actors):
                actors.append(_Actor(specimen, draw_pose(taxon.look, axis, rng)))
                break
    return actors


def _axis(specimen: Specimen, size: tuple[int, int], zoom: float, rng: np.random.Generator) -> Axis:
    low, high = specimen.taxon.millimetres
    # People frame small animals closer, so that size tells something but not all.
    grown = low + (high - low) * specimen.age
    share = zoom * (grown / 2.2) ** 0.28 * float(np.exp(rng.normal(0, 0.16)))
    length = min(share, 0.82) * min(size)
    room = 0.52 * length / np.array(size)
    x, y = rng.uniform(np.minimum(room, 0.42), np.maximum(1 - room, 0.58)) * np.array(size)
    return Axis(
        x=float(x),
        y=float(y),
        length=length,
        angle=float(rng.uniform(0, 2 * np.pi)),
        bend=float(rng.normal(0, 0.38)),
        side=1 if rng.random() < 0.5 else -1,
    )


def _apart(first: Axis, second: Axis) -> bool:
    return float(np.hypot(first.x - second.x, first.y - second.y)) > 0.62 * (first.length + second.length)


def _draw_ground(
    still: np.random.Generator, live: np.random.Generator, size: tuple[int, int], site: SiteLook, light: Light
) -> Array:
    """The lit ground, a little shifted from frame to frame as nobody holds a camera still."""
    width, height = size
    margin = 6
    scale = min(size) / _USUAL_SIDE
    shape = (height + 2 * margin, width + 2 * margin)
    name = site.draw_substrate(still)
    ground = draw_ground(name, still, shape, float(scale * np.exp(still.normal(0, 0.25))))
    scene = lit(ground, light)
    scatter(scene, light, still, scale)
    down, right = (int(value) for value in live.integers(0, 2 * margin, 2))
    cut = scene[down : down + height, right : right + width]
    return out_of_focus(cut, live, site.depth, scale)


def _softened(sprite: Sprite, rng: np.random.Generator, depth: float) -> Sprite:
    """Some animals are not quite in focus."""
    blur = float(rng.gamma(1.2, 0.35)) * depth
    if blur < 0.35:
        return sprite
    channels = [*np.moveaxis(sprite.light, -1, 0), sprite.cover]
    soft = [_blurred(np.ascontiguousarray(channel), blur) for channel in channels]
    return replace(sprite, light=np.stack(soft[:3], axis=-1), cover=soft[3])


def _blurred(field: Array, radius: float) -> Array:
    """Binomial blur of a float field, standard deviation `radius` pixels."""
    side = np.float32(min(radius, 1.2) ** 2 / 2)
    side = min(side, np.float32(0.33))
    for axis in (0, 1):
        field = field + side * (np.roll(field, 1, axis) + np.roll(field, -1, axis) - 2 * field)
    return field


def _place(scene: Array, sprite: Sprite, light: Light, length: float) -> None:
    """Lays an animal onto the ground [h, w, 3] with its shadow, in place."""
    height, width = sprite.cover.shape
    shade = Image.new("L", (scene.shape[1], scene.shape[0]))
    cover = Image.fromarray((sprite.cover * 255).clip(0, 255).astype(np.uint8))
    shade.paste(cover, (sprite.left, sprite.top))
    small = shade.reduce(2).filter(ImageFilter.GaussianBlur(max(0.4, 0.007 * length)))
    touch = small.resize(shade.size, Image.Resampling.BILINEAR)
    lx, ly, lz = light.direction
    far = 0.1 * length / max(lz, 0.35)
    thrown = Image.new("L", shade.size)
    thrown.paste(shade, (round(-lx * far), round(-ly * far)))
    small = thrown.reduce(2).filter(ImageFilter.GaussianBlur((0.025 - 0.015 * light.hardness) * length + 0.3))
    thrown = small.resize(shade.size, Image.Resampling.BILINEAR)
    dark = np.asarray(touch, dtype=np.float32) * np.float32(0.62 / 255)
    cast = np.asarray(thrown, dtype=np.float32) * np.float32(
        (0.55 + 0.5 * light.hardness) * (1 - light.ambient) / 170
    )
    scene *= ((1 - dark) * (1 - cast.clip(0, 0.85)))[..., None]
    view = scene[sprite.top : sprite.top + height, sprite.left : sprite.left + width]
    view[:] = view * (1 - sprite.cover[..., None]) + sprite.light


def _mask(sprite: Sprite, size: tuple[int, int]) -> NDArray[np.bool_]:
    mask = np.zeros((size[1], size[0]), dtype=np.bool_)
    rows, columns = sprite.body.shape
    mask[sprite.top : sprite.top + rows, sprite.left : sprite.left + columns] = sprite.body >= _SEEN
    return mask


def _boxed(drawn: Sequence[tuple[str, NDArray[np.bool_]]]) -> tuple[SceneAnimal, ...]:
    """What is to be seen of each animal, below those that were drawn after it."""
    animals: list[SceneAnimal] = []
    hidden: NDArray[np.bool_] = np.zeros((), dtype=np.bool_)
    for taxon_id, whole in reversed(drawn):
        mask = whole & ~hidden
        hidden = hidden | whole
        ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        if len(ys):
            height, width = mask.shape
            left, top = int(xs[0]) / width, int(ys[0]) / height
            box = Box(left, top, (int(xs[-1]) + 1) / width - left, (int(ys[-1]) + 1) / height - top)
            animals.append(SceneAnimal(taxon_id, box, mask))
    return tuple(reversed(animals))
