"""A folder of copies taken back: what was written and is still as it was goes, everything else stays."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from taxolens.core.errors import UsageError
from taxolens.core.progress import Progress, Silent
from taxolens.core.texts import Say, plain
from taxolens.formats.results_table import as_found
from taxolens.recipes.organise import UndoRecipe
from taxolens.storage.atomic import told_as_output
from taxolens.storage.lock import held
from taxolens.workflows.organise_list import (
    LEFT_OUT,
    LIST,
    LOCK,
    OWN,
    RECIPE,
    SCRATCH,
    Entry,
    Kind,
    read_list,
    read_settings,
    sha256_of,
    write_list,
)
from taxolens.workflows.organise_place import remove_empty

_NAMED = 1000


class Fate(StrEnum):
    """What becomes of a written file."""

    REMOVED = "removed"
    GONE = "gone"
    CHANGED = "changed"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class UndoSummary:
    """What became of the files of a folder of copies.

    Attributes:
        removed: files that were removed; in a dry run, those that would be.
        gone: files that somebody had removed before.
        changed: files that somebody has changed since; they stay.
        last: files whose original is not where it was; they stay, and so does the list, lest the last picture go.
        kept: the first 1,000 that stay.
        originals: where the originals were.
    """

    removed: int
    gone: int
    changed: int
    last: int
    kept: tuple[str, ...]
    originals: Path


def undo(recipe: UndoRecipe, *, progress: Progress | None = None, say: Say = plain) -> UndoSummary:
    """Removes what `organise` wrote into a folder; stopped at any moment, the same recipe goes on.

    Raises:
        UsageError: the folder is none of copies, or another process works on it.
        OutputError: a file cannot be removed.
    """
    settings = read_settings(recipe.folder)
    if settings is None:
        raise UsageError(
            "{folder} holds nothing that taxolens organise wrote. Name the folder that was its --out.",
            folder=recipe.folder,
        )
    work = _Undo(recipe, Path(settings.photos), progress or Silent(), say)
    if recipe.dry_run:
        return work.done()
    busy = UsageError(
        "Another run is writing {out}. Wait until it is done, or name another --out.", out=recipe.folder
    )
    with held(recipe.folder / OWN / LOCK, busy=busy, place=recipe.folder, keep=True):
        summary = work.done()
        work.tidy()
    work.forget(new=settings.new)
    return summary


class _Undo:
    """One way back."""

    def __init__(self, recipe: UndoRecipe, photos: Path, progress: Progress, say: Say) -> None:
        self._recipe = recipe
        self._folder = recipe.folder
        self._inside = Path(os.path.realpath(recipe.folder))
        self._base = photos if photos.is_dir() else photos.parent
        self._originals = photos
        self._progress = progress
        self._say = say
        self._last: list[Entry] = []
        self._folders: set[str] = set()

    def done(self) -> UndoSummary:
        """Removes files, one at a time."""
        say = self._say
        entries, _ = read_list(self._folder)
        counts = dict.fromkeys(Fate, 0)
        kept: list[str] = []
        for entry in self._progress.track(entries, what=say("Removing copies"), total=len(entries)):
            fate = self._fate(entry)
            counts[fate] += 1
            if fate is Fate.LAST:
                self._last.append(entry)
            if fate in (Fate.LAST, Fate.CHANGED) and len(kept) < _NAMED:
                kept.append(entry.file)
            if fate is Fate.REMOVED and not self._recipe.dry_run:
                with told_as_output(self._folder / entry.file):
                    (self._folder / entry.file).unlink()
            self._folders.add(entry.folder)
        return UndoSummary(
            counts[Fate.REMOVED],
            counts[Fate.GONE],
            counts[Fate.CHANGED],
            counts[Fate.LAST],
            tuple(kept),
            self._originals,
        )

    def tidy(self) -> None:
        """Removes folders that are empty now, and the list unless it is needed once more."""
        remove_empty(self._folder, sorted(self._folders, key=len, reverse=True))
        if self._last:
            write_list(self._folder, self._last)
            return
        own = self._folder / OWN
        with told_as_output(own):
            shutil.rmtree(own / SCRATCH, ignore_errors=True)
            (self._folder / LIST).unlink(missing_ok=True)
            for name in (LEFT_OUT, RECIPE):
                (own / name).unlink(missing_ok=True)

    def forget(self, *, new: bool) -> None:
        """Removes our own folder, and the whole one where it came with the copies and nothing is left in it."""
        if self._last:
            return
        own = self._folder / OWN
        with suppress(OSError):  # some systems only let a lock go after its process
            (own / LOCK).unlink(missing_ok=True)
            own.rmdir()
            if new:
                self._folder.rmdir()

    def _fate(self, entry: Entry) -> Fate:
        place = self._folder / entry.file
        if not self._is_inside(entry.file):
            return Fate.CHANGED
        try:
            found = place.lstat()
        except OSError:
            return Fate.GONE
        if place.is_symlink() or not place.is_file() or found.st_size != entry.size:
            return Fate.CHANGED
        if entry.kind is Kind.LINK:
            return self._fate_of_link(place, entry)
        with told_as_output(place):
            if sha256_of(place) != entry.sha256:
                return Fate.CHANGED
        return Fate.REMOVED if entry.kind is Kind.SIDECAR or self._has_original(entry) else Fate.LAST

    def _fate_of_link(self, place: Path, entry: Entry) -> Fate:
        """A link is the original under another name: it goes only while the original has its own."""
        try:
            return Fate.REMOVED if place.samefile(self._original(entry)) else Fate.CHANGED
        except OSError:
            return Fate.LAST

    def _has_original(self, entry: Entry) -> bool:
        try:
            return self._original(entry).stat().st_size == entry.photo_size
        except (OSError, ValueError):
            return False

    def _original(self, entry: Entry) -> Path:
        plain_name = self._base / entry.photo
        return plain_name if plain_name.exists() else self._base / as_found(entry.photo)

    def _is_inside(self, file: str) -> bool:
        """A list that somebody wrote by hand removes nothing elsewhere."""
        path = PurePosixPath(file)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            return False
        real = Path(os.path.realpath((self._folder / file).parent))
        return real.is_relative_to(self._inside)
