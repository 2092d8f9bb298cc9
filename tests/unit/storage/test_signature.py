"""Formats by first bytes."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from taxolens.storage.signature import HEAD_LENGTH, image_format


@pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP", "AVIF"])
def test_what_pillow_writes_is_known(name: str) -> None:
    file = BytesIO()
    Image.new("RGB", (8, 8)).save(file, name)
    assert image_format(file.getvalue()[:HEAD_LENGTH]) == name


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\x00\x00\x00\x1cftypheic\x00\x00\x00\x00mif1heicmiaf", "HEIF"),
        (b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1heichevc", "HEIF"),
        (b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf", "AVIF"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", None),
        (b"RIFF\x00\x00\x00\x00AVI LIST", None),
        (b"%PDF-1.7", None),
        (b"BMW is no bitmap, whatever", None),
        (b"", None),
    ],
)
def test_containers_are_told_apart_by_their_brands(head: bytes, name: str | None) -> None:
    assert image_format(head) == name


@given(st.binary(max_size=HEAD_LENGTH))
def test_any_bytes_have_an_answer(head: bytes) -> None:
    image_format(head)
