"""From a folder of photos to rows in a store. The page to read first.

    scan -> (answered before? keep its place) -> decode and infer in threads -> store -> rendering.py

Two numbers of 64 bits are all that grows with the folder: where each photo's row lies (8 bytes), and, for
what an earlier run answered, its key and place (24 bytes). A million photos take 32 MB.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock

from taxolens.core.errors import DataError, ImageError, OutputError, UsageError
from taxolens.core.progress import Progress
from taxolens.core.texts import Say
from taxolens.execution.local import ordered_map
from taxolens.formats.moment import time_in_name
from taxolens.imaging.metadata import read_metadata
from taxolens.inference.answered import Answered, Place
from taxolens.inference.cascade_predictor import CascadePredictor
from taxolens.inference.clip import SAMPLING, Sampling, find_in_clip, look_at_clip, name_in_clip
from taxolens.inference.detector import DetectorPredictor
from taxolens.inference.forecast import forecast
from taxolens.inference.opened import AnyPredictor
from taxolens.inference.row import Fault, Row
from taxolens.inference.scan import ALL, Photo, Shard, scan
from taxolens.inference.store import Store
from taxolens.storage.photos import LeftOut, is_clip

AHEAD_PER_WORKER = 16
"""Photos taken ahead of the one that is stored next; they hold scores, not pixels."""

MENDED_ELSEWHERE = frozenset({"missing", "unreadable", "unsupported", "too_large"})
"""Faults that rights, a disk, an installed part or an option may mend: looked at again by every run."""

_NOT_YET: Place = 2**64 - 1
_NAMES_KEPT = 100
_LINKS_KEPT = 10


class Changed:
    """Photos that changed while they were read; told by several threads."""

    def __init__(self) -> None:
        self.count = 0
        self.names: list[str] = []
        self._lock = Lock()

    def note(self, name: str) -> None:
        """Counts a photo; the first names are kept."""
        with self._lock:
            self.count += 1
            if len(self.names) < _NAMES_KEPT:
                self.names.append(name)


@dataclass(frozen=True, slots=True)
class Look:
    """How photos are looked at.

    Attributes:
        root: the photo, or the folder that is searched.
        workers: photos worked on at once.
        max_megapixels: photos that announce more pixels are recorded as failures, unread.
        shard: the part of the photos that is looked at.
        sampling: which frames of clips are looked at.
        clips: whether clips can be read here; those that are not answered are passed over else.
        changed: photos that changed while they were read; grows.
    """

    root: Path
    predictor: AnyPredictor
    workers: int
    max_megapixels: float
    shard: Shard = ALL
    sampling: Sampling = SAMPLING
    clips: bool = True
    changed: Changed = field(default_factory=Changed)


@dataclass(slots=True)
class Found:
    """What a first walk through the photos tells.

    Attributes:
        places: of the rows of photos that are answered, in the order of the scan.
        photos: all of them.
        left_out: how many links and resource files were passed over.
        links: the first few links that lead out of the folder.
        clips: how many clips are passed over because they cannot be read here.
        clip_names: the first few of them.
    """

    places: array[Place]
    photos: int = 0
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    links: list[str] = field(default_factory=list)
    clips: int = 0
    clip_names: list[str] = field(default_factory=list)

    def note(self, why: LeftOut, path: str) -> None:
        """Counts what is passed over."""
        self.left_out[why] += 1
        if why is LeftOut.LINK and len(self.links) < _LINKS_KEPT:
            self.links.append(path)

    def pass_over(self, clip: str) -> None:
        """Counts a clip that cannot be read here."""
        self.clips += 1
        if self.clips <= _LINKS_KEPT:
            self.clip_names.append(clip)


def find(root: Path, answered: Answered, shard: Shard = ALL, *, clips: bool = True) -> Found:
    """Looks which photos and clips there are and which of them are answered.

    Args:
        clips: whether clips can be read here.
    """
    found = Found(array("Q"))
    for photo in scan(root, shard=shard, left_out=found.note, clips=True):
        place = answered.find(photo.stamp.key())
        if place is None and not clips and is_clip(photo.stamp.name):
            found.pass_over(photo.stamp.name)
            continue
        found.photos += 1
        if place is not None:
            found.places.append(place)
    return found


def answer(
    look: Look, store: Store, answered: Answered, *, total: int, progress: Progress, say: Say
) -> array[Place]:
    """Looks at every photo that is not answered yet and stores its row.

    Args:
        total: how many there will be, for the progress.

    Returns:
        The places of all photos' rows, answered before or now, in the order of the scan.

    Raises:
        DataError: the photos' folder went away meanwhile. What was answered is kept.
        OutputError: rows cannot be written.
        KeyboardInterrupt: the user stops. What was answered is kept.
    """
    places = array("Q")

    def rows() -> Iterator[tuple[int, Row]]:
        return ordered_map(
            lambda turn: (turn[0], look_at(turn[1], look)),
            _pending(scan(look.root, shard=look.shard, clips=True), answered, places, look.clips),
            workers=look.workers,
            window=look.workers * AHEAD_PER_WORKER,
        )

    try:
        with closing(rows()) as looked:  # type: ignore[type-var]
            told = forecast(looked, total=total, progress=progress, say=say)
            for index, row in progress.track(told, what=say("Looking at photos"), total=total):
                places[index] = store.append(row)
        _still_there(look.root)
    except BaseException as error:
        with suppress(OutputError):
            store.flush()
            if isinstance(error, KeyboardInterrupt):
                _tell_stopped(places, progress, say)
        if isinstance(error, UsageError):
            # A folder that went away is told as such, not as one without rights.
            _still_there(look.root)
        raise
    store.flush()
    return places


def look_at(photo: Photo, look: Look) -> Row:
    """The row of one photo or clip: its scores or boxes, or why it has none.

    Raises:
        DataError: it cannot be read because the whole folder went away.
    """
    try:
        row = _clip_row(photo, look) if is_clip(photo.stamp.name) else _photo_row(photo, look)
    except ImageError as error:
        if error.code in MENDED_ELSEWHERE:
            _still_there(look.root)
        row = _failed_row(photo, error)
    if not _as_found(photo):
        # The row keeps the state that was found first, so the next run looks at the photo again.
        look.changed.note(photo.stamp.name)
    return row


def _photo_row(photo: Photo, look: Look) -> Row:
    scores, boxes, model = None, None, look.predictor
    if isinstance(model, CascadePredictor):
        seen = model.look(photo.path, max_megapixels=look.max_megapixels)
        scores, boxes = seen.whole, seen.boxes
    elif isinstance(model, DetectorPredictor):
        boxes = model.boxes(photo.path, max_megapixels=look.max_megapixels)
    else:
        scores = model.scores(photo.path, max_megapixels=look.max_megapixels)
    metadata = read_metadata(photo.path)
    return Row(
        photo.stamp,
        _iso(metadata.taken),
        scores,
        camera=metadata.camera,
        utc_offset=metadata.utc_offset,
        boxes=boxes,
    )


def _clip_row(photo: Photo, look: Look) -> Row:
    model, most = look.predictor, look.max_megapixels
    if isinstance(model, CascadePredictor):
        said = name_in_clip(photo.path, model, look.sampling, max_megapixels=most)
    elif isinstance(model, DetectorPredictor):
        said = find_in_clip(photo.path, model, look.sampling, max_megapixels=most)
    else:
        said = look_at_clip(photo.path, model, look.sampling, max_megapixels=most)
    taken = _iso(said.taken or time_in_name(photo.stamp.name))
    return Row(photo.stamp, taken, said.scores, camera=said.camera, looked=said.looked, boxes=said.boxes)


def _failed_row(photo: Photo, error: ImageError) -> Row:
    fault = Fault(error.code, error.told())
    if is_clip(photo.stamp.name):
        return Row(photo.stamp, _iso(time_in_name(photo.stamp.name)), fault=fault)
    metadata = read_metadata(photo.path)
    return Row(photo.stamp, _iso(metadata.taken), None, fault, metadata.camera, metadata.utc_offset)


def _iso(taken: datetime | None) -> str | None:
    return taken.isoformat(timespec="seconds") if taken else None


def _as_found(photo: Photo) -> bool:
    """Whether a photo is in the state that its stamp says; one that went away has a fault of its own."""
    try:
        state = photo.path.stat()
    except OSError:
        return True
    return (state.st_size, state.st_mtime_ns) == (photo.stamp.size, photo.stamp.mtime_ns)


def _pending(
    photos: Iterable[Photo], answered: Answered, places: array[Place], clips: bool
) -> Iterator[tuple[int, Photo]]:
    """Photos that are not answered, with their position; notes the place of those that are."""
    for photo in photos:
        place = answered.find(photo.stamp.key())
        if place is None and not clips and is_clip(photo.stamp.name):
            continue
        places.append(_NOT_YET if place is None else place)
        if place is None:
            yield len(places) - 1, photo


def _tell_stopped(places: array[Place], progress: Progress, say: Say) -> None:
    kept = sum(place != _NOT_YET for place in places)
    progress.note(
        say("Stopped. {kept} photos are answered and kept; the same command goes on where it was.").format(
            kept=kept
        )
    )


def _still_there(root: Path) -> None:
    if not root.exists():
        raise DataError(
            "{root} went away meanwhile. Put the card or disk back and run the same command again: "
            "what was answered is kept.",
            root=root,
        )
