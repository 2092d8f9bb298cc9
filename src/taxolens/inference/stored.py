"""Results that lie on a disk, read and never changed: the photos and the model need not be there."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from taxolens.core.errors import DataError, UsageError
from taxolens.inference.answered import Place
from taxolens.inference.journal import Journal, read_journal
from taxolens.inference.roll import read_roll
from taxolens.inference.row import Row
from taxolens.inference.segments import SegmentDamaged, read_rows, segments_in
from taxolens.inference.shelf import Shelf, place_of
from taxolens.inference.store import SUFFIX
from taxolens.modelfile.card import Card


class Stored:
    """The rows of a results folder in the order of their table.

    Args:
        folder: the results folder.
        journal: what the rows belong to.

    Raises:
        DataError: a segment is not what was written.
        OutputError: a segment cannot be read.
    """

    def __init__(self, folder: Path, journal: Journal) -> None:
        self.folder = folder
        self.journal = journal
        segments = segments_in(folder)
        roll = read_roll(folder, journal=journal.id, segments=segments)
        self._shelf = Shelf(segments)
        self.finished = roll is not None
        self.asked: Mapping[str, object] = roll.asked if roll else MappingProxyType({})
        self.places = roll.places if roll else self._latest(segments)

    @property
    def card(self) -> Card:
        """What the model said of itself.

        Raises:
            DataError: the results are from a version that did not keep it.
        """
        if self.journal.card is None:
            raise DataError(
                "The results in {folder} were begun by an earlier Taxolens and do not hold what the model says "
                "of itself. Run the same identify command once more: it adds it and looks at no photo anew.",
                folder=self.folder,
            )
        return self.journal.card

    @property
    def root(self) -> Path:
        """The photo or folder that was searched; it need not be there any more."""
        return Path(self.journal.photos)

    def row(self, place: Place) -> Row:
        """The row at a place.

        Raises:
            OutputError: its segment has gone or changed since.
        """
        return self._shelf.row(place)

    def _latest(self, segments: list[Path]) -> array[Place]:
        """Where no run has reached its end: the newest row of every photo, in the order of a scan."""
        newest: dict[str, Place] = {}
        for number, path in enumerate(segments):
            try:
                journal, rows = read_rows(path)
            except SegmentDamaged as error:
                raise DataError(
                    "The results in {path} are damaged. Run the same identify command once more: "
                    "it looks at these photos again.",
                    path=path,
                ) from error
            if journal == self.journal.id:
                newest |= {row.stamp.name: place_of(number, line) for line, row in enumerate(rows)}
        return array("Q", (newest[name] for name in sorted(newest, key=scan_order)))


def open_stored(results: Path) -> Stored:
    """Opens the results beside a table, or the folder that holds them.

    Raises:
        UsageError: there are none.
        DataError: they are damaged.
    """
    folder = results_folder(results)
    journal = read_journal(folder) if folder.is_dir() else None
    if journal is None:
        raise UsageError(
            "There are no results of taxolens identify at {results}. Name its table, with the folder "
            "{folder} still beside it.",
            results=results,
            folder=folder.name,
        )
    return Stored(folder, journal)


def results_folder(results: Path) -> Path:
    """The folder that holds what a table was written from; a folder of results is one itself."""
    return results if results.name.endswith(SUFFIX) else results.with_name(results.name + SUFFIX)


def scan_order(name: str) -> tuple[tuple[bool, str], ...]:
    """Sorts names as a scan finds them: in each folder its photos by name, then its folders by name."""
    *folders, file = name.split("/")
    return (*((True, folder) for folder in folders), (False, file))
