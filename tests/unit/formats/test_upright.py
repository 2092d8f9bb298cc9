from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from taxolens.formats.upright import Header, read_header


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp", "bmp", "gif"])
def test_the_header_of_every_usual_format_is_read(tmp_path: Path, suffix: str) -> None:
    Image.new("RGB", (8, 4)).save(tmp_path / f"a.{suffix}")
    assert read_header(tmp_path / f"a.{suffix}") == Header(8, 4)


def test_a_photo_of_several_pictures_is_read_too(tmp_path: Path) -> None:
    pictures = [Image.new("RGB", (8, 4)) for _ in range(2)]
    pictures[0].save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=pictures[1:])
    assert read_header(tmp_path / "a.jpg") == Header(8, 4)


def test_a_photo_on_its_side_is_upright_the_other_way_round(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (8, 4)).save(tmp_path / "a.jpg", exif=exif)
    header = read_header(tmp_path / "a.jpg")
    assert header is not None
    assert header.upright == (4, 8)


def test_what_is_no_photo_has_no_header(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no photo")
    assert read_header(tmp_path / "a.jpg") is None
