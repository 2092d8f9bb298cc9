from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image

from taxolens.imaging.sprite import drawn, sprite


def plain(colour: tuple[int, int, int], size: tuple[int, int] = (50, 20)) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, "JPEG", quality=95)
    return file.getvalue()


def pixels(jpeg: bytes) -> np.ndarray:
    with Image.open(BytesIO(jpeg)) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def test_pictures_stand_row_by_row_each_in_its_square() -> None:
    red, green, blue = (200, 0, 0), (0, 200, 0), (0, 0, 200)
    sheet = pixels(sprite([plain(red), plain(green), plain(blue)], side=16, columns=2))
    assert sheet.shape == (32, 32, 3)
    for place, colour in (((8, 8), red), ((8, 24), green), ((24, 8), blue)):
        assert np.abs(sheet[place] - colour).max() < 30


def test_a_picture_that_is_not_there_leaves_a_grey_square() -> None:
    sheet = pixels(sprite([None, plain((250, 250, 250))], side=16, columns=2))
    assert np.abs(sheet[8, 8] - 128).max() < 10


def test_no_pictures_are_still_a_sheet() -> None:
    assert pixels(sprite([], side=8, columns=4)).shape == (8, 32, 3)


def test_an_array_becomes_a_picture_and_values_beyond_are_held() -> None:
    array = np.full((4, 4, 3), 300.0)
    array[..., 0] = -20.0
    found = pixels(drawn(array, side=32))
    assert found.shape == (32, 32, 3)
    assert found[..., 0].max() < 6 and found[..., 1].min() > 249
