"""Small pictures of equal size in one file, and pictures made of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageOps

_QUALITY = 68
_EMPTY = (128, 128, 128)


def sprite(pictures: Sequence[bytes | None], *, side: int, columns: int) -> bytes:
    """A JPEG of small pictures, row by row, each cut to a square of `side` pixels.

    Args:
        pictures: encoded pictures of our own making; None leaves a grey square.
    """
    rows = max(1, -(-len(pictures) // columns))
    sheet = Pillow.new("RGB", (side * columns, side * rows), _EMPTY)
    for number, encoded in enumerate(pictures):
        if encoded is None:
            continue
        with Pillow.open(BytesIO(encoded)) as picture:
            square = ImageOps.fit(picture.convert("RGB"), (side, side), Pillow.Resampling.BICUBIC)
        sheet.paste(square, ((number % columns) * side, (number // columns) * side))
    return _jpeg(sheet, _QUALITY)


def drawn(pixels: NDArray[np.floating], *, side: int) -> bytes:
    """A JPEG of an array.

    Args:
        pixels: [height, width, 3], 0..255; values beyond are held at the end.
        side: width and height in pixels of the picture, which is enlarged smoothly.
    """
    picture = Pillow.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))
    return _jpeg(picture.resize((side, side), Pillow.Resampling.BICUBIC), 85)


def _jpeg(picture: Pillow.Image, quality: int) -> bytes:
    file = BytesIO()
    picture.save(file, "JPEG", quality=quality, optimize=True)
    return file.getvalue()
