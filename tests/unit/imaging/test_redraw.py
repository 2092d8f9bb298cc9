from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from taxolens.core.errors import ImageError
from taxolens.imaging.metadata import read_metadata
from taxolens.imaging.redraw import redrawn
from taxolens.imaging.segments import APP1, COMMENT, EXIF, XMP, read_jpeg, segment
from tests.unit.imaging.test_xmp import TAGGED

SECRET = b"\xff\xd8\xff\xe0a small picture of a face\xff\xd9"
NOTE = b"RECONYXH2 and what its maker counts by bytes"


def exif(order: str = "<", *, orientation: int = 6, note: bytes = NOTE, thumbnail: bytes = SECRET) -> bytes:
    """Orientation, model and a directory with date and maker's note; behind it a small picture."""

    def entry(tag: int, kind: int, count: int, value: bytes) -> bytes:
        return struct.pack(f"{order}HHI", tag, kind, count) + value.ljust(4, b"\0")

    def number(value: int) -> bytes:
        return struct.pack(f"{order}I", value)

    taken = b"2024:05:31 06:07:08\0"
    detail_at = 8 + 2 + 3 * 12 + 4
    taken_at = detail_at + 2 + 2 * 12 + 4
    note_at = taken_at + len(taken)
    second_at = note_at + len(note)
    picture_at = second_at + 2 + 2 * 12 + 4
    first = [
        entry(0x010F, 2, 4, b"Acm\0"),
        entry(0x0112, 3, 1, struct.pack(f"{order}H", orientation)),
        entry(0x8769, 4, 1, number(detail_at)),
    ]
    detail = [entry(0x9003, 2, 20, number(taken_at)), entry(0x927C, 7, len(note), number(note_at))]
    second = [entry(0x0201, 4, 1, number(picture_at)), entry(0x0202, 4, 1, number(len(thumbnail)))]
    count = f"{order}H"
    head = (b"II*\0" if order == "<" else b"MM\0*") + number(8)
    body = head + struct.pack(count, 3) + b"".join(first) + number(second_at if thumbnail else 0)
    body += struct.pack(count, 2) + b"".join(detail) + number(0) + taken + note
    return EXIF + body + struct.pack(count, 2) + b"".join(second) + number(0) + thumbnail


def jpeg(*segments: tuple[int, bytes], mode: str = "RGB", **options: Any) -> bytes:
    file = BytesIO()
    picture = Image.fromarray(np.random.default_rng(1).integers(0, 255, (48, 80, 3), dtype=np.uint8))
    picture.convert(mode).save(file, "JPEG", **options)
    parts = read_jpeg(file.getvalue())
    return parts.with_head([*parts.head, *(segment(*one) for one in segments)])


def black(picture: Image.Image) -> Image.Image:
    return Image.new("RGB", picture.size)


def opened(content: bytes) -> Image.Image:
    with Image.open(BytesIO(content)) as image:
        image.load()
    return image


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_changed_photo_lies_upright_and_tells_what_its_camera_told(order: str) -> None:
    photo = jpeg((APP1, exif(order)), (APP1, XMP + TAGGED), (COMMENT, b"M 1/3"))
    content = redrawn(photo, ".JPG", black)
    image = opened(content)
    assert image.size == (48, 80)
    assert image.getexif()[ExifTags.Base.Orientation] == 1
    told = read_metadata(content)
    assert (str(told.taken), told.camera) == ("2024-05-31 06:07:08", "Acm")
    assert image.getexif().get_ifd(ExifTags.IFD.Exif)[0x927C] == NOTE
    heads = read_jpeg(content).head
    assert [one.body for one in heads if one.is_xmp()] == [XMP + TAGGED]
    assert [one.body for one in heads if one.marker == COMMENT] == [b"M 1/3"]
    assert np.asarray(image).max() < 10


@pytest.mark.parametrize("order", ["<", ">"])
def test_nothing_keeps_a_small_picture_of_what_was_made_unrecognisable(order: str) -> None:
    thumbnailed = TAGGED.replace(b"night", b"/9j/4AAQSkZJRg")
    photo = jpeg(
        (APP1, exif(order)),
        (APP1, XMP + thumbnailed),
        (0xED, b"Photoshop 3.0\0" + SECRET),
        (0xE2, b"MPF\0" + SECRET),
        (0xE5, b"a maker's preview"),
        (COMMENT, b"M 1/3"),
    )
    content = redrawn(photo, ".jpg", black, private=True)
    for secret in (b"face", b"/9j/", b"preview"):
        assert secret not in content
    assert read_metadata(content).camera == "Acm"
    assert opened(content).getexif().get_ifd(ExifTags.IFD.Exif)[0x927C] == NOTE
    assert b"M 1/3" in content


def test_a_picture_in_the_maker_s_note_costs_the_note_alone() -> None:
    photo = jpeg((APP1, exif(note=b"preview" + SECRET)))
    assert b"face" in redrawn(photo, ".jpg", black)
    content = redrawn(photo, ".jpg", black, private=True)
    assert b"face" not in content
    assert str(read_metadata(content).taken) == "2024-05-31 06:07:08"


def test_a_word_about_the_way_it_lies_in_xmp_is_put_right() -> None:
    lying = TAGGED.replace(b"night", b'<a xmlns:tiff="t" tiff:Orientation="6"/>')
    assert b'tiff:Orientation="1"' in redrawn(jpeg((APP1, XMP + lying)), ".jpg", black)


@settings(max_examples=60)
@given(st.data())
def test_damaged_exif_never_costs_the_photo_and_never_keeps_the_picture(data: st.DataObject) -> None:
    body = bytearray(exif())
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(6, len(body) - len(SECRET) - 1))] = data.draw(st.integers(0, 255))
    content = redrawn(jpeg((APP1, bytes(body))), ".jpg", black, private=True)
    assert opened(content).size in ((48, 80), (80, 48))
    assert SECRET[:3] not in b"".join(one.body for one in read_jpeg(content).head)


def test_grey_photos_keep_no_profile_of_grey_and_other_formats_their_own() -> None:
    profile = b"ICC_PROFILE\0\1\1 of colours"
    assert b"of colours" in redrawn(jpeg((0xE2, profile)), ".jpg", black)
    assert b"of colours" not in redrawn(jpeg((0xE2, profile), mode="L"), ".jpg", black)
    for suffix, kind in ((".png", "PNG"), (".webp", "WEBP"), (".tif", "TIFF"), (".gif", "PNG")):
        file = BytesIO()
        Image.new("RGB", (30, 20), (200, 0, 0)).save(file, "GIF" if suffix == ".gif" else kind)
        image = opened(redrawn(file.getvalue(), suffix, black))
        assert (image.format, image.size) == (kind, (30, 20))


def test_a_damaged_photo_is_told_as_such() -> None:
    with pytest.raises(ImageError):
        redrawn(jpeg()[:400], ".jpg", black)
