"""Photos as a programmer has them, as what is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from taxolens.core.errors import ImageError, UsageError
from taxolens.imaging.container import EMPTY, MISSING, UNREADABLE

Source = Path | bytes | NDArray[np.uint8]
_FEW_BYTES = 1  # arrays are for programs on the way to somewhere else: little time, more bytes


@dataclass(frozen=True, slots=True)
class Named:
    """A photo and what to call it.

    Attributes:
        name: the path that was given; of bytes and arrays the position, from 0.
        source: where it is.
    """

    name: str
    source: Source


def named(photos: Any) -> Iterator[Named]:
    """Photos with their names, one after the other as they are asked for.

    Args:
        photos: a path (str or Path), bytes of a file, an array (uint8 [height, width, 3], upright RGB), or many of
            them.

    Raises:
        UsageError: one is none of these.
    """
    for position, photo in enumerate([photos] if _is_one(photos) else _many(photos)):
        yield _named(position, photo)


def _is_one(photos: Any) -> bool:
    if isinstance(photos, str | Path | bytes | bytearray | memoryview):
        return True
    return hasattr(photos, "__array_interface__") and np.ndim(photos) < 4


def _many(photos: Any) -> Iterable[Any]:
    if isinstance(photos, Iterable):
        return photos
    raise _no_photo(0, photos)


def _named(position: int, photo: Any) -> Named:
    if isinstance(photo, str | Path):
        return Named(str(photo), Path(photo))
    if isinstance(photo, bytes | bytearray | memoryview):
        return Named(str(position), bytes(photo))
    if not hasattr(photo, "__array_interface__"):
        raise _no_photo(position, photo)
    pixels = np.asarray(photo)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise UsageError(
            "Photo {position} has the type {dtype} and the shape {shape}. Give an array of uint8 with the shape "
            "[height, width, 3].",
            position=position,
            dtype=pixels.dtype,
            shape=list(pixels.shape),
        )
    return Named(str(position), pixels)


def encoded(source: Source) -> bytes:
    """The bytes of a file: those of a path as they are, an array as a PNG, which loses nothing.

    Raises:
        ImageError: there is no such file, it cannot be read, or it is empty.
    """
    if isinstance(source, Path):
        try:
            data = source.read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ImageError("missing", MISSING) from error
        except OSError as error:
            raise ImageError("unreadable", UNREADABLE) from error
    elif isinstance(source, bytes):
        data = source
    else:
        file = BytesIO()
        Pillow.fromarray(source).save(file, "PNG", compress_level=_FEW_BYTES)
        data = file.getvalue()
    if not data:
        raise ImageError("empty", EMPTY)
    return data


def _no_photo(position: int, photo: object) -> UsageError:
    return UsageError(
        "Photo {position} is a {kind}. Give a path, the bytes of a file, or an array.",
        position=position,
        kind=type(photo).__name__,
    )
