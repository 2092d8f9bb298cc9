"""A table of millions of photos divided and balanced: no photo is opened, nothing but numbers is kept of it.

The table is read twice: for the columns that decide, and once more for the rows that are written.
"""

from __future__ import annotations

import hashlib
import os
import time
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import DataError
from taxolens.core.progress import Progress
from taxolens.core.texts import Say
from taxolens.data.columns import PARTS, UNKNOWN, Columns, Numbers
from taxolens.formats.manifest import Entry
from taxolens.formats.table import Listed, list_table
from taxolens.recipes.prepare import PrepareRecipe
from taxolens.recipes.source import SiteBy
from taxolens.workflows.prepare_folder import PreparedFolder, result_of
from taxolens.workflows.prepare_plan import REPEATED, Division, divide, told_notes
from taxolens.workflows.prepare_summary import PrepareSummary, summary_of
from taxolens.workflows.prepare_tables import Tally, write_list, write_recipe


def prepare_listing(
    recipe: PrepareRecipe, folder: PreparedFolder, *, progress: Progress, say: Say, began: float
) -> PrepareSummary:
    """Divides and balances a table; copies are rows that name a photo once more.

    Raises:
        DataError: the table cannot be read, or cannot be divided as asked.
        OutputError: the folder cannot be written.
    """
    table = recipe.source.data
    listed = progress.track(list_table(table), what=say("Reading the table"))
    gathered = _Gathered(by_folder=recipe.source.site_by is SiteBy.FOLDER)
    columns = gathered.columns(listed)
    columns = columns if recipe.own_parts else columns.without_parts()
    progress.note(say("Dividing {count} photos.").format(count=len(columns)))
    division = divide(recipe, columns)
    copies = int(division.copies.sum())
    told = say("{rows} rows will be written, {copies} of them copies.")
    progress.note(told.format(rows=int(division.kept.sum()) + copies, copies=copies))
    folder.begin()
    write_recipe(recipe, folder, division.by, listing_fingerprint(table), _tally(columns, division))

    def entries() -> Iterator[Entry]:
        rows = progress.track(list_table(table), what=say("Writing the table"), total=len(columns))
        return _entries(rows, division, table.parent, gathered.by_folder)

    write_list(recipe, folder, entries, labelled=True)
    folder.finish()
    result = result_of(folder.out) or {}
    return summary_of(folder.out, result, time.monotonic() - began, told_notes(division, say))


def listing_fingerprint(table: Path) -> str:
    """Of a table as it is now.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with table.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(
            "{table} cannot be read: {why}. Name a CSV with the columns file and label.",
            table=table,
            why=error.strerror or error,
        ) from error


@dataclass(slots=True)
class _Gathered:
    """Columns that grow as rows come.

    Attributes:
        by_folder: the outermost folder is the site where no column names it.
    """

    by_folder: bool
    names: list[str] = field(default_factory=list)

    def columns(self, rows: Iterable[Listed]) -> Columns:
        """The columns of all rows."""
        labels, sites, sequences = Numbers(), Numbers(), Numbers()
        label, site, sequence, day, part, content = (array("q") for _ in range(6))
        for row in rows:
            self.names.append(row.file)
            label.append(labels.of(row.label))
            site.append(sites.of(_site(row, self.by_folder)))
            sequence.append(sequences.of(row.sequence))
            day.append(row.taken.toordinal() if row.taken else UNKNOWN)
            part.append(PARTS.index(row.part) if row.part else UNKNOWN)
            content.append(hash(row.file))
        names = [str(name) for name in labels.things]
        order = np.argsort(np.array(names)) if names else np.empty(0, np.int64)
        place = np.empty(len(names), np.int64)
        place[order] = np.arange(len(names))
        return Columns(
            names=self.names,
            hashes=None,
            labels=tuple(names[one] for one in order.tolist()),
            label=place[_numbers(label)],
            site=_numbers(site),
            sequence=_numbers(sequence),
            day=_numbers(day),
            part=_numbers(part),
            content=np.unique(_numbers(content), return_inverse=True)[1].astype(np.int64),
        )


def _numbers(column: array[int]) -> NDArray[np.int64]:
    return np.frombuffer(column, np.int64) if len(column) else np.empty(0, np.int64)


def _site(row: Listed, by_folder: bool) -> str | None:
    if row.site or not by_folder:
        return row.site
    folders = row.file.split("/")[:-1]
    if folders and folders[-1] == row.label:
        folders.pop()
    return folders[0] if folders else None


def _tally(columns: Columns, division: Division) -> Tally:
    """Photos and copies per class and part, without a look at each."""
    tally = Tally()
    place = np.where(division.fold > 0, division.fold + len(PARTS), division.part)
    keys, inverse = np.unique(columns.label * 1000 + place, return_inverse=True)
    photos = np.bincount(inverse, weights=division.kept).astype(np.int64)
    copies = np.bincount(inverse, weights=division.copies).astype(np.int64)
    for key, some, more in zip(keys.tolist(), photos.tolist(), copies.tolist(), strict=True):
        label, number = columns.labels[key // 1000], key % 1000
        where = f"fold-{number - len(PARTS)}" if number >= len(PARTS) else PARTS[number].value
        tally.counts[label, where] += some + more
        tally.photos += some
        tally.copies += more
    return tally


def _entries(rows: Iterable[Listed], division: Division, root: Path, by_folder: bool) -> Iterator[Entry]:
    """The rows to be written: each photo that is kept, and once more for each copy."""
    above = os.path.join(os.path.abspath(root), "")  # noqa: PTH100, PTH118 - a Path per row costs more than the rest
    for number, row in enumerate(rows):
        if not division.kept[number]:
            continue
        fold = int(division.fold[number])
        file = row.file if os.path.isabs(row.file) else above + row.file  # noqa: PTH117 - likewise
        entry = Entry(
            file=file,
            label=row.label,
            site=_site(row, by_folder) or "",
            sequence=row.sequence or "",
            datetime=row.taken.isoformat(sep=" ") if row.taken else "",
            split="" if fold else PARTS[division.part[number]].value,
            fold=fold or None,
            source=row.file,
        )
        yield entry
        for _ in range(division.copies[number]):
            yield entry.copied(REPEATED)
