"""Photos looked at, each once; what was seen is remembered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import ImageError
from taxolens.core.progress import Progress, Silent
from taxolens.core.records import Failure, Image
from taxolens.core.texts import Say, plain
from taxolens.data.lookbook import SEEN, LookBook, Row, jpeg_of
from taxolens.data.means import Means
from taxolens.execution.local import default_workers, ordered_map
from taxolens.imaging.container import DEFAULT_MEGAPIXELS
from taxolens.imaging.look import Look, look

MEMORY = "looks.sqlite"

_AT_ONCE = 256
_AHEAD = 16
_UNKNOWN_DAY = -1


@dataclass(frozen=True, slots=True)
class Looks:
    """What n photos look like, one array for each property; 81 bytes a photo.

    Attributes:
        kept: int64 [n], which of the images could be read, ascending.
        failures: the others.
        widths: int32 [n], pixels, upright.
        heights: int32 [n], pixels, upright.
        brightness: float32 [n], 0..1; this and the following as in `imaging.look.Look`.
        contrast: float32 [n], 0..0.5.
        sharpness: float32 [n], 0 and above.
        saturation: float32 [n], 0..1.
        dark: float32 [n], share of nearly black pixels.
        bright: float32 [n], share of nearly white pixels.
        day: int8 [n], 1 by day, 0 by night or infrared, -1 not clear.
        phash: uint64 [n].
        dhash: uint64 [n].
        border: uint8 [n, 8, 3].
        labels: classes of the photos that could be read, sorted.
        means: float32 [64, 64, 3], 0..255, mean photo by the number of its class in `labels`; of the 200
            largest classes, as far as a photo of them could be read (see `Means`).
    """

    kept: NDArray[np.int64]
    failures: tuple[Failure, ...]
    widths: NDArray[np.int32]
    heights: NDArray[np.int32]
    brightness: NDArray[np.float32]
    contrast: NDArray[np.float32]
    sharpness: NDArray[np.float32]
    saturation: NDArray[np.float32]
    dark: NDArray[np.float32]
    bright: NDArray[np.float32]
    day: NDArray[np.int8]
    phash: NDArray[np.uint64]
    dhash: NDArray[np.uint64]
    border: NDArray[np.uint8]
    labels: tuple[str, ...]
    means: Mapping[int, NDArray[np.float32]]

    def __len__(self) -> int:
        return len(self.kept)

    def only(self, rows: NDArray[np.int64]) -> Looks:
        """The looks of some of the photos, in that order; failures and mean photos stay as they are."""
        columns = {name: getattr(self, name)[rows] for name in ("kept", *_COLUMNS.values())}
        return replace(self, **columns)


_COLUMNS = {
    "width": "widths",
    "height": "heights",
    "brightness": "brightness",
    "contrast": "contrast",
    "sharpness": "sharpness",
    "saturation": "saturation",
    "dark": "dark",
    "bright": "bright",
    "day": "day",
    "phash": "phash",
    "dhash": "dhash",
    "border": "border",
}


@dataclass(frozen=True, slots=True)
class _Seen:
    """A photo that could be read; its small picture where a mean photo wants it."""

    row: Row
    jpeg: bytes | None


def look_at_all(
    images: Sequence[Image],
    *,
    home: Path,
    workers: int = 0,
    max_megapixels: float = DEFAULT_MEGAPIXELS,
    progress: Progress | None = None,
    say: Say = plain,
) -> Looks:
    """Looks at each photo once, in threads; what was seen is remembered by the hash of the file.

    Memory grows by about 160 bytes a photo while it runs, and by 150 kB for each of at most 200 classes.

    Args:
        images: those without `sha256` are looked at anew each time.
        home: folder for the memory.
        workers: photos looked at at once; 0: one per processor.
        max_megapixels: announced pixels above which a photo is a failure.
    """
    listener = progress or Silent()
    means = Means(images)
    table = np.zeros(len(images), dtype=SEEN)
    kept, failures = np.zeros(len(images), dtype=bool), []
    with LookBook(home / MEMORY) as book:
        seen = _seen(images, means, book, workers or default_workers(), max_megapixels)
        looked = listener.track(seen, what=say("Looking at photos"), total=len(images))
        for index, found in enumerate(looked):
            if isinstance(found, Failure):
                failures.append(found)
                continue
            table[index], kept[index] = found.row, True
            if found.jpeg is not None:
                means.add(index, found.jpeg)
    rows = np.flatnonzero(kept)
    columns = {name: np.ascontiguousarray(table[field][rows]) for field, name in _COLUMNS.items()}
    labels = tuple(sorted({label for row in rows.tolist() if (label := images[row].label) is not None}))
    return Looks(kept=rows, failures=tuple(failures), labels=labels, means=means.made(labels), **columns)


def _seen(
    images: Sequence[Image], means: Means, book: LookBook, workers: int, max_megapixels: float
) -> Iterator[_Seen | Failure]:
    """Each image as it looks, in order; remembered from one batch to the next, lest a stop lose much."""
    for start in range(0, len(images), _AT_ONCE):
        batch = {index: images[index] for index in range(start, min(start + _AT_ONCE, len(images)))}
        known = _recalled(batch, means, book, max_megapixels)
        unknown = [index for index in batch if index not in known]

        def looked(index: int, batch: Mapping[int, Image] = batch) -> _Seen | Failure:
            return _looked(batch[index], index in means, max_megapixels)

        found = ordered_map(looked, unknown, workers=workers, window=workers * _AHEAD)
        fresh = dict(zip(unknown, found, strict=True))
        _remember(batch, fresh, book)
        yield from (known.get(index) or fresh[index] for index in batch)


def _recalled(
    batch: Mapping[int, Image], means: Means, book: LookBook, max_megapixels: float
) -> dict[int, _Seen]:
    """What is remembered in full, but for photos larger than is allowed today."""
    rows = book.recall([image.sha256 for image in batch.values() if image.sha256])
    wanted = [image.sha256 for index, image in batch.items() if image.sha256 in rows and index in means]
    pictures = book.recall_tiny([sha256 for sha256 in wanted if sha256])
    known: dict[int, _Seen] = {}
    for index, image in batch.items():
        row = rows.get(image.sha256 or "")
        jpeg = pictures.get(image.sha256 or "") if index in means else None
        missing = row is None or (index in means and jpeg is None)
        if row is not None and not missing and _pixels(row) <= max_megapixels * 1e6:
            known[index] = _Seen(row, jpeg)
    return known


def _pixels(row: Row) -> int:
    return int(row["width"]) * int(row["height"])


def _remember(batch: Mapping[int, Image], fresh: Mapping[int, _Seen | Failure], book: LookBook) -> None:
    seen = [
        (sha256, found)
        for index, found in fresh.items()
        if isinstance(found, _Seen) and (sha256 := batch[index].sha256)
    ]
    if seen:
        pictures = [(sha256, found.jpeg) for sha256, found in seen if found.jpeg is not None]
        book.remember([(sha256, found.row) for sha256, found in seen], pictures)


def _looked(image: Image, in_mean: bool, max_megapixels: float) -> _Seen | Failure:
    try:
        found = look(image.path, max_megapixels=max_megapixels)
    except ImageError as error:
        return Failure(image.path, image.name, error.code, error.template)
    return _Seen(_row(found), jpeg_of(found.tiny) if in_mean else None)


def _row(found: Look) -> Row:
    day = _UNKNOWN_DAY if found.day is None else int(found.day)
    values = {name: getattr(found, name) for name in _COLUMNS} | {"day": day}
    row: Row = np.array([tuple(values[name] for name in SEEN.names or ())], dtype=SEEN)[0]
    return row
