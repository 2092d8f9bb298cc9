"""Keywords in a photo's own file, without a change to its pixels."""

from __future__ import annotations

from collections.abc import Sequence

from taxolens.imaging.segments import (
    APP0,
    APP1,
    MOST_BYTES,
    XMP,
    Jpeg,
    Segment,
    read_jpeg,
    segment,
)
from taxolens.imaging.xmp import new_packet, with_keywords, without_padding


def jpeg_with_keywords(content: bytes, keywords: Sequence[str]) -> bytes | None:
    """A JPEG that names these keywords in its XMP (`dc:subject`); all other bytes stay as they are.

    A packet that cannot be read gives way to a new one.

    Returns:
        The file; None where it is no JPEG, or has no room for them.
    """
    try:
        jpeg = read_jpeg(content)
    except ValueError:
        return None
    old = next((one for one in jpeg.head if one.is_xmp()), None)
    packet = _packet(old.body[len(XMP) :] if old else None, keywords)
    if len(XMP) + len(packet) > MOST_BYTES:
        packet = without_padding(packet)
    if len(XMP) + len(packet) > MOST_BYTES:
        return None
    return jpeg.with_head(_placed(jpeg, old, segment(APP1, XMP + packet)))


def _packet(old: bytes | None, keywords: Sequence[str]) -> bytes:
    if old is None:
        return new_packet(keywords)
    try:
        return with_keywords(old, keywords)
    except ValueError:
        return new_packet(keywords)


def _placed(jpeg: Jpeg, old: Segment | None, new: Segment) -> list[Segment]:
    """In the place of the old one, else behind JFIF and EXIF, which readers want in front."""
    if old is not None:
        return [new if one is old else one for one in jpeg.head]
    front = 0
    while front < len(jpeg.head) and (jpeg.head[front].marker == APP0 or jpeg.head[front].is_exif()):
        front += 1
    return [*jpeg.head[:front], new, *jpeg.head[front:]]
