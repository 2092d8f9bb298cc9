"""Photos and videos as results name them: results of one file together, its kind, its name in UTF-8."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from types import MappingProxyType

from taxolens.formats.result import Result

_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "3gp": "video/3gpp",
        "asf": "video/x-ms-asf",
        "avi": "video/x-msvideo",
        "bmp": "image/bmp",
        "gif": "image/gif",
        "heic": "image/heic",
        "heif": "image/heif",
        "jpeg": "image/jpeg",
        "jpg": "image/jpeg",
        "m4v": "video/mp4",
        "mkv": "video/x-matroska",
        "mov": "video/quicktime",
        "mp4": "video/mp4",
        "mpeg": "video/mpeg",
        "mpg": "video/mpeg",
        "mpo": "image/jpeg",
        "mts": "video/mp2t",
        "png": "image/png",
        "tif": "image/tiff",
        "tiff": "image/tiff",
        "webm": "video/webm",
        "webp": "image/webp",
        "wmv": "video/x-ms-wmv",
    }
)


def by_file(results: Iterable[Result]) -> Iterator[tuple[str, tuple[Result, ...]]]:
    """Files with their results, which follow each other; a photo has one for each of its boxes."""
    for name, group in groupby(results, key=lambda result: result.prediction.name):
        yield name, tuple(group)


def media_type(name: str) -> str:
    """What kind of file a name means (RFC 2046); a photo where the name does not tell."""
    return _TYPES.get(name.rpartition(".")[2].lower(), "image/*")


def is_video(name: str) -> bool:
    """Whether a name means a video."""
    return media_type(name).startswith("video/")


def in_utf8(text: str) -> str:
    """A text that UTF-8 can hold: odd bytes of a file name become `\\udc..`, as the table writes them."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
