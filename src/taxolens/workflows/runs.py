"""The runs of a folder: found, put away, brought back."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from taxolens.core.errors import DataError, UsageError
from taxolens.storage.atomic import told_as_output
from taxolens.workflows.run_folder import (
    HISTORY,
    METRICS,
    MODEL,
    RECIPE,
    REPORT,
    SPLIT,
    beside_run,
    is_run,
)
from taxolens.workflows.run_record import RunRecord, read_run

TRASH = ".taxolens-trash"

_MARKS = frozenset({MODEL, RECIPE, SPLIT, METRICS, HISTORY, REPORT})
_ENOUGH = 3  # of these names side by side: no other program leaves them together


class RunOrder(StrEnum):
    """What a list of runs begins with: the newest, or the most often right."""

    DATE = "date"
    ACCURACY = "accuracy"


@dataclass(frozen=True, slots=True)
class Broken:
    """A folder that looks like a run and cannot be read as one."""

    folder: Path
    error: DataError


@dataclass(frozen=True, slots=True)
class FoundRuns:
    """The runs below a folder, in order, and what could not be read."""

    runs: tuple[RunRecord, ...]
    broken: tuple[Broken, ...]


def find_runs(folders: Sequence[Path], order: RunOrder = RunOrder.DATE) -> FoundRuns:
    """Looks for runs in folders, at any depth. Hidden folders and links are passed over.

    Raises:
        UsageError: a folder is not there.
    """
    runs: dict[Path, RunRecord] = {}
    broken: dict[Path, Broken] = {}
    for folder in folders:
        if not folder.is_dir():
            raise UsageError("{folder} is no folder. Name one that holds runs.", folder=folder)
        for place in _candidates(folder):
            try:
                runs.setdefault(place.resolve(), read_run(place))
            except DataError as error:
                broken.setdefault(place.resolve(), Broken(place, error))
    return FoundRuns(tuple(sorted(runs.values(), key=_KEYS[order])), tuple(broken.values()))


_KEYS = {
    RunOrder.DATE: lambda run: (-run.created.timestamp(), run.name),
    RunOrder.ACCURACY: lambda run: (-run.figures.headline.value, -run.figures.harmony, run.name),
}


def _candidates(folder: Path) -> Iterator[Path]:
    for place, below, files in os.walk(folder):
        if len(_MARKS & set(files)) >= _ENOUGH:
            below.clear()
            yield Path(place)
        below[:] = sorted(name for name in below if not name.startswith("."))


def check_deletable(folders: Sequence[Path]) -> None:
    """Refuses what is no run, or more than a run, before anything is moved.

    Raises:
        UsageError: a folder that is none, is a link, is no run, holds other things too, or is named twice.
    """
    for folder in folders:
        if folder.is_symlink() or not folder.is_dir() or not is_run(folder):
            raise UsageError(
                "{folder} is no run folder. Nothing was deleted. See: taxolens runs list", folder=folder
            )
        if others := beside_run(folder):
            raise UsageError(
                "{folder} holds {other} beside its run. Nothing was deleted; move it away first.",
                folder=folder,
                other=others[0],
            )
    places = [folder.resolve() for folder in folders]
    if len(set(places)) < len(places):
        raise UsageError("A run is named twice. Nothing was deleted.")


def delete_run(folder: Path) -> Path:
    """Moves a run into the hidden trash folder beside it.

    Returns:
        Where it lies now.

    Raises:
        UsageError: see `check_deletable`.
        OutputError: it cannot be moved.
    """
    check_deletable([folder])
    place = folder.resolve()
    trash = place.parent / TRASH
    with told_as_output(folder):
        trash.mkdir(exist_ok=True)
        numbers = [number for number, _ in _kept(trash, place.name)]
        target = trash / (f"{place.name}~{max(numbers) + 1}" if numbers else place.name)
        return place.rename(target)


def restore_run(folder: Path) -> Path:
    """Brings back the run that was deleted last at this place.

    Args:
        folder: where it lay.

    Returns:
        The same, absolute.

    Raises:
        UsageError: no such run was deleted there, or something else lies there now.
        OutputError: it cannot be moved.
    """
    place = folder.resolve()
    trash = place.parent / TRASH
    with told_as_output(folder):
        kept = _kept(trash, place.name)
        if not kept:
            raise UsageError(
                "No run {name} was deleted in {folder}. There is: {known}",
                name=place.name,
                folder=place.parent,
                known=", ".join(trashed(place.parent)) or "-",
            )
        if place.exists():
            raise UsageError("Something lies at {folder} now. Move it away first.", folder=folder)
        _, latest = max(kept)
        latest.rename(place)
        if not any(trash.iterdir()):
            trash.rmdir()
    return place


def trashed(folder: Path) -> tuple[str, ...]:
    """Names of the runs that were deleted in a folder and can be brought back."""
    trash = folder / TRASH
    if not trash.is_dir():
        return ()
    return tuple(sorted({path.name.partition("~")[0] for path in trash.iterdir() if is_run(path)}))


def _kept(trash: Path, name: str) -> list[tuple[int, Path]]:
    """What was deleted under a name, with numbers that grow with time."""
    named = re.compile(rf"{re.escape(name)}(?:~(\d+))?")
    found = ((named.fullmatch(path.name), path) for path in trash.iterdir()) if trash.is_dir() else ()
    return [(int(match[1] or 1), path) for match, path in found if match and is_run(path)]
