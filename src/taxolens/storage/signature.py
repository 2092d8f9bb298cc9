"""Image formats by their first bytes, whatever the file is called."""

from __future__ import annotations

from pathlib import Path

HEAD_LENGTH = 64
"""Bytes of a file's beginning that decide its format."""

_PREFIXES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
)
_BMP_HEADER_SIZES = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"})


def image_format(head: bytes) -> str | None:
    """The format that the first bytes of a file announce.

    Args:
        head: the first `HEAD_LENGTH` bytes, or all where there are fewer.

    Returns:
        "JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP", "AVIF" or "HEIF"; None for anything else.
    """
    for prefix, name in _PREFIXES:
        if head.startswith(prefix):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return "BMP"
    return _box_format(head) if head[4:8] == b"ftyp" else None


def read_head(path: Path) -> bytes:
    """The first bytes of a file; none where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(HEAD_LENGTH)
    except OSError:
        return b""


def _box_format(head: bytes) -> str | None:
    """AVIF and HEIC share one container (ISO/IEC 23008-12) and differ by the brands it names."""
    length = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, length, 4))}
    if brands & _AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if brands & _HEIF_BRANDS else None
