"""The epochs of a training as a table that grows row by row."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TextIO

from taxolens.core.tracking import Ending, TrackedEpoch, TrackedRun
from taxolens.core.trainer import Epoch, Examples
from taxolens.tracking.points import row

FILE = "history.csv"
_OF_NETWORKS = tuple(field.name for field in fields(Epoch))


def write_epochs(epochs: Sequence[TrackedEpoch], path: Path) -> None:
    """One row per epoch."""
    with path.open("w", encoding="utf-8", newline="") as file:
        _write(epochs, file, _columns(epochs), head=True)


class History:
    """The table of a run, in its place while it is trained; the run folder gets its own in the end."""

    def __init__(self, run: TrackedRun) -> None:
        self._file = run.place / FILE
        self._told = 0

    @property
    def where(self) -> str:
        """The file."""
        return str(self._file)

    def learnt(self, epochs: Sequence[TrackedEpoch], examples: Examples) -> None:
        """Adds the rows that are new; after a stop the table is written anew, for its last row may be torn."""
        del examples
        if self._told:
            with self._file.open("a", encoding="utf-8", newline="") as file:
                _write(epochs[self._told :], file, _columns(epochs), head=False)
        else:
            write_epochs(epochs, self._file)
        self._told = len(epochs)

    def judged(self, figures: Mapping[str, float], folder: Path) -> None:
        """Nothing: figures stand in `metrics.json`."""
        del figures, folder

    def close(self, ending: Ending) -> None:
        """Nothing is kept open."""
        del ending


def _columns(epochs: Sequence[TrackedEpoch]) -> tuple[str, ...]:
    return tuple(row(epochs[0])) if epochs else _OF_NETWORKS


def _write(epochs: Iterable[TrackedEpoch], file: TextIO, columns: Sequence[str], *, head: bool) -> None:
    writer = csv.writer(file)
    if head:
        writer.writerow(columns)
    for epoch in epochs:
        told = row(epoch)
        values = (told.get(name) for name in columns)
        writer.writerow(
            ["" if one is None else f"{one:.6g}" if isinstance(one, float) else one for one in values]
        )
