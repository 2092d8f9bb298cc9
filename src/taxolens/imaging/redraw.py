"""A photo whose pixels are changed, and which goes on telling what its camera told."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from io import BytesIO

import numpy as np
from PIL import ExifTags
from PIL import Image as Pillow

from taxolens.imaging.container import DEFAULT_MEGAPIXELS, opened
from taxolens.imaging.decode import upright_rgb
from taxolens.imaging.rewrite import Photo, photo_bytes, suffix_written
from taxolens.imaging.rewrite import read_photo as read_whole
from taxolens.imaging.segments import APP0, APP1, COMMENT, EXIF, MOST_BYTES, Segment, read_jpeg, segment

_QUALITY = 92
_JPEGS = (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo")
_PICTURE, _PICTURE_IN_TEXT = b"\xff\xd8\xff", b"/9j/"
_ICC, _ICC_BODY, _IPTC = 0xE2, b"ICC_PROFILE\0", 0xED
_ADOBE = 0xEE  # says how colours were coded, which was changed
_MAKER_NOTE = 0x927C
_XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation(?:>|=["']))[2-8](?=[<"'])""")
_ORIENTATION, _SHORT = 0x0112, 3
_JPEG_AT, _JPEG_LENGTH, _STRIPS_AT, _STRIPS_LENGTH = 0x0201, 0x0202, 0x0111, 0x0117

Change = Callable[[Pillow.Image], Pillow.Image]


def redrawn(
    content: bytes,
    suffix: str,
    change: Change,
    *,
    private: bool = False,
    max_megapixels: float = DEFAULT_MEGAPIXELS,
) -> bytes:
    """A photo after a change of its upright pixels, in the format that `suffix_written(suffix)` names.

    A JPEG keeps its EXIF (with orientation 1 and without the small picture), XMP, IPTC, colour profile and
    comments as they were; other formats keep what they can hold.

    Args:
        private: something was made unrecognisable: nothing is kept that holds another picture of it.

    Raises:
        ImageError: it cannot be read.
    """
    if suffix.lower() in _JPEGS and content.startswith(_PICTURE):
        return _jpeg(content, change, private, max_megapixels)
    photo = read_whole(content, max_megapixels=max_megapixels)
    return _other(photo, suffix, change, private)


def _other(photo: Photo, suffix: str, change: Change, private: bool) -> bytes:
    picture = change(Pillow.fromarray(photo.pixels))
    exif = b"" if private and _PICTURE in photo.exif else photo.exif
    photo = replace(photo, pixels=np.asarray(picture), exif=exif)
    return photo_bytes(photo, suffix_written(suffix), quality=_QUALITY)[0]


def _jpeg(content: bytes, change: Change, private: bool, max_megapixels: float) -> bytes:
    with opened(content, max_megapixels=max_megapixels) as image:
        coloured = image.mode == "RGB"
        picture = upright_rgb(image)
        spare = _spare_exif(image)
    file = BytesIO()
    change(picture).save(file, "JPEG", quality=_QUALITY)
    new = read_jpeg(file.getvalue())
    kept: list[Segment] = []
    with suppress(ValueError):  # a head that Pillow reads and we do not: only the pixels are kept then
        kept = [one for old in read_jpeg(content).head if (one := _kept(old, coloured, private, spare))]
    return new.with_head([*(one for one in new.head if one.marker == APP0), *kept])


def _kept(old: Segment, coloured: bool, private: bool, spare: bytes) -> Segment | None:
    """A segment of the old file as the new one has it; None where it must not."""
    if old.is_exif():
        return _upright_exif(old, private, spare)
    if old.marker in (APP0, _ADOBE):
        return None
    if old.marker == _ICC:  # else it is a list of further pictures
        return old if coloured and old.body.startswith(_ICC_BODY) else None
    if old.is_xmp():
        old = Segment(old.marker, _XMP_ORIENTATION.sub(rb"\g<1>1", old.raw))
    if not private:
        return old
    known = old.is_xmp() or old.marker in (_IPTC, COMMENT)
    return old if known and not _holds_picture(old.body) else None


def _holds_picture(body: bytes) -> bool:
    return _PICTURE in body or _PICTURE_IN_TEXT in body or b"humbnail" in body


def _upright_exif(old: Segment, private: bool, spare: bytes) -> Segment | None:
    try:
        body = EXIF + bytes(_Tiff(old.body[len(EXIF) :]).upright())
    except (struct.error, IndexError, ValueError):
        body = b""
    if not body or (private and _PICTURE in body):
        body = spare
    if not body or len(body) > MOST_BYTES or (private and _PICTURE in body):
        return None
    return segment(APP1, body)


def _spare_exif(image: Pillow.Image) -> bytes:
    """All tags but the maker's own notes, laid out anew: for directories that cannot be kept as they are."""
    with suppress(Exception):  # a damaged directory must not cost the picture
        exif = Pillow.Image.getexif(image)
        exif[ExifTags.Base.Orientation] = 1
        exif.get_ifd(ExifTags.IFD.Exif).pop(_MAKER_NOTE, None)
        exif.get_ifd(ExifTags.IFD.GPSInfo)
        return exif.tobytes()
    return b""


class _Tiff:
    """An EXIF directory that is changed in its place, so that what makers count by bytes stays right.

    TIFF 6.0, section 2; EXIF 2.32, section 4.5.

    Raises:
        struct.error: it is cut short.
        ValueError: it is none.
    """

    def __init__(self, content: bytes) -> None:
        self._content = bytearray(content)
        order = {b"II": "<", b"MM": ">"}.get(content[:2])
        if order is None:
            raise ValueError("no byte order")
        self._order = order

    def upright(self) -> bytearray:
        """The directory of a photo that lies upright and has no small picture."""
        first = self._read("I", 4)
        for at in self._entries(first):
            if self._read("H", at) == _ORIENTATION and self._read("H", at + 2) == _SHORT:
                struct.pack_into(f"{self._order}H", self._content, at + 8, 1)
        link = first + 2 + 12 * self._read("H", first)
        second = self._read("I", link)
        if second:
            self._erase_picture(second)
            struct.pack_into(f"{self._order}I", self._content, link, 0)
        return self._content

    def _erase_picture(self, directory: int) -> None:
        values = {self._read("H", at): self._value(at) for at in self._entries(directory)}
        for start, length in ((_JPEG_AT, _JPEG_LENGTH), (_STRIPS_AT, _STRIPS_LENGTH)):
            begin, size = values.get(start, 0), values.get(length, 0)
            end = min(begin + size, len(self._content))
            if 8 <= begin < end:
                self._content[begin:end] = bytes(end - begin)

    def _entries(self, directory: int) -> range:
        count = self._read("H", directory)
        return range(directory + 2, directory + 2 + 12 * count, 12)

    def _value(self, entry: int) -> int:
        if self._read("I", entry + 4) != 1 and self._read("H", entry) in (_STRIPS_AT, _STRIPS_LENGTH):
            raise ValueError("a small picture in several strips")
        return self._read("H" if self._read("H", entry + 2) == _SHORT else "I", entry + 8)

    def _read(self, kind: str, at: int) -> int:
        number: int = struct.unpack_from(f"{self._order}{kind}", self._content, at)[0]
        return number
