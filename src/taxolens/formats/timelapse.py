"""A CSV that Timelapse imports (File > Import data from a CSV file): one row per photo or video.

https://timelapse.ucalgary.ca. Timelapse finds a file by `RelativePath` and `File`, with backslashes, as Windows
writes them; it takes a table only where every other column is a data label of the user's template: `Species`,
`Confidence`, `Comment` (notes), `Count` (a counter), `Blank` (a flag). Where `DateTime` is empty, Timelapse keeps its
own.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from taxolens.core.records import Status
from taxolens.formats.about import About, Names
from taxolens.formats.media import by_file
from taxolens.formats.result import Result
from taxolens.storage.atomic import written_whole

COLUMNS = ("File", "RelativePath", "DateTime", "Species", "Confidence", "Count", "Blank", "Comment")


def write_timelapse(results: Iterable[Result], out: Path, about: About) -> None:
    """Writes the table, whole or not at all; results are taken one photo at a time.

    Raises:
        OutputError: it cannot be written; an earlier table stays as it was.
    """
    names = about.names()
    with written_whole(out) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", newline="")
        table = csv.writer(text)
        table.writerow(COLUMNS)
        table.writerows(_cells(name, rows, names, about.language) for name, rows in by_file(results))
        # Hands the file back open, to be forced to the disk.
        text.detach()


def is_timelapse(path: Path) -> bool:
    """Whether a file begins as a table of this kind does.

    Raises:
        OSError: it cannot be read.
    """
    begin = ",".join(COLUMNS).encode()
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(begin)) == begin


def _cells(name: str, rows: tuple[Result, ...], names: Names, language: str) -> tuple[str, ...]:
    """The surest answer of a photo, how many animals have it, and the other ones as a comment."""
    folder, _, file = name.rpartition("/")
    taken = rows[0].taken
    best = max(rows, key=lambda row: row.prediction.score).prediction
    seen = Counter(row.prediction.label for row in rows if row.prediction.status is Status.OK)
    blank = best.status is Status.BLANK
    failed = best.status is Status.FAILED
    return (
        file,
        folder.replace("/", "\\"),
        taken.isoformat(sep=" ", timespec="seconds") if taken else "",
        "" if blank or failed else names[best.label].name(language),
        "" if failed else f"{best.score:.3f}",
        str(seen[best.label]),
        "true" if blank else "false",
        _comment(rows, seen, best.label, names, language),
    )


def _comment(rows: tuple[Result, ...], seen: Counter[str], best: str, names: Names, language: str) -> str:
    first = rows[0].prediction
    if first.failure is not None:
        return first.failure.reason
    others = [
        f"{names[label].name(language)}: {number}" for label, number in sorted(seen.items()) if label != best
    ]
    if first.status is Status.OK and first.label != first.top1:
        others.append(names[first.top1].name(language))
    return "; ".join(others)
