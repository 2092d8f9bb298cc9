from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from taxolens.data.pixels import KeptPixels
from taxolens.workflows.unnamed import unlike

SIDE = 96


def scene(seed: int) -> Image.Image:
    """Something smooth, as photos are."""
    coarse = Image.fromarray(np.random.default_rng(seed).integers(0, 255, (9, 12, 3), np.uint8))
    return coarse.resize((640, 480), Image.Resampling.BICUBIC)


def seen(photo: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(photo.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def saved_anew(photo: Image.Image, width: int, quality: int) -> Image.Image:
    file = io.BytesIO()
    photo.resize((width, width * 3 // 4)).save(file, "JPEG", quality=quality)
    return Image.open(file)


def test_photos_saved_anew_or_made_smaller_are_known_for_what_is_held_back() -> None:
    known = [scene(seed) for seed in range(40)]
    copies = [saved_anew(known[row], 200 + 10 * row, 60 + row) for row in range(20)]
    further = KeptPixels(np.stack([seen(photo) for photo in (*copies, *map(scene, range(100, 400)))]))
    named = KeptPixels(np.stack([seen(photo) for photo in known]))
    held = np.arange(0, 40, 2)
    # Copies of what is learnt from with its name do no harm.
    assert unlike(further, named, held).tolist() == [*range(1, 20, 2), *range(20, 320)]
    assert unlike(further, named, held[:0]).tolist() == list(range(320))
