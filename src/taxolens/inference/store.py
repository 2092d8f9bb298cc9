"""The results of one output: a locked folder with a journal and segments.

results.csv             rendered from the segments, can be made again at any time
results.csv.taxolens/   journal.json, lock, segment-WRITER-NUMBER-DIGEST.jsonl.gz, roll.gz, corrections.csv
"""

from __future__ import annotations

import dataclasses
import secrets
import time
from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from taxolens.core.errors import UsageError
from taxolens.inference.answered import Answered, Place
from taxolens.inference.journal import Journal, check_same_work, read_journal, write_journal
from taxolens.inference.roll import Roll, write_roll
from taxolens.inference.row import Row, row_to_line
from taxolens.inference.segments import (
    SegmentDamaged,
    number_of,
    read_rows,
    segments_in,
    set_aside,
    write_segment,
)
from taxolens.inference.shelf import Shelf, place_of
from taxolens.storage.atomic import PART, told_as_output
from taxolens.storage.lock import held

SUFFIX = ".taxolens"
ROWS_AT_ONCE = 1000
BYTES_AT_ONCE = 16_000_000
"""Rows with many boxes are long."""
_SOONEST_SECONDS, _LATEST_SECONDS, _SHARE_AT_RISK = 0.5, 30.0, 0.1


class Store:
    """Rows that outlive the process.

    Rows are kept in memory until a segment is due: after 1,000 of them, or 16 MB, or after a tenth of the time
    that the run has taken so far, at least half a second and at most 30. A stop loses no more than that.

    Args:
        folder: an existing folder that this process has locked.
        journal: what the rows belong to.
    """

    def __init__(self, folder: Path, journal: Journal) -> None:
        self.journal = journal
        self.folder = folder
        self._writer = secrets.token_hex(4)
        self._shelf = Shelf()
        self._next_number = 1
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._began = self._flushed = time.monotonic()

    def load(self, *, again: Callable[[Row], bool], damaged: Callable[[str], None]) -> Answered:
        """Reads which files are answered.

        Args:
            again: says of a row that its photo is to be looked at once more.
            damaged: told the name of each segment that is not what was written. It is set aside, and its
                photos count as not answered.

        Raises:
            OutputError: a segment cannot be read, or a damaged one cannot be set aside.
        """
        answered = Answered()
        for path in segments_in(self.folder):
            self._next_number = max(self._next_number, number_of(path) + 1)
            try:
                journal, rows = read_rows(path)
            except SegmentDamaged:
                damaged(set_aside(path).name)
                continue
            if journal != self.journal.id:
                _remove(path)
                continue
            for line, row in enumerate(rows):
                if not again(row):
                    answered.add(row.stamp.key(), place_of(len(self._shelf), line))
            self._shelf.add(path)
        return answered

    def append(self, row: Row) -> Place:
        """Takes a row and says where it will lie; writes a segment when one is due."""
        place = place_of(len(self._shelf), len(self._waiting))
        self._waiting.append(row_to_line(row))
        self._waiting_bytes += len(self._waiting[-1])
        many = len(self._waiting) >= ROWS_AT_ONCE or self._waiting_bytes >= BYTES_AT_ONCE
        if many or time.monotonic() >= self._due():
            self.flush()
        return place

    def flush(self) -> None:
        """Writes what waits.

        Raises:
            OutputError: it cannot be written; it still waits then.
        """
        if self._waiting:
            path = write_segment(self.folder, self.journal.id, self._writer, self._next_number, self._waiting)
            self._shelf.add(path)
            self._next_number += 1
            self._waiting, self._waiting_bytes = [], 0
        self._flushed = time.monotonic()

    def row(self, place: Place) -> Row:
        """The row at a place, once its segment is written.

        Raises:
            OutputError: its segment has gone or changed since.
        """
        return self._shelf.row(place)

    def enrol(self, places: array[Place], asked: Mapping[str, object]) -> None:
        """Leaves word of what the table shows and how it is decided; everything must be written before.

        Raises:
            OutputError: it cannot be written.
        """
        write_roll(Roll(self.journal.id, self.segments, places, asked), self.folder)

    @property
    def segments(self) -> tuple[str, ...]:
        """Names of the segments that are written, in the order of the places' numbers."""
        return tuple(path.name for path in self._shelf.segments)

    def _due(self) -> float:
        share = _SHARE_AT_RISK * (self._flushed - self._began)
        return self._flushed + min(max(share, _SOONEST_SECONDS), _LATEST_SECONDS)


@contextmanager
def open_store(out: Path, journal: Journal, *, restart: bool) -> Iterator[Store]:
    """The store beside an output, for this process alone.

    Args:
        out: the file that is rendered from the store.
        journal: what is to be done; an earlier journal of the same work is taken up.
        restart: forget what lies there. The new journal comes first, then what it replaces goes, so a
            stop in between leaves nothing of the old results in the new ones.

    Raises:
        UsageError: another process works on it, or it belongs to other work.
        OutputError: it cannot be written.
    """
    folder = out.with_name(out.name + SUFFIX)
    with told_as_output(folder):
        folder.mkdir(parents=True, exist_ok=True)
    busy = UsageError("Another run is writing {out}. Wait until it is done, or name another --out.", out=out)
    with held(folder / "lock", busy=busy, place=folder, keep=True):
        with told_as_output(folder):
            for part in folder.glob(f".*{PART}"):
                part.unlink(missing_ok=True)
        yield Store(folder, _begin(folder, journal) if restart else _take_up(folder, journal))


def _begin(folder: Path, journal: Journal) -> Journal:
    write_journal(journal, folder)
    for path in segments_in(folder):
        _remove(path)
    return journal


def _take_up(folder: Path, journal: Journal) -> Journal:
    earlier = read_journal(folder)
    if earlier is None and segments_in(folder):
        raise UsageError(
            "The journal of the results in {folder} is missing. "
            "Put it back, start anew with --restart, or name another --out.",
            folder=folder,
        )
    if earlier is None:
        write_journal(journal, folder)
        return journal
    check_same_work(earlier, journal, folder)
    now = dataclasses.replace(
        earlier,
        photos=journal.photos,
        card=journal.card or earlier.card,
        detector=journal.detector,
        merged=journal.merged,
    )
    if now != earlier:
        write_journal(now, folder)
    return now


def _remove(path: Path) -> None:
    with told_as_output(path):
        path.unlink(missing_ok=True)
