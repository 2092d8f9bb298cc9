"""Photos read in order to be written again."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

import numpy as np
import pytest
from PIL import ExifTags
from PIL import Image as Pillow

from taxolens.core.errors import ImageError
from taxolens.imaging.metadata import read_metadata
from taxolens.imaging.rewrite import Photo, photo_bytes, proven_size, read_photo, suffix_written

FORMATS = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".tif": "TIFF", ".bmp": "BMP"}


def photo(kind: str, orientation: int = 1) -> bytes:
    """A picture 60 wide and 30 high, red on its left half, with date and camera."""
    pixels = np.zeros((30, 60, 3), np.uint8)
    pixels[:, :30, 0] = 255
    exif = Pillow.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Reconyx", "HC500"
    exif[ExifTags.Base.DateTime] = "2024:05:06 07:08:09"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2024:05:06 07:08:09"
    file = BytesIO()
    Pillow.fromarray(pixels).save(file, kind, **({} if kind == "BMP" else {"exif": exif}))
    return file.getvalue()


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_photo_keeps_its_format_date_and_camera_and_is_turned_once(suffix: str) -> None:
    kind = FORMATS[suffix]
    turned = 1 if kind == "BMP" else 6
    content = photo(kind, turned)
    read = read_photo(content, max_megapixels=1)
    upright = (60, 30) if turned == 1 else (30, 60)
    assert read.pixels.shape[1::-1] == upright == proven_size(content, max_megapixels=1)
    written, width, height = photo_bytes(read, suffix, quality=95)
    assert Pillow.open(BytesIO(written)).format == kind and (width, height) == upright
    again = read_photo(written, max_megapixels=1)
    assert again.pixels.shape == read.pixels.shape
    assert np.abs(again.pixels.astype(int) - read.pixels).mean() < 4
    if kind != "BMP":
        said = read_metadata(written)
        assert said.taken == datetime(2024, 5, 6, 7, 8, 9) and said.camera == "Reconyx HC500"


def test_the_longest_side_is_kept_to_and_small_photos_are_not_enlarged() -> None:
    big = Photo(np.zeros((100, 300, 3), np.uint8))
    assert photo_bytes(big, ".png", quality=90, longest=60)[1:] == (60, 20)
    assert photo_bytes(big, ".png", quality=90, longest=600)[1:] == (300, 100)


def test_formats_that_are_only_read_become_png() -> None:
    assert [suffix_written(one) for one in (".JPG", ".gif", ".heic", "", ".webp")] == [
        ".JPG",
        ".png",
        ".png",
        ".png",
        ".webp",
    ]


def test_a_photo_cut_short_is_found_though_it_is_decoded_small() -> None:
    content = BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (400, 400, 3), np.uint8)
    Pillow.fromarray(noise).save(content, "JPEG")
    assert proven_size(content.getvalue(), max_megapixels=1) == (400, 400)
    with pytest.raises(ImageError) as caught:
        proven_size(content.getvalue()[: len(content.getvalue()) // 2], max_megapixels=1)
    assert caught.value.code == "damaged"
