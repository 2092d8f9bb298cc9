"""One photo and its copies, from the source to their places: whole or not at all."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from taxolens.core.errors import ImageError, MissingExtra
from taxolens.core.geometry import Box
from taxolens.core.texts import noted
from taxolens.imaging.container import MISSING, UNREADABLE
from taxolens.imaging.operations.picture import Picture
from taxolens.imaging.rewrite import Photo, photo_bytes, proven_size, read_photo
from taxolens.storage.atomic import told_as_output
from taxolens.workflows.prepare_names import safe_name
from taxolens.workflows.prepare_plan import Planned, PlannedBox
from taxolens.workflows.prepare_steps import Steps
from taxolens.workflows.prepare_tiles import cut

CHANGED = noted("The file is another one than when the folder was planned: add --restart.")
UNCHANGEABLE = noted("A step could not change this photo.")

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a planned photo.

    Attributes:
        number: of the planned photo.
        out: where it is, relative to the folder.
        code: kind of fault; empty where it was written.
        reason: one English sentence, which is its own key for translation.
        width: of the upright photo, in pixels.
        height: likewise.
        size: of the file, in bytes.
        boxes: as in `Planned`, after the steps.
    """

    number: int
    out: str
    code: str = ""
    reason: str = ""
    width: int = 0
    height: int = 0
    size: int = 0
    boxes: list[PlannedBox] | None = None


@dataclass(frozen=True, slots=True)
class Bench:
    """Where photos are worked on, and with what.

    Attributes:
        out: the folder that is prepared.
        scratch: a folder on the same disk.
        size: longest side; None: as it is.
        quality: of JPEG and WebP.
        visible: share of a box that must lie in a tile for the box to stay there.
    """

    out: Path
    scratch: Path
    steps: Steps
    size: int | None
    quality: int
    max_megapixels: float
    visible: float


def write_photos(bench: Bench, photos: Sequence[Planned]) -> list[Written]:
    """Writes photos of one source: itself, or copies, or both.

    Raises:
        OutputError: they cannot be written.
        MissingExtra: a step needs a library that is not installed.
    """
    try:
        content, mtime = _read(photos[0])
        return _written(bench, photos, content, mtime)
    except ImageError as error:
        return [Written(photo.number, photo.out, error.code, error.told()) for photo in photos]


def _read(photo: Planned) -> tuple[bytes, int]:
    path = Path(photo.path)
    try:
        content, mtime = path.read_bytes(), path.stat().st_mtime_ns
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ImageError("missing", MISSING) from error
    except OSError as error:
        raise ImageError("unreadable", UNREADABLE) from error
    if photo.sha256 and hashlib.sha256(content).hexdigest() != photo.sha256:
        raise ImageError("changed", CHANGED)
    return content, mtime


def _written(bench: Bench, photos: Sequence[Planned], content: bytes, mtime: int) -> list[Written]:
    if photos[0].tile is not None:
        return _tiles(bench, photos, content)
    itself = photos[0] if photos[0].copy == 0 and not bench.steps.all else None
    if itself and len(photos) == 1:
        width, height = proven_size(content, max_megapixels=bench.max_megapixels)
        if _fits(bench, itself, width, height):
            return [_copied(bench, itself, content, mtime, (width, height))]
    photo = read_photo(content, max_megapixels=bench.max_megapixels)
    height, width = photo.pixels.shape[:2]
    done = []
    if itself and _fits(bench, itself, width, height):
        done.append(_copied(bench, itself, content, mtime, (width, height)))
    boxes = [Box(*numbers) for _, *numbers in photos[0].boxes or ()]
    picture = changed(lambda: bench.steps.run(Picture.of(photo.pixels, boxes), photos[0].name))
    return done + [_drawn(bench, planned, photo, picture) for planned in photos[len(done) :]]


def _tiles(bench: Bench, photos: Sequence[Planned], content: bytes) -> list[Written]:
    """Tiles of one photo. A step that fails on one of them costs that tile alone."""
    photo = read_photo(content, max_megapixels=bench.max_megapixels)
    whole = Picture.of(photo.pixels, [Box(*numbers) for _, *numbers in photos[0].boxes or ()])
    return [_tile(bench, planned, photo, whole) for planned in photos]


def _tile(bench: Bench, planned: Planned, photo: Photo, whole: Picture) -> Written:
    left, top, width, height = planned.tile or (0, 0, whole.width, whole.height)
    tile = cut(whole, (left, top, width, height), least=bench.visible)
    try:
        picture = changed(lambda: bench.steps.run(tile, planned.out))
    except ImageError as error:
        return Written(planned.number, planned.out, error.code, error.told())
    return _drawn(bench, planned, photo, picture)


def _fits(bench: Bench, itself: Planned, width: int, height: int) -> bool:
    """Whether a photo can be copied byte for byte."""
    same_suffix = Path(itself.out).suffix.lower() == Path(safe_name(itself.name)).suffix.lower()
    return same_suffix and (bench.size is None or max(width, height) <= bench.size)


def _copied(bench: Bench, planned: Planned, content: bytes, mtime: int, size: tuple[int, int]) -> Written:
    _put(bench, planned, content, mtime)
    return Written(planned.number, planned.out, "", "", *size, len(content), planned.boxes)


def _drawn(bench: Bench, planned: Planned, photo: Photo, picture: Picture) -> Written:
    """A changed photo. A step that fails on one of the copies costs that copy alone."""
    if planned.copy:
        try:
            picture = changed(lambda: bench.steps.vary(picture, planned.name, planned.copy, planned.made_by))
        except ImageError as error:
            return Written(planned.number, planned.out, error.code, error.told())
    content, width, height = photo_bytes(
        replace(photo, pixels=picture.pixels),
        Path(planned.out).suffix,
        quality=bench.quality,
        longest=bench.size,
    )
    _put(bench, planned, content)
    return Written(planned.number, planned.out, "", "", width, height, len(content), _boxes(planned, picture))


def _boxes(planned: Planned, picture: Picture) -> list[PlannedBox] | None:
    if planned.boxes is None:
        return None
    return [
        (planned.boxes[row][0], box.x, box.y, box.width, box.height)
        for row, box in zip(picture.rows.tolist(), picture.normalised, strict=True)
    ]


def changed(run: Callable[[], Result]) -> Result:
    """What steps make of a picture; what they throw at one odd photo is about that photo.

    Raises:
        ImageError: they threw something.
        MissingExtra: a step needs a library that is not installed.
    """
    try:
        return run()
    except (ImageError, MissingExtra):
        raise
    except Exception as error:
        raise ImageError("unchangeable", UNCHANGEABLE) from error


def _put(bench: Bench, planned: Planned, content: bytes, mtime: int | None = None) -> None:
    """Bytes at their place, by a rename. They reach the disk before the folder is called complete."""
    place = bench.out / planned.out
    scratch = bench.scratch / f"{planned.number}-{secrets.token_hex(4)}"
    with told_as_output(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_bytes(content)
        if mtime is not None:
            os.utime(scratch, ns=(mtime, mtime))
        scratch.replace(place)
