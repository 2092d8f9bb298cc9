"""Parts of photos with boxes on them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from taxolens.core.errors import ImageError
from taxolens.core.geometry import Box
from taxolens.imaging.closeup import Outline, Outlined, closeup


def photo(width: int, height: int) -> bytes:
    file = BytesIO()
    Pillow.new("RGB", (width, height), (120, 120, 120)).save(file, "PNG")
    return file.getvalue()


def shown(source: bytes, *boxes: Outlined, side: int = 256) -> np.ndarray:
    with Pillow.open(BytesIO(closeup(source, boxes, side))) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def blue(pixels: np.ndarray) -> np.ndarray:
    return (pixels[..., 2] - pixels[..., 0] > 60).sum()


def yellow(pixels: np.ndarray) -> np.ndarray:
    return (pixels[..., 0] - pixels[..., 2] > 100).sum()


@given(
    size=st.tuples(st.integers(1, 400), st.integers(1, 400)),
    left=st.floats(0, 1),
    top=st.floats(0, 1),
    wide=st.floats(0, 1),
    high=st.floats(0, 1),
)
@settings(max_examples=60)
def test_any_box_of_any_photo_is_shown_in_the_same_shape(
    size: tuple[int, int], left: float, top: float, wide: float, high: float
) -> None:
    box = Box(left, top, (1 - left) * wide, (1 - top) * high)
    pixels = shown(photo(*size), Outlined(box, Outline.TRUE))
    assert pixels.shape == (192, 256, 3)


def test_a_true_and_a_found_box_are_told_apart() -> None:
    true, found = (
        Outlined(Box(0.2, 0.2, 0.2, 0.2), Outline.TRUE),
        Outlined(Box(0.5, 0.5, 0.2, 0.2), Outline.FOUND),
    )
    assert blue(shown(photo(400, 300), true)) > 200
    assert yellow(shown(photo(400, 300), true)) == 0
    assert yellow(shown(photo(400, 300), found)) > 100
    assert blue(shown(photo(400, 300), found)) == 0
    both = shown(photo(400, 300), true, found)
    assert blue(both) > 100 and yellow(both) > 50


def test_a_tiny_box_is_enlarged_with_what_lies_around() -> None:
    pixels = shown(photo(4000, 3000), Outlined(Box(0.5, 0.5, 0.002, 0.002), Outline.TRUE))
    rows = np.flatnonzero((pixels[..., 2] - pixels[..., 0] > 60).any(axis=1))
    assert 10 < rows.max() - rows.min() < 60


def test_a_photo_on_its_side_is_shown_upright(tmp_path: Path) -> None:
    picture = Pillow.new("RGB", (300, 200), (120, 120, 120))
    picture.paste((250, 250, 250), (0, 0, 150, 200))  # the left half, which is the top of the upright photo
    exif = Pillow.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "turned.png", exif=exif)
    pixels = shown((tmp_path / "turned.png").read_bytes(), Outlined(Box(0.4, 0.4, 0.2, 0.2), Outline.TRUE))
    middle = pixels.shape[1] // 2 + 60
    assert pixels[30, middle].mean() > 200 > pixels[-30, middle].mean()


def test_a_file_that_is_no_image_is_told() -> None:
    with pytest.raises(ImageError):
        closeup(b"nothing", [Outlined(Box(0, 0, 1, 1), Outline.TRUE)], 256)
