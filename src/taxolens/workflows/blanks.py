"""Blank photos of one site: on which days, and how many in a row."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

LEAST_RUN = 20
"""So many blanks in a row have one cause: grass in the wind, the sun on a stone, a camera that slipped."""
LONGEST_PAUSE = timedelta(minutes=10)
"""What may lie between two photos of one run, where times are known."""


@dataclass(frozen=True, slots=True)
class Run:
    """Blank photos in a row.

    Attributes:
        photos: how many.
        name: of the first of them.
        first: its time, where it is known.
        last: time of the last one.
    """

    photos: int
    name: str
    first: datetime | None = None
    last: datetime | None = None


@dataclass(slots=True)
class Blanks:
    """Counts photos of one site as they pass, in the order of their names.

    Attributes:
        photos: day -> photos with a time that seems right.
        blank: day -> those of them that are blank.
        runs: how many times at least 20 photos in a row were blank.
        in_runs: blank photos in such runs.
        longest: the longest run, of any length.
    """

    photos: Counter[date] = field(default_factory=Counter)
    blank: Counter[date] = field(default_factory=Counter)
    runs: int = 0
    in_runs: int = 0
    longest: Run | None = None
    _run: Run | None = None

    def add(self, name: str, taken: datetime | None, *, blank: bool) -> None:
        """One more photo that could be read."""
        if taken is not None:
            self.photos[taken.date()] += 1
            self.blank[taken.date()] += blank
        if not blank:
            self._run = None
            return
        run = self._run
        if run is None or _apart(run.last, taken):
            self._run = Run(1, name, taken, taken)
        else:
            self._run = Run(run.photos + 1, run.name, run.first, taken)
        self._count(self._run)

    def _count(self, run: Run) -> None:
        if self.longest is None or run.photos > self.longest.photos:
            self.longest = run
        if run.photos == LEAST_RUN:
            self.runs += 1
            self.in_runs += LEAST_RUN
        elif run.photos > LEAST_RUN:
            self.in_runs += 1


def _apart(last: datetime | None, taken: datetime | None) -> bool:
    return last is not None and taken is not None and abs(taken - last) > LONGEST_PAUSE
