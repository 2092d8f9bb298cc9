from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from taxolens.core.errors import ImageError
from taxolens.core.geometry import Box
from taxolens.imaging.crop import crop, outlined


def photo(size: tuple[int, int] = (640, 480), orientation: int = 1) -> bytes:
    """Grey, with a red part that covers the right lower quarter as it is stored."""
    pixels = np.full((size[1], size[0], 3), 128, dtype=np.uint8)
    pixels[size[1] // 2 :, size[0] // 2 :] = (220, 30, 30)
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95, exif=exif)
    return file.getvalue()


def opened(jpeg: bytes) -> Image.Image:
    image = Image.open(BytesIO(jpeg))
    image.load()
    return image


@pytest.mark.parametrize("size", [(640, 480), (4000, 3000)])
def test_a_crop_shows_what_is_in_the_box(size: tuple[int, int]) -> None:
    inside = opened(crop(photo(size), Box(0.7, 0.7, 0.1, 0.1), 64))
    assert np.asarray(inside).reshape(-1, 3).mean(0) == pytest.approx([220, 30, 30], abs=6)
    assert max(inside.size) <= 64


def test_boxes_lie_in_the_upright_photo() -> None:
    turned = opened(crop(photo(orientation=3), Box(0.1, 0.1, 0.2, 0.2), 64))
    assert np.asarray(turned).reshape(-1, 3).mean(0) == pytest.approx([220, 30, 30], abs=6)


def test_the_box_is_drawn_on_the_whole_photo() -> None:
    pixels = np.asarray(opened(outlined(photo(), Box(0.1, 0.1, 0.3, 0.3), 320))).astype(int)
    assert pixels.shape == (240, 320, 3)
    yellow = (pixels[..., 0] > 180) & (pixels[..., 1] > 150) & (pixels[..., 2] < 110)
    rows, columns = np.nonzero(yellow)
    assert (rows.min(), rows.max()) == pytest.approx((24, 96), abs=4)
    assert (columns.min(), columns.max()) == pytest.approx((32, 128), abs=4)


edge = st.floats(0, 1)


@given(edge, edge, edge, edge)
def test_any_box_gives_a_picture(x: float, y: float, width: float, height: float) -> None:
    box = Box(x, y, min(width, 1 - x), min(height, 1 - y))
    assert min(opened(crop(photo((64, 48)), box, 32)).size) >= 1
    assert opened(outlined(photo((64, 48)), box, 32)).size == (32, 24)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ImageError):
        crop(tmp_path / "none.jpg", Box(0, 0, 1, 1), 64)
