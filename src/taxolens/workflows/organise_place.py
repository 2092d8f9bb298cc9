"""Files to their places: nothing is ever overwritten, and every file is listed before it is there."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePath

from taxolens.core.errors import OutputError
from taxolens.storage.atomic import told_as_output
from taxolens.workflows.organise_copy import Made, Ready
from taxolens.workflows.organise_list import Entry, Kind, OpenList, State, state_of
from taxolens.workflows.organise_names import FileNames, beside

_AT_ONCE = 32
_LONGEST_WAIT = 1.0  # seconds


class Placer:
    """Puts files to their places, some at once, for each time the list must reach the disk.

    Args:
        out: the folder of copies.
        listed: its list.
        names: free names, for a place that somebody takes in the meantime.
    """

    def __init__(self, out: Path, listed: OpenList, names: FileNames) -> None:
        self._out = out
        self._inside = Path(os.path.realpath(out))
        self._list = listed
        self._names = names
        self._waiting: list[Made] = []
        self._since = time.monotonic()
        self._folders: set[Path] = set()

    def put(self, made: Made) -> None:
        """Takes what was made; it may wait for others.

        Raises:
            OutputError: it cannot be written.
        """
        self._waiting.append(made)
        if len(self._waiting) >= _AT_ONCE or time.monotonic() - self._since > _LONGEST_WAIT:
            self.flush()

    def flush(self) -> None:
        """Puts everything to its place.

        Raises:
            OutputError: it cannot be written.
        """
        waiting, self._waiting = self._waiting, []
        self._since = time.monotonic()
        if not waiting:
            return
        self.remove([entry for made in waiting for entry in made.job.copy.outdated])
        self._list.add([ready.entry for made in waiting for ready in made.files])
        for made in waiting:
            self._place(made)

    def remove(self, entries: Sequence[Entry]) -> None:
        """Takes away what was written before, unless somebody has changed it since.

        Raises:
            OutputError: it cannot be removed.
        """
        gone = [entry for entry in entries if state_of(self._out, entry) is not State.CHANGED]
        for entry in gone:
            with told_as_output(self._out / entry.file):
                (self._out / entry.file).unlink(missing_ok=True)
        if gone:
            self._list.add([replace(entry, kind=Kind.GONE) for entry in gone])
            remove_empty(self._out, {entry.folder for entry in gone})
            self._folders.clear()

    def _place(self, made: Made) -> None:
        files = made.files
        while True:
            try:
                for ready in files:
                    self._put(ready, made.job.path)
                return
            except FileExistsError:
                files = self._renamed(files)
                self._list.add([ready.entry for ready in files])

    def _renamed(self, files: Sequence[Ready]) -> tuple[Ready, ...]:
        """The files under a free name; what of them lay in its place already goes with them."""
        main = PurePath(files[0].entry.file)
        name = self._names.take(files[0].entry.folder, PurePath(main.name), main.suffix)
        renamed = []
        for ready in files:
            old = self._out / ready.entry.file
            if ready.scratch is not None and not ready.scratch.exists():
                with told_as_output(old):
                    old.replace(ready.scratch)
            new = beside(name)[ready.entry.kind is Kind.SIDECAR]
            renamed.append(replace(ready, entry=replace(ready.entry, file=new)))
        return tuple(renamed)

    def _put(self, ready: Ready, original: Path) -> None:
        """One file to its place.

        Raises:
            FileExistsError: something lies there.
            OutputError: it cannot be written.
        """
        place = self._out / ready.entry.file
        self._open_folder(place.parent)
        try:
            if ready.scratch is None:
                _link(original, place)
            else:
                _move(ready.scratch, place)
        except FileExistsError:
            raise
        except OSError as error:
            with told_as_output(place):
                raise error

    def _open_folder(self, folder: Path) -> None:
        """Makes a folder once, and refuses one that is a link to another place."""
        if folder in self._folders:
            return
        with told_as_output(folder):
            folder.mkdir(parents=True, exist_ok=True)
            real = Path(os.path.realpath(folder))
        if not real.is_relative_to(self._inside):
            raise OutputError(
                "{folder} is a link that leads out of {out}. Remove it, or name another --out.",
                folder=folder,
                out=self._out,
            )
        self._folders.add(folder)


def remove_empty(out: Path, folders: Iterable[str]) -> None:
    """Removes folders below another one, and those above them, where nothing is left in them."""
    for folder in folders:
        place = out / folder
        with suppress(OSError):
            while place != out:
                place.rmdir()
                place = place.parent


def _link(original: Path, place: Path) -> None:
    try:
        os.link(original, place)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno == errno.EXDEV:
            raise OutputError(
                "{out} lies on another disk than the photos, where no hard links can be made. Leave out --link "
                "to copy, or name an --out on the disk of the photos.",
                out=place.parent,
            ) from error
        if error.errno in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK):
            raise OutputError(
                "The disk of {out} makes no hard link to {photo}. Leave out --link to copy.",
                out=place.parent,
                photo=original,
            ) from error
        raise


def _move(scratch: Path, place: Path) -> None:
    """A rename that overwrites nothing, where the disk has hard links; else one that looks first."""
    try:
        os.link(scratch, place)
    except FileExistsError:
        raise
    except OSError:
        if os.path.lexists(place):
            raise FileExistsError(errno.EEXIST, "", str(place)) from None
        scratch.rename(place)
        return
    with suppress(OSError):
        scratch.unlink()
