"""One drawn photo: pixels, what is in them, and the JPEG file that says it was drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from taxolens.core.errors import UsageError
from taxolens.core.geometry import Box
from taxolens.demo.scene import draw_scene
from taxolens.demo.site import SITES, SiteLook
from taxolens.demo.taxa import find_taxon

MAKE = "Taxolens"
"""The maker of all cameras that took no real photo."""

DESCRIPTION = "A drawing made by Taxolens for trying it out; no real animal was photographed."


@dataclass(frozen=True, slots=True)
class DrawnAnimal:
    """An animal in a drawn photo.

    Attributes:
        taxon_id: what it is.
        box: the tightest box around its visible body, legs, furca and antennae; hairs are left out,
            as people leave them out.
    """

    taxon_id: str
    box: Box


@dataclass(frozen=True, slots=True)
class DrawnPhoto:
    """A drawn photo.

    Attributes:
        pixels: sRGB, uint8 [h, w, 3].
        animals: all that are to be seen.
        taken: local time, as if a camera had taken it.
        site: name of the site.
    """

    pixels: NDArray[np.uint8]
    animals: tuple[DrawnAnimal, ...]
    taken: datetime
    site: str


def draw_photo(
    seed: int,
    *,
    taxon_ids: Sequence[str],
    count: int = 1,
    size: tuple[int, int] = (320, 320),
    site: SiteLook | None = None,
    frame: int = 0,
) -> DrawnPhoto:
    """Draws a photo; the same arguments give the same pixels.

    Args:
        seed: 0 or more; photos of one burst share it.
        taxon_ids: what may be in the photo, ids of `taxolens.demo.taxa`; each animal is one of these
            by chance. "blank" stands for no animal.
        count: how many animals.
        size: width and height in pixels, at least 32 each.
        site: where; by chance when not given.
        frame: number within a burst: the same animals, a few seconds later.

    Raises:
        UsageError: unknown taxon, nothing to choose from, size too small.
    """
    if min(size) < 32:
        raise UsageError(
            "A photo of {width} x {height} pixels is too small; 32 x 32 is the least.",
            width=size[0],
            height=size[1],
        )
    if not taxon_ids or count < 0:
        raise UsageError("Nothing to draw: name at least one taxon and a count of 0 or more.")
    choice = np.random.default_rng([seed, 0])
    place = site or SITES[int(choice.integers(len(SITES)))]
    known = [find_taxon(taxon_id) for taxon_id in taxon_ids]
    chosen = [known[int(choice.integers(len(known)))] for _ in range(count)]
    scene = draw_scene(seed, chosen, size, place, frame)
    animals = tuple(DrawnAnimal(animal.taxon_id, animal.box) for animal in scene.animals)
    return DrawnPhoto(scene.pixels, animals, scene.taken, place.name)


def encode_photo(photo: DrawnPhoto, site: SiteLook) -> bytes:
    """The photo as a JPEG file with EXIF: when, which camera, and that it was drawn."""
    exif = Image.Exif()
    when = photo.taken.strftime("%Y:%m:%d %H:%M:%S")
    exif[ExifTags.Base.ImageDescription] = DESCRIPTION
    exif[ExifTags.Base.Make] = MAKE
    exif[ExifTags.Base.Model] = site.camera
    exif[ExifTags.Base.DateTime] = when
    exif[ExifTags.Base.Orientation] = 1
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = when
    file = BytesIO()
    Image.fromarray(photo.pixels).save(file, "JPEG", quality=site.quality, exif=exif)
    return file.getvalue()
