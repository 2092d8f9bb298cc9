"""What is to be done for each photo of the results: decided one photo at a time, without writing anything."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from taxolens.core.records import Status
from taxolens.core.texts import Say, noted
from taxolens.formats.media import by_file, is_video
from taxolens.formats.result import Result
from taxolens.formats.results_table import as_found
from taxolens.imaging.container import MISSING, NO_FILE
from taxolens.imaging.metadata import Metadata, read_metadata
from taxolens.imaging.rewrite import suffix_written
from taxolens.recipes.organise import Level, OrganiseRecipe, levels_of
from taxolens.workflows.organise_list import Entry, Kind, Known, State, state_of
from taxolens.workflows.organise_look import UNCHANGED, Look, Looks, labels_of
from taxolens.workflows.organise_names import (
    BLANK,
    FAILED,
    UNSURE,
    ClassFolders,
    Facts,
    FileNames,
    folders_of,
    needs_time,
)
from taxolens.workflows.organise_source import Organisable

OUTSIDE = noted("It lies outside the folder of the photos, or is a link that leads there.")
TWICE = noted("The results name it at several places; only the first counts.")
UNSEEN = noted("Nobody can tell whether it shows people, so it has no place among blurred copies.")
VIDEO = noted("It is a video with people or vehicles, which cannot be blurred.")


@dataclass(frozen=True, slots=True)
class Copy:
    """A file that belongs into the folder.

    Attributes:
        file: below the folder.
        made: what decides how it looks.
        is_there: it was written before, and needs nothing.
        is_changed: it was written before, and somebody has changed it: it stays as it is.
        outdated: what was written before, and gives way.
    """

    file: str
    made: str
    is_there: bool = False
    is_changed: bool = False
    outdated: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """What is done for a photo.

    Attributes:
        photo: as the results name it.
        apart: `blank`, `unsure` or `failed`; empty where something is named.
        path: the original, with links followed; None where it is left out.
        size: bytes of the original.
        look: of its copies.
        copies: one for each folder that it belongs to.
        stale: copies that an earlier answer put elsewhere.
        reason: why it is left out: one English sentence, which is its own key for translation.
    """

    photo: str
    apart: str
    path: Path | None = None
    size: int = 0
    look: Look = UNCHANGED
    copies: tuple[Copy, ...] = ()
    stale: tuple[Entry, ...] = ()
    reason: str = ""


class Planner:
    """Plans the photos of results.

    Args:
        recipe: what was asked for.
        source: the results.
        known: what lies in the folder already.
        classes: folders of classes; grows.
    """

    def __init__(
        self, recipe: OrganiseRecipe, source: Organisable, known: Known, classes: ClassFolders, say: Say
    ) -> None:
        self._recipe = recipe
        self._source = source
        self._known = known
        self._classes = classes
        self._levels = levels_of(recipe.by)
        self._looks = Looks(recipe, source.names, say)
        self._inside = Path(os.path.realpath(source.base))
        self._files = FileNames(recipe.out, known.all())
        self._met: set[int] = set()

    def plans(self) -> Iterator[Planned]:
        """The photos in the order of the results."""
        for photo, rows in by_file(self._source.read()):
            key = int.from_bytes(_digest(photo.encode("utf-8", "surrogatepass")), "big")
            apart = _apart(rows)
            if key in self._met:
                yield Planned(photo, apart, reason=TWICE)
                continue
            self._met.add(key)
            yield self._plan(photo, rows, apart)

    def _plan(self, photo: str, rows: Sequence[Result], apart: str) -> Planned:
        path = self._original(photo)
        if isinstance(path, str):
            return Planned(photo, apart, reason=path)
        look = self._looks.of(rows)
        earlier = tuple(self._known.of(photo))
        if reason := self._kept_back(photo, apart, look):
            return Planned(photo, apart, stale=earlier, reason=reason)
        if is_video(photo):
            look = Look(keywords=look.keywords)
        try:
            stat = path.stat()
        except OSError:
            return Planned(photo, apart, reason=MISSING)
        made = _made(stat, look)
        below = self._below(photo, path)
        folders = self._folders(rows, apart, path, below)
        copies = tuple(self._copy(folder, below, look, made, earlier) for folder in folders)
        stale = tuple(entry for entry in earlier if entry.folder not in folders)
        return Planned(photo, apart, path, stat.st_size, look, copies, stale)

    def _original(self, photo: str) -> Path | str:
        """The file itself, or why it is none."""
        reason = MISSING
        for name in dict.fromkeys((photo, as_found(photo))):
            try:
                path = Path(os.path.realpath(self._source.base / name))
                if not path.is_relative_to(self._inside):
                    reason = OUTSIDE
                elif path.is_file():
                    return path
                elif path.exists():
                    reason = NO_FILE
            except (OSError, ValueError):  # no name that a file can have
                continue
        return reason

    def _kept_back(self, photo: str, apart: str, look: Look) -> str:
        """Why a photo must not lie among copies that are safe to show; empty where it may."""
        if self._recipe.blur and apart == FAILED:
            return UNSEEN
        return VIDEO if look.hidden and is_video(photo) else ""

    def _below(self, photo: str, path: Path) -> PurePath:
        """Its path below the folder of the photos, as the results spell it."""
        named = PurePath(as_found(photo))
        if not named.is_absolute() and ".." not in named.parts:
            return named
        return path.relative_to(self._inside)

    def _folders(self, rows: Sequence[Result], apart: str, path: Path, below: PurePath) -> tuple[str, ...]:
        first = rows[0]
        told = Metadata()
        if (needs_time(self._levels) and first.taken is None) or (
            Level.CAMERA in self._levels and first.camera is None
        ):
            told = read_metadata(path)
        return folders_of(
            () if apart else labels_of(rows),
            apart,
            Facts(below, first, first.taken or told.taken, first.camera or told.camera),
            levels=self._levels,
            names=self._source.names,
            classes=self._classes,
            language=self._recipe.language,
        )

    def _copy(self, folder: str, below: PurePath, look: Look, made: str, earlier: tuple[Entry, ...]) -> Copy:
        here = tuple(entry for entry in earlier if entry.folder == folder)
        states = {entry.file: state_of(self._recipe.out, entry) for entry in here}
        main = next((entry for entry in here if entry.kind is not Kind.SIDECAR), None)
        if main is not None and State.CHANGED in states.values():
            return Copy(main.file, made, is_changed=True)
        if main is not None and all(
            states[entry.file] is State.SAME and entry.made == made for entry in here
        ):
            return Copy(main.file, made, is_there=True)
        suffix = suffix_written(below.suffix) if look.changes_pixels else below.suffix
        if main is not None and PurePath(main.file).suffix == suffix:
            return Copy(main.file, made, outdated=here)
        return Copy(self._files.take(folder, below, suffix), made, outdated=here)


def _apart(rows: Sequence[Result]) -> str:
    statuses = {row.prediction.status for row in rows}
    if Status.FAILED in statuses:
        return FAILED
    if Status.OK not in statuses:
        return BLANK
    return "" if labels_of(rows) else UNSURE


def _made(stat: os.stat_result, look: Look) -> str:
    marks = [(mark.text, _edges(mark.box), mark.colour) for mark in look.marks]
    hidden = [_edges(box) for box in look.hidden]
    told = json.dumps([stat.st_size, stat.st_mtime_ns, marks, hidden, look.keywords])
    return _digest(told.encode("ascii")).hex()


def _edges(box: object) -> object:
    return [getattr(box, edge) for edge in ("x", "y", "width", "height")] if box else None


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=8).digest()
