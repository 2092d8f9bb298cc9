"""Small pictures for reports, by the name of the image."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO

from PIL import Image as Pillow

from taxolens.core.errors import ImageError
from taxolens.core.records import Image
from taxolens.data.crops import Crop, looked_at
from taxolens.imaging.decode import thumbnail
from taxolens.imaging.preprocess import Fit, Preprocess

_SIDE, _QUALITY = 224, 82
_RULE = Preprocess(_SIDE, _SIDE, fit=Fit.CORNER, multiple=1)


def thumbnails_of(images: Iterable[Image], max_megapixels: float = 150.0) -> Callable[[str], bytes | None]:
    """Gives a JPEG of at most 224 pixels for an image's name; None where it cannot be read any more."""
    known = {image.name: image for image in images}

    def small(name: str) -> bytes | None:
        image = known.get(name)
        if image is None:
            return None
        if isinstance(image, Crop):
            return _cut(image, max_megapixels)
        try:
            return thumbnail(image.path, _SIDE, max_megapixels=max_megapixels)
        except ImageError:
            return None

    return small


def _cut(crop: Crop, max_megapixels: float) -> bytes | None:
    """What a classifier sees of a box."""
    found = looked_at([crop], Pillow.fromarray, _RULE, workers=1, max_megapixels=max_megapixels)
    picture = next(found)
    if isinstance(picture, ImageError):
        return None
    file = BytesIO()
    picture.save(file, "JPEG", quality=_QUALITY, optimize=True)
    return file.getvalue()
