"""The head of a JPEG as its segments, which are put together again byte by byte (ITU-T T.81, annex B)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

EXIF = b"Exif\0\0"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
MOST_BYTES = 65_533
"""What a segment can hold behind its length."""

APP0, APP1, APP15, COMMENT = 0xE0, 0xE1, 0xEF, 0xFE
_BEGIN = b"\xff\xd8"


@dataclass(frozen=True, slots=True)
class Segment:
    """What an application wrote into a JPEG, or a comment.

    Attributes:
        marker: second byte of its marker, 0xE0..0xEF or 0xFE.
        raw: all its bytes, marker and length in front.
    """

    marker: int
    raw: bytes

    @property
    def body(self) -> bytes:
        """What stands behind marker and length."""
        return self.raw[4:]

    def is_exif(self) -> bool:
        """Whether it is a directory of EXIF tags."""
        return self.marker == APP1 and self.body.startswith(EXIF)

    def is_xmp(self) -> bool:
        """Whether it is a packet of XMP (the first part, where there are several)."""
        return self.marker == APP1 and self.body.startswith(XMP)


@dataclass(frozen=True, slots=True)
class Jpeg:
    """A JPEG in two parts.

    Attributes:
        head: segments of applications and comments at its beginning.
        rest: everything behind them: tables, pixels, and what follows.
    """

    head: tuple[Segment, ...]
    rest: bytes

    def with_head(self, head: Iterable[Segment]) -> bytes:
        """The file with another head; the pixels stay as they are."""
        return b"".join((_BEGIN, *(segment.raw for segment in head), self.rest))


def segment(marker: int, body: bytes) -> Segment:
    """A segment of one's own.

    Raises:
        ValueError: the body is longer than a segment.
    """
    if len(body) > MOST_BYTES:
        raise ValueError(f"{len(body)} bytes are no segment")
    return Segment(marker, bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body)


def read_jpeg(content: bytes) -> Jpeg:
    """Takes a JPEG apart.

    Raises:
        ValueError: it is none, or its head is cut short.
    """
    if not content.startswith(_BEGIN):
        raise ValueError("no JPEG")
    head: list[Segment] = []
    at = len(_BEGIN)
    while True:
        marker = content[at : at + 2]
        if len(marker) < 2 or marker[0] != 0xFF:
            raise ValueError(f"no marker at byte {at}")
        if not (APP0 <= marker[1] <= APP15 or marker[1] == COMMENT):
            return Jpeg(tuple(head), content[at:])
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if end < at + 4 or end > len(content):
            raise ValueError(f"a segment is cut short at byte {at}")
        head.append(Segment(marker[1], content[at:end]))
        at = end
