"""The table of a prepared folder: what `read_table` reads, and where each photo came from.

`file,label,site,sequence,datetime,split[,fold],source,copy_of,made_by`: `source` is the photo's name where it
came from; a copy names the photo it was made from (`copy_of`) and what changed it (`made_by`). The column
`label` is left out where photos have boxes and no class as a whole.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from io import TextIOWrapper
from pathlib import Path

from taxolens.core.errors import DataError
from taxolens.core.records import Part
from taxolens.storage.atomic import written_whole

LABELS = "labels.csv"
"""Name of the table where photos have a class."""
PHOTOS = "photos.csv"
"""Name of the table where they have boxes only."""
UNFINISHED = "unfinished.taxolens"
"""Name of the folder that a prepared folder holds until it is complete."""

_FOLD = re.compile(r"fold-[0-9]+\.(csv|yaml|coco\.json)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One photo of a prepared folder.

    Attributes:
        file: path relative to the table, or a full path.
        datetime: local time, "2026-05-31 14:05:00".
        split: "train", "val" or "test"; empty where the photos are divided into folds.
        fold: from 1; None without folds.
        source: its name where it came from.
        copy_of: for a copy, the `file` that it was made from.
        made_by: for a copy, what changed it.
    """

    file: str
    label: str | None
    site: str
    sequence: str
    datetime: str
    split: str
    fold: int | None
    source: str
    copy_of: str = ""
    made_by: str = ""

    def in_part(self, part: Part) -> Entry:
        """The same photo in a part of a split."""
        return replace(self, split=part.value)

    def copied(self, made_by: str) -> Entry:
        """The same file once more, as a copy of itself."""
        return replace(self, copy_of=self.file, made_by=made_by)


def write_manifest(entries: Iterable[Entry], table: Path, *, labelled: bool, folded: bool) -> None:
    """Writes the table, whole or not at all; entries are taken one at a time.

    Args:
        labelled: with the column `label`.
        folded: with the column `fold`.

    Raises:
        OutputError: it cannot be written.
    """
    with written_whole(table) as binary:
        file = TextIOWrapper(binary, encoding="utf-8", errors="surrogateescape", newline="")
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(_columns(labelled, folded))
        rows.writerows(_cells(entry, labelled, folded) for entry in entries)
        file.flush()
        file.detach()


def manifest_files(table: Path) -> tuple[str, ...]:
    """The files that a manifest names.

    Raises:
        DataError: it cannot be read, or is no manifest.
    """
    return tuple(row["file"] for row in _rows(table))


def folds_beside(file: Path) -> tuple[Path, ...]:
    """The file of each fold, where `file` names the photos of all folds of a prepared folder; else none."""
    folds = [one for one in file.parent.glob("fold-*") if _FOLD.fullmatch(one.name)]
    if _FOLD.fullmatch(file.name) or not any(_is_folded(file.parent / name) for name in (LABELS, PHOTOS)):
        return ()
    return tuple(sorted(folds, key=lambda one: (len(one.name), one.name)))


def _is_folded(table: Path) -> bool:
    """Whether a table is a manifest with the column `fold`."""
    try:
        with table.open(encoding="utf-8", errors="surrogateescape") as file:
            return {"fold", "copy_of"} <= set(file.readline().strip().split(","))
    except OSError:
        return False


def copies_in(table: Path) -> frozenset[str]:
    """The files that a manifest names as copies of others; none where there is no manifest.

    Raises:
        DataError: it cannot be read, or is no manifest.
    """
    if not table.is_file():
        return frozenset()
    return frozenset(row["file"] for row in _rows(table) if row.get("copy_of"))


def _rows(table: Path) -> Iterator[dict[str, str]]:
    """One row at a time: a table may have millions."""
    try:
        with table.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            if "file" not in (rows.fieldnames or ()):
                raise csv.Error
            for row in rows:
                if row["file"] is None:
                    raise csv.Error
                yield row
    except (OSError, csv.Error, UnicodeError) as error:
        raise DataError("{table} is not the table of a prepared folder.", table=table) from error


def _columns(labelled: bool, folded: bool) -> tuple[str, ...]:
    label = ("label",) if labelled else ()
    fold = ("fold",) if folded else ()
    return ("file", *label, "site", "sequence", "datetime", "split", *fold, "source", "copy_of", "made_by")


def _cells(entry: Entry, labelled: bool, folded: bool) -> tuple[str, ...]:
    return (
        entry.file,
        *((entry.label or "",) if labelled else ()),
        entry.site,
        entry.sequence,
        entry.datetime,
        entry.split,
        *((str(entry.fold or ""),) if folded else ()),
        entry.source,
        entry.copy_of,
        entry.made_by,
    )
