"""How a photo is stored and how it is to be seen: size and orientation, from its header alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import ExifTags
from PIL import Image as Pillow

from taxolens.core.geometry import Box

# A photo of several pictures (MPO) is opened as JPEG; Pillow knows no opener of that name
_FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF")
_ON_ITS_SIDE = frozenset({5, 6, 7, 8})


@dataclass(frozen=True, slots=True)
class Header:
    """What the header of a photo says.

    Attributes:
        width: in pixels, as stored.
        height: in pixels, as stored.
        orientation: EXIF 2.32, tag 0x0112; 1 is upright.
    """

    width: int
    height: int
    orientation: int = 1

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height as the photo is to be seen."""
        turned = self.orientation in _ON_ITS_SIDE
        return (self.height, self.width) if turned else (self.width, self.height)


def read_header(path: Path) -> Header | None:
    """The header of a photo; None where it cannot be read."""
    try:
        with Pillow.open(path, formats=_FORMATS) as image:
            orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
            return Header(*image.size, orientation if orientation in range(1, 9) else 1)
    except Exception:  # decoders throw whatever a damaged header leads them to
        return None


def turned_upright(box: Box, orientation: int) -> Box:
    """A box of the stored pixels, in the upright photo, for photos stored on their side (5 to 8)."""
    x, y = (box.y, box.x) if orientation in _ON_ITS_SIDE else (box.x, box.y)
    width, height = (box.height, box.width) if orientation in _ON_ITS_SIDE else (box.width, box.height)
    if orientation in (6, 7):
        x = max(0.0, 1 - x - width)
    if orientation in (7, 8):
        y = max(0.0, 1 - y - height)
    return Box(x, y, width, height)
