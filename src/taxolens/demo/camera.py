"""From light to a photo: depth of field, lens, exposure, sensor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from taxolens.demo.colour import decode, encode
from taxolens.demo.noise import smoothstep
from taxolens.demo.site import SiteLook

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]


def _to_picture(light: Array) -> Image.Image:
    values = (encode(np.moveaxis(light, -1, 0)) + np.float32(0.5)).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(np.moveaxis(values, 0, -1)))


def out_of_focus(ground: Array, rng: np.random.Generator, depth: float, scale: float) -> Array:
    """The ground sharp along a line near the middle, softer away from it.

    Args:
        ground: linear light [h, w, 3].
        depth: how shallow the depth of field is, 0..1.
    """
    height, width = ground.shape[:2]
    picture = _to_picture(ground)
    near = picture.filter(ImageFilter.BoxBlur((0.3 + 1.1 * depth * rng.random()) * scale))
    small = picture.reduce(2).filter(ImageFilter.GaussianBlur((0.6 + 2.2 * depth) * scale))
    far = small.resize(picture.size, Image.Resampling.BILINEAR)
    angle = rng.uniform(0, 2 * np.pi)
    x = (np.arange(width, dtype=np.float32) / width - 0.5)[None, :] * np.float32(np.cos(angle))
    y = (np.arange(height, dtype=np.float32) / height - 0.5)[:, None] * np.float32(np.sin(angle))
    away = np.abs(x + y + np.float32(rng.uniform(-0.12, 0.12)))
    share = smoothstep(0.12, 0.62 - 0.2 * depth, away)
    mask = Image.fromarray((share * 255).astype(np.uint8))
    return decode(np.asarray(Image.composite(far, near, mask)))


def expose(light: Array, site: SiteLook, rng: np.random.Generator, scale: float) -> Pixels:
    """Photo [h, w, 3] of linear light [h, w, 3]."""
    height, width = light.shape[:2]
    y = (np.arange(height, dtype=np.float32)[:, None] / height - 0.5) ** 2
    x = (np.arange(width, dtype=np.float32)[None, :] / width - 0.5) ** 2
    strength = site.vignette * float(rng.uniform(0.6, 1.3))
    gain = 1.5 * site.exposure * float(np.exp(rng.normal(0, 0.16)))
    lens = np.float32(gain) * (1 - np.float32(2 * strength) * (x + y)) ** 2
    exposed = light * lens[..., None]
    grey = exposed.mean(axis=2, keepdims=True)
    exposed = grey + np.float32(rng.uniform(0.82, 1.06)) * (exposed - grey)
    # A soft shoulder keeps highlights from clipping hard, as cameras do.
    exposed = exposed * (1 + 0.18 * exposed) / (1 + exposed * np.float32(0.62))
    picture = _to_picture(exposed)
    soft = picture.filter(ImageFilter.BoxBlur(1.2 * scale))
    # Between a soft lens (towards 1) and a camera that sharpens (below 0).
    softness = site.blur * float(rng.uniform(0.2, 1.3)) - float(rng.choice([0.0, 0.7]))
    seen = np.moveaxis(np.asarray(Image.blend(picture, soft, softness)), -1, 0).astype(np.float32, order="C")
    return _sensed(seen, site.noise * float(rng.uniform(0.6, 1.7)), rng)


def _sensed(values: Array, noise: float, rng: np.random.Generator) -> Pixels:
    """Photo [h, w, 3] of sRGB values [3, h, w] with the noise of the sensor, most of it common to the colours, stronger in the dark."""
    _, height, width = values.shape
    common, own = _grain(rng, (1, height, width)), _grain(rng, (3, height, width))
    amount = np.float32(255 * noise) * (np.float32(1.25) - values * np.float32(1 / 340))
    noisy = values + amount * (np.float32(0.7) * common + np.float32(0.55) * own)
    contrast = np.float32(rng.uniform(0.94, 1.14))
    photo = ((noisy - 112) * contrast + np.float32(112.5)).clip(0, 255).astype(np.uint8)
    return np.ascontiguousarray(np.moveaxis(photo, 0, -1))


def _grain(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Bell-shaped enough (a triangle), and ten times quicker than normal deviates; variance 1."""
    count = int(np.prod(shape))
    first, second = np.frombuffer(rng.bytes(2 * count), dtype=np.uint8).reshape(2, *shape)
    return np.asarray((first.astype(np.float32) - second) * np.float32(1 / 104.5), dtype=np.float32)
