"""The folder beside a run in which processes search together, and which outlives their stops."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from filelock import FileLock, Timeout

from taxolens.core.errors import UsageError
from taxolens.core.search import STUDY
from taxolens.recipes.tune import TuneRecipe
from taxolens.storage.atomic import told_as_output, written_whole
from taxolens.workflows.run_folder import check_free

_TRIALS, _WORKER, _LOCK, _TRACKING = "trials", "worker", ".lock", "tracking"


@dataclass(frozen=True, slots=True)
class TunePlace:
    """Where a search lies.

    Attributes:
        folder: shared by all processes.
        own: this process's, for its decoded photos.
    """

    folder: Path
    own: Path

    def of_trial(self, number: int) -> Path:
        """Where the checkpoint of a trial lies."""
        return self.folder / _TRIALS / str(number)

    @property
    def tracking(self) -> Path:
        """Where trackers keep what they need to go on."""
        return self.folder / _TRACKING

    def checkpoints(self) -> frozenset[int]:
        """Numbers of the trials of which something is kept."""
        found = (self.folder / _TRIALS).glob("*")
        return frozenset(int(folder.name) for folder in found if folder.name.isdecimal())

    def forget(self, numbers: frozenset[int]) -> None:
        """Removes the checkpoints of trials."""
        for number in numbers:
            shutil.rmtree(self.of_trial(number), ignore_errors=True)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether this process is the one that writes the run; when it is and has, the search goes."""
        lock = FileLock(self.folder / "finish.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            yield False
            return
        try:
            yield True
            shutil.rmtree(self.folder, ignore_errors=True)
        finally:
            lock.release()


@contextmanager
def tune_place(recipe: TuneRecipe) -> Iterator[TunePlace]:
    """Enters the folder, beside other processes or alone.

    Raises:
        UsageError: the search is to begin anew while others work at it.
        OutputError: there can be no such folder.
    """
    train = recipe.train
    out = train.out.resolve()
    folder = out.with_name(f".{out.name}.taxolens-tuning")
    door = FileLock(folder.with_name(folder.name + _LOCK))
    with told_as_output(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        door.acquire()
    try:
        # Whoever waited at the door may find the run written by those who went before.
        check_free(train.out, overwrite=train.overwrite, data=train.source.data)
        own, lock = _entered(recipe, folder)
    finally:
        door.release()
    try:
        yield TunePlace(folder, own)
    finally:
        # Decoded photos are many and quickly made again; what was learnt is kept.
        shutil.rmtree(own, ignore_errors=True)
        lock.release()
        with suppress(OSError):
            if not folder.exists():
                Path(door.lock_file).unlink(missing_ok=True)


def _entered(recipe: TuneRecipe, folder: Path) -> tuple[Path, FileLock]:
    with told_as_output(folder):
        folder.mkdir(exist_ok=True)
        own, lock = _room(folder)
    if recipe.train.restart:
        if own.name != f"{_WORKER}-0" or _others(folder, lock):
            lock.release()
            raise UsageError(
                "Another process searches for {out}. Wait until it is done, or name another --out.",
                out=recipe.train.out,
            )
        _empty(folder, lock)
    earlier = recipe.train.out / STUDY
    if recipe.train.overwrite and not recipe.train.restart and not (folder / STUDY).exists():
        # Whole or not at all: what is there already is gone on with, torn or not.
        with (
            told_as_output(folder),
            suppress(FileNotFoundError),
            earlier.open("rb") as found,
            written_whole(folder / STUDY) as copy,
        ):
            shutil.copyfileobj(found, copy)
    own.mkdir(exist_ok=True)
    return own, lock


def _room(folder: Path) -> tuple[Path, FileLock]:
    """The first room that nobody is in; the system frees the rooms of processes that were killed."""
    for number in count():
        own = folder / f"{_WORKER}-{number}"
        lock = FileLock(own.with_name(own.name + _LOCK), is_singleton=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        return own, lock
    raise AssertionError("count never ends")


def _others(folder: Path, mine: FileLock) -> bool:
    for file in folder.glob(f"{_WORKER}-*{_LOCK}"):
        if str(file) == mine.lock_file:
            continue
        lock = FileLock(file, is_singleton=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
    return False


def _empty(folder: Path, mine: FileLock) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif str(path) != mine.lock_file:
            path.unlink(missing_ok=True)
