"""Small pictures for reports, by the name of the image."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from taxolens.core.errors import ImageError
from taxolens.core.records import Image
from taxolens.imaging.decode import thumbnail

_SIDE = 224


def thumbnails_of(images: Iterable[Image], max_megapixels: float = 150.0) -> Callable[[str], bytes | None]:
    """Gives a JPEG of at most 224 pixels for an image's name; None where it cannot be read any more."""
    paths = {image.name: image.path for image in images}

    def small(name: str) -> bytes | None:
        try:
            return thumbnail(paths[name], _SIDE, max_megapixels=max_megapixels)
        except (ImageError, KeyError):
            return None

    return small
