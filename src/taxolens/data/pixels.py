"""Photos decoded once by one rule and kept on the disk for as long as they are learnt from."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import DataError, ImageError, OutputError, UsageError
from taxolens.core.progress import Progress
from taxolens.core.records import Failure, Image
from taxolens.core.texts import Say
from taxolens.core.trainer import Pixels
from taxolens.execution.local import default_workers, ordered_map
from taxolens.imaging.decode import decode
from taxolens.imaging.preprocess import Preprocess

_AHEAD = 16
_ROOM = 0.5
"""Share of the free disk that decoded photos may take."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """Photos that could be decoded.

    Attributes:
        pixels: k photos of the rule's size.
        kept: int64 [k], which images they are.
        failures: the others.
    """

    pixels: Pixels
    kept: NDArray[np.int64]
    failures: tuple[Failure, ...]


class KeptPixels:
    """Decoded photos in one file, read through the system's page cache; other processes get the same file.

    Args:
        array: uint8 [k, height, width, 3].
    """

    def __init__(self, array: NDArray[np.uint8]) -> None:
        self._array = array

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, row: int) -> NDArray[np.uint8]:
        return np.array(self._array[row])

    def __reduce__(self) -> tuple[object, ...]:
        if not isinstance(self._array, np.memmap):
            return KeptPixels, (self._array,)
        self._array.flush()
        return _reopened, (Path(str(self._array.filename)), self._array.shape)


class FreshPixels:
    """Photos that are decoded each time they are asked for, because there is no room to keep them.

    Args:
        paths: of photos that could be decoded once.
    """

    def __init__(self, paths: Sequence[Path], rule: Preprocess, max_megapixels: float) -> None:
        self._paths, self._rule, self._most = tuple(paths), rule, max_megapixels

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, row: int) -> NDArray[np.uint8]:
        try:
            return decode(self._paths[row], self._rule, max_megapixels=self._most)
        except ImageError as error:
            raise DataError(
                "{file} could be read at first and then no longer. Keep the photos where they are and train again.",
                file=self._paths[row],
            ) from error


@dataclass(frozen=True, slots=True)
class RowPixels:
    """Some of many photos, asked for by their row among all.

    Attributes:
        pixels: k photos.
        places: int64 [n], where each of all photos lies among them; -1: nowhere.
    """

    pixels: Pixels
    places: NDArray[np.int64]

    @classmethod
    def of(cls, pixels: Pixels, rows: NDArray[np.int64], photos: int) -> RowPixels:
        """Photos that are `rows` of all `photos`."""
        places = np.full(photos, -1, np.int64)
        places[rows] = np.arange(len(rows))
        return cls(pixels, places)

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, row: int) -> NDArray[np.uint8]:
        place = int(self.places[row])
        if place < 0:
            raise IndexError(f"photo {row} is not among those that are kept")
        return self.pixels[place]


@dataclass(frozen=True, slots=True)
class ChosenPixels:
    """Some of the photos of a place, by their rows there.

    Attributes:
        rows: int64 [k].
    """

    pixels: Pixels
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, row: int) -> NDArray[np.uint8]:
        return self.pixels[int(self.rows[row])]


@dataclass(frozen=True, slots=True)
class JoinedPixels:
    """Photos of two places, one after the other."""

    first: Pixels
    second: Pixels

    def __len__(self) -> int:
        return len(self.first) + len(self.second)

    def __getitem__(self, row: int) -> NDArray[np.uint8]:
        beyond = row - len(self.first)
        return self.first[row] if beyond < 0 else self.second[beyond]


def decode_all(
    images: Sequence[Image],
    rule: Preprocess,
    file: Path,
    *,
    workers: int,
    max_megapixels: float,
    progress: Progress,
    say: Say,
) -> Decoded:
    """Decodes every image once; what cannot be decoded is a failure.

    Where the pixels would take more than half of the free disk they are not kept, and each photo is decoded
    whenever it is learnt from.

    Args:
        file: where the pixels go; it is the caller's to remove.

    Raises:
        OutputError: the disk is full all the same.
    """
    size = len(images) * rule.height * rule.width * 3
    room = shutil.disk_usage(file.parent).free * _ROOM
    array = _file_of((len(images), rule.height, rule.width, 3), file) if 0 < size < room else None
    threads = workers or default_workers()

    def read(image: Image) -> NDArray[np.uint8] | ImageError:
        try:
            return decode(image.path, rule, max_megapixels=max_megapixels)
        except ImageError as error:
            return error

    found = ordered_map(read, images, workers=threads, window=threads * _AHEAD)
    kept: list[int] = []
    failures: list[Failure] = []
    looked = progress.track(found, what=say("Decoding photos"), total=len(images))
    for row, (image, one) in enumerate(zip(images, looked, strict=True)):
        if isinstance(one, ImageError):
            failures.append(Failure(image.path, image.name, one.code, one.told()))
            continue
        if array is not None:
            array[len(kept)] = one
        kept.append(row)
    pixels: Pixels
    if array is None:
        pixels = FreshPixels([images[row].path for row in kept], rule, max_megapixels)
    else:
        pixels = KeptPixels(array[: len(kept)])
    return Decoded(pixels, np.array(kept, dtype=np.int64), tuple(failures))


def _reopened(file: Path, shape: tuple[int, ...]) -> KeptPixels:
    """Photos that another process has decoded.

    Raises:
        UsageError: it did so where this one cannot look.
    """
    try:
        return KeptPixels(np.memmap(file, np.uint8, "r", shape=shape))
    except (OSError, ValueError) as error:
        raise UsageError(
            "The folder {folder} is not the same for all processes. Put --out on a disk that they share.",
            folder=file.parent,
        ) from error


def _file_of(shape: tuple[int, ...], file: Path) -> NDArray[np.uint8]:
    """An empty array in a file; written pages go to the disk when memory is wanted elsewhere."""
    try:
        # A file with holes would end the process, not raise, when the disk is full at last.
        with file.open("wb") as opened:
            _reserve(opened.fileno(), math.prod(shape))
        array: NDArray[np.uint8] = np.memmap(file, np.uint8, "r+", shape=shape)
    except OSError as error:
        with suppress(OSError):
            file.unlink(missing_ok=True)
        raise OutputError(
            "The decoded photos cannot be kept at {file}: {why}. Free some space or name another place.",
            file=file,
            why=error.strerror or error,
        ) from error
    return array


def _reserve(descriptor: int, size: int) -> None:
    """Room on the disk, for certain where the system can promise it."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.truncate(descriptor, size)
