"""Parts of photos for people: what is in a box, and where the box lies."""

from __future__ import annotations

from io import BytesIO

from PIL import Image as Pillow
from PIL import ImageDraw, ImageFile

from taxolens.core.geometry import Box
from taxolens.imaging.container import DEFAULT_MEGAPIXELS, Source, opened
from taxolens.imaging.decode import upright_rgb

MARGIN = 0.25
"""What is shown around a box, as a share of its sides."""

_QUALITY = 82
_COLOURS = ((0, 0, 0, 5), (255, 212, 0, 3))  # dark beneath bright: seen on snow and at night


def crop(source: Source, box: Box, side: int, *, max_megapixels: float = DEFAULT_MEGAPIXELS) -> bytes:
    """A small JPEG of what is in a box and a little around it, upright, never enlarged.

    Args:
        box: in the upright photo.
        side: longest side in pixels.

    Raises:
        ImageError: the photo cannot be read.
    """
    with opened(source, max_megapixels=max_megapixels) as image:
        _draft(image, side / max(box.width, box.height, 1e-3))
        picture = upright_rgb(image)
    width, height = picture.size
    across, down = box.width * MARGIN, box.height * MARGIN
    left, top = int((box.x - across) * width), int((box.y - down) * height)
    right = round((box.x + box.width + across) * width)
    bottom = round((box.y + box.height + down) * height)
    left, top = min(max(left, 0), width - 1), min(max(top, 0), height - 1)
    part = picture.crop((left, top, max(min(right, width), left + 1), max(min(bottom, height), top + 1)))
    return _small(part, side)


def outlined(source: Source, box: Box, side: int, *, max_megapixels: float = DEFAULT_MEGAPIXELS) -> bytes:
    """A small JPEG of a whole photo with a box drawn on it, upright, never enlarged.

    Raises:
        ImageError: the photo cannot be read.
    """
    with opened(source, max_megapixels=max_megapixels) as image:
        _draft(image, side)
        picture = upright_rgb(image)
    picture.thumbnail((side, side), Pillow.Resampling.BICUBIC)
    width, height = picture.size
    edges = (
        box.x * width,
        box.y * height,
        max((box.x + box.width) * width, box.x * width + 1),
        max((box.y + box.height) * height, box.y * height + 1),
    )
    drawing = ImageDraw.Draw(picture)
    for red, green, blue, thick in _COLOURS:
        drawing.rectangle(edges, outline=(red, green, blue), width=thick)
    return _small(picture, side)


def _draft(image: ImageFile.ImageFile, side: float) -> None:
    """Asks the JPEG decoder for no more pixels than a photo of this longest side has."""
    scale = int(max(image.size) / side)
    if image.format == "JPEG" and scale > 1:
        image.draft(None, (image.size[0] // scale, image.size[1] // scale))


def _small(picture: Pillow.Image, side: int) -> bytes:
    picture.thumbnail((side, side), Pillow.Resampling.BICUBIC)
    file = BytesIO()
    picture.save(file, "JPEG", quality=_QUALITY, optimize=True)
    return file.getvalue()
