from __future__ import annotations

import re
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from taxolens.imaging.keywords import jpeg_with_keywords
from taxolens.imaging.segments import APP1, COMMENT, EXIF, MOST_BYTES, XMP, read_jpeg, segment
from tests.unit.imaging.test_xmp import TAGGED, keywords


def jpeg(*, exif: bool = True, xmp: bytes = b"", comment: bytes = b"") -> bytes:
    """A JPEG as a camera writes it."""
    pixels = np.random.default_rng(3).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    told = Image.Exif()
    told[ExifTags.Base.Make] = "RECONYX"
    file = BytesIO()
    options = {"exif": told} if exif else {}
    Image.fromarray(pixels).save(file, "JPEG", **options)
    parts = read_jpeg(file.getvalue())
    added = [segment(APP1, XMP + xmp)] if xmp else []
    return parts.with_head([*parts.head, *added, *([segment(COMMENT, comment)] if comment else [])])


def xmp_of(content: bytes) -> bytes:
    return next(one.body[len(XMP) :] for one in read_jpeg(content).head if one.is_xmp())


@pytest.mark.parametrize("photo", [jpeg(), jpeg(exif=False), jpeg(xmp=TAGGED, comment=b"M 1/3")])
def test_keywords_change_neither_pixels_nor_what_else_the_photo_tells(photo: bytes) -> None:
    named = jpeg_with_keywords(photo, ["red fox", "Vulpes vulpes"])
    assert named is not None
    assert keywords(xmp_of(named))[-2:] == ["red fox", "Vulpes vulpes"]
    before, after = read_jpeg(photo), read_jpeg(named)
    assert after.rest == before.rest
    assert [one for one in after.head if not one.is_xmp()] == [one for one in before.head if not one.is_xmp()]
    with Image.open(BytesIO(photo)) as old, Image.open(BytesIO(named)) as new:
        assert new.getexif() == old.getexif()
        assert np.array_equal(np.asarray(new), np.asarray(old))


def test_a_packet_stays_where_it_was_and_a_new_one_follows_the_exif() -> None:
    named = jpeg_with_keywords(jpeg(xmp=TAGGED, comment=b"behind"), ["fox"])
    assert named is not None
    assert keywords(xmp_of(named)) == ["night", "fox"]
    assert read_jpeg(named).head[-1].body == b"behind"
    fresh = jpeg_with_keywords(jpeg(comment=b"behind"), ["fox"])
    assert fresh is not None
    kinds = [(one.marker, one.body[:4]) for one in read_jpeg(fresh).head]
    assert kinds.index((APP1, EXIF[:4])) + 1 == kinds.index((APP1, XMP[:4]))


def test_a_packet_that_cannot_be_read_gives_way() -> None:
    named = jpeg_with_keywords(jpeg(xmp=b"<x:xmpmeta"), ["fox"])
    assert named is not None
    assert keywords(xmp_of(named)) == ["fox"]


def test_padding_makes_room_and_without_room_there_are_no_keywords() -> None:
    room = MOST_BYTES - len(XMP) - len(TAGGED) - 1
    padded = TAGGED.replace(b"\n<?xpacket end", b" " * room + b"\n<?xpacket end")
    named = jpeg_with_keywords(jpeg(xmp=padded), ["fox" * 100])
    assert named is not None
    assert keywords(xmp_of(named)) == ["night", "fox" * 100]
    full = re.sub(rb"night", b"n" * room, TAGGED)
    assert jpeg_with_keywords(jpeg(xmp=full), ["fox" * 100]) is None


def test_the_same_keywords_once_more_change_nothing() -> None:
    once = jpeg_with_keywords(jpeg(), ["fox"])
    assert once is not None
    assert jpeg_with_keywords(once, ["fox"]) == once


@given(st.binary(max_size=60), st.integers(0, 600))
def test_damaged_files_are_no_jpeg_or_keep_their_bytes(tail: bytes, cut: int) -> None:
    for content in (tail, b"\xff\xd8" + tail, jpeg()[:cut]):
        named = jpeg_with_keywords(content, ["fox"])
        assert named is None or read_jpeg(named).rest == read_jpeg(content).rest
