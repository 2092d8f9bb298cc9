"""Pictures of what was found: copies of the photos with boxes, numbers and names; the photos are never touched.

A picture says in a comment of its own what it was drawn from, so that a later run leaves it as it is, draws it anew
where the answer or the photo is another one, and never writes over a file that is not its own.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from taxolens.core.errors import ImageError, UsageError
from taxolens.core.progress import Progress
from taxolens.core.records import Status
from taxolens.core.texts import Say, noted
from taxolens.execution.local import ordered_map
from taxolens.formats.media import by_file, is_video
from taxolens.formats.result import Result
from taxolens.imaging.drawing import Mark, drawn
from taxolens.imaging.redraw import redrawn
from taxolens.imaging.segments import APP0, COMMENT, read_jpeg, segment
from taxolens.storage.atomic import PART, told_as_output
from taxolens.workflows.marks import Marks

_VERSION = 1
"""Of the way of drawing: another one draws all pictures anew."""
_SIGN = b"drawn by taxolens from "
_OURS = re.compile(re.escape(_SIGN) + rb"([0-9a-f]{64})")
_HEAD = 4096
_JPEGS = (".jpg", ".jpeg", ".jpe", ".jfif")
_AHEAD = 4
_NAMED = 5
_KEPT = noted("{count} pictures are drawn already.")
_TAKEN = noted("Pictures that are not drawn, because other files have their names: {count} ({names}).")
_LOST = noted("Photos that cannot be drawn: {count} ({names}).")
_CLIPS = noted("Clips are not drawn: {count}.")


class Outcome(StrEnum):
    """What came of one photo."""

    DRAWN = "drawn"
    KEPT = "kept"
    NOTHING = "nothing"
    TAKEN = "taken"
    LOST = "lost"
    CLIP = "clip"


@dataclass(frozen=True, slots=True)
class Gallery:
    """Where pictures go, and of which photos.

    Attributes:
        out: their folder; below it they lie as the photos do below `root`.
        root: the photo, or the folder that was searched.
        blanks: photos in which nothing is are copied too.
    """

    out: Path
    root: Path
    blanks: bool
    max_megapixels: float

    @property
    def base(self) -> Path:
        """The folder that names of photos are relative to."""
        return self.root if self.root.is_dir() else self.root.parent

    def place(self, name: str) -> Path:
        """Where the picture of a photo lies: under its own name, where that says JPEG, and never under another's."""
        if PurePosixPath(name).suffix.lower() in _JPEGS:
            return self.out / name
        picture = f"{name}.jpg"
        while os.path.exists(self.base / picture):  # noqa: PTH110 - a long name is no error
            picture += ".jpg"
        return self.out / picture


def check_gallery(out: Path, photos: Path) -> None:
    """Refuses a folder where pictures would lie among photos.

    Raises:
        UsageError: it is the folder of the photos, or in it, or around it.
    """
    place, searched = out.resolve(), photos.resolve()
    base = searched if searched.is_dir() else searched.parent
    inside = searched.is_dir() and place.is_relative_to(base)
    if place == base or inside or base.is_relative_to(place):
        raise UsageError(
            "The folder {out} of drawn pictures and the photos in {photos} lie in one another; pictures would be taken "
            "for photos. Name another folder with --draw.",
            out=out,
            photos=base,
        )
    if out.exists() and not out.is_dir():
        raise UsageError("{out} is a file, not a folder. Name a folder with --draw.", out=out)


def draw_pictures(
    gallery: Gallery,
    results: Iterable[Result],
    marks: Marks,
    *,
    workers: int,
    total: int,
    progress: Progress,
    say: Say,
) -> int:
    """Draws the photos of results; how many pictures there are now.

    A stop at any moment leaves whole pictures, and the same command draws the others.

    Args:
        results: those of one photo follow each other.
        total: photos, for the progress.

    Raises:
        OutputError: pictures cannot be written.
    """
    counts: Counter[Outcome] = Counter()
    names: dict[Outcome, list[str]] = {Outcome.TAKEN: [], Outcome.LOST: []}
    done = ordered_map(
        lambda photo: (photo[0], _picture(gallery, *photo, marks)),
        by_file(results),
        workers=workers,
        window=workers * _AHEAD,
    )
    for name, outcome in progress.track(done, what=say("Drawing pictures"), total=total):
        counts[outcome] += 1
        if outcome in names and len(names[outcome]) < _NAMED:
            names[outcome].append(name)
    for note in _notes(counts, names, say):
        progress.note(note)
    return counts[Outcome.DRAWN] + counts[Outcome.KEPT]


def _notes(counts: Counter[Outcome], names: dict[Outcome, list[str]], say: Say) -> Iterator[str]:
    if counts[Outcome.KEPT]:
        yield say(_KEPT).format(count=counts[Outcome.KEPT])
    if counts[Outcome.CLIP]:
        yield say(_CLIPS).format(count=counts[Outcome.CLIP])
    for outcome, told in ((Outcome.TAKEN, _TAKEN), (Outcome.LOST, _LOST)):
        if counts[outcome]:
            more = ["..."] if counts[outcome] > len(names[outcome]) else []
            yield say(told).format(count=counts[outcome], names=", ".join([*names[outcome], *more]))


def _picture(gallery: Gallery, name: str, rows: Sequence[Result], marks: Marks) -> Outcome:
    """One photo, drawn where that is to be done."""
    if is_video(name):
        return Outcome.CLIP
    said = marks.of(rows)
    is_blank = all(row.prediction.status is Status.BLANK for row in rows)
    if is_blank and gallery.blanks:
        said = (marks.blank(),)
    place = gallery.place(name)
    known = _known(place)
    if not said:
        if known:
            with told_as_output(place):
                place.unlink(missing_ok=True)  # what an earlier answer drew
        return Outcome.NOTHING
    if known is None:
        return Outcome.TAKEN
    return _drawn(gallery.base / name, place, said, known, gallery.max_megapixels)


def _drawn(photo: Path, place: Path, marks: Sequence[Mark], known: str, max_megapixels: float) -> Outcome:
    try:
        state = photo.stat()
        sign = _sign(state, marks)
        if sign == known:
            return Outcome.KEPT
        content = photo.read_bytes()
        picture = redrawn(content, place.suffix, lambda one: drawn(one, marks), max_megapixels=max_megapixels)
    except (OSError, ImageError):
        return Outcome.LOST
    _write(place, _signed(picture, sign))
    return Outcome.DRAWN


def _sign(state: os.stat_result, marks: Sequence[Mark]) -> str:
    text = repr((_VERSION, state.st_size, state.st_mtime_ns, marks))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _signed(picture: bytes, sign: str) -> bytes:
    jpeg = read_jpeg(picture)
    first = [one for one in jpeg.head if one.marker == APP0]
    rest = [one for one in jpeg.head if one.marker != APP0]
    return jpeg.with_head([*first, segment(COMMENT, _SIGN + sign.encode("ascii")), *rest])


def _known(place: Path) -> str | None:
    """What the picture at a place was drawn from; empty where there is none, None where another file has its name."""
    try:
        with place.open("rb") as file:
            found = _OURS.search(file.read(_HEAD))
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError:
        return None
    return found[1].decode("ascii") if found else None


def _write(place: Path, content: bytes) -> None:
    """Whole or not at all; not synced one by one, for what a crash of the machine loses is drawn again."""
    part = place.with_name(f".{place.name}{PART}")
    with told_as_output(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(content)
            part.replace(place)
        except BaseException:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise
