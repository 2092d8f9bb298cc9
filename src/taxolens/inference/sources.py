"""Photos as a programmer names them: paths, arrays, or a single one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import ImageError, UsageError
from taxolens.core.records import Failure

Source = Path | NDArray[np.uint8]


def sources(photos: Any) -> list[tuple[str, Source]]:
    """Names and photos; the name of an array is its position, from 0.

    Args:
        photos: paths (str or Path) and arrays (uint8 [height, width, 3]), or a single one.

    Raises:
        UsageError: one is neither a path nor pixels.
    """
    return [
        _source(position, photo) for position, photo in enumerate([photos] if _is_one(photos) else photos)
    ]


def failure_of(name: str, source: Source, error: ImageError) -> Failure:
    """Why a photo could not be read."""
    path = source if isinstance(source, Path) else Path(name)
    return Failure(path=path, name=name, code=error.code, reason=error.told())


def _is_one(photos: Any) -> bool:
    """A single photo, not several: several arrays in one have a further axis."""
    if isinstance(photos, str | Path):
        return True
    return hasattr(photos, "__array_interface__") and np.ndim(photos) < 4


def _source(position: int, photo: Any) -> tuple[str, Source]:
    if isinstance(photo, str | Path):
        return str(photo), Path(photo)
    pixels = np.asarray(photo)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise UsageError(
            "Photo {position} is neither a path nor pixels: it has the type {dtype} and the shape {shape}. "
            "Give a path, or an array of uint8 with the shape [height, width, 3].",
            position=position,
            dtype=pixels.dtype,
            shape=list(pixels.shape),
        )
    return str(position), pixels
