"""The folder in which a person looks through fixed objects: a table to edit, and which boxes each object has.

repeats.csv    site,object,n,first,last,box,label,keep
found.json     which detections of which file of detections; not to be edited
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path

from taxolens.core.errors import DataError
from taxolens.core.geometry import Box
from taxolens.formats.rows import rows_of
from taxolens.storage.atomic import written_whole

TABLE, FOUND = "repeats.csv", "found.json"
COLUMNS = ("site", "object", "n", "first", "last", "box", "label", "keep")
_YES = frozenset({"yes", "y", "true", "1", "x", "oui", "o", "keep"})
_NO = frozenset({"", "no", "n", "false", "0", "non"})


@dataclass(frozen=True, slots=True)
class Repeat:
    """A place where boxes come back.

    Attributes:
        site: where the camera stood.
        object: its number, from 1.
        first: time of its first photo, else that photo's name.
        last: time of its last photo, else that photo's name.
        box: its usual place.
        label: what it was called most often.
        boxes: name of a photo -> positions of its detections, from 0.
    """

    site: str
    object: int
    first: datetime | str
    last: datetime | str
    box: Box
    label: str
    boxes: Mapping[str, Sequence[int]]

    @property
    def n(self) -> int:
        """How many photos it is in."""
        return len(self.boxes)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a person decided.

    Attributes:
        sha256: of the file of detections that was looked through.
        kept: objects that are animals after all.
        aside: name of a photo -> positions of the detections to set aside.
        objects: how many objects are set aside.
    """

    sha256: str
    kept: int
    objects: int
    aside: Mapping[str, frozenset[int]]


def write_repeats(repeats: Sequence[Repeat], folder: Path, *, results: str, sha256: str) -> None:
    """Writes both files into a folder that is there.

    Args:
        results: name of the file of detections.
        sha256: of its bytes.

    Raises:
        OutputError: they cannot be written.
    """
    document = {
        "results": results,
        "sha256": sha256,
        "objects": {str(one.object): {name: list(at) for name, at in one.boxes.items()} for one in repeats},
    }
    with written_whole(folder / FOUND) as binary:
        binary.write(json.dumps(document, indent=0).encode("ascii"))
    with written_whole(folder / TABLE) as binary:
        file = TextIOWrapper(binary, encoding="utf-8", errors="surrogateescape", newline="")
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        rows.writerows(_cells(repeats))
        file.detach()


def read_reviewed(folder: Path) -> Reviewed:
    """Reads what a person left in the column `keep`. An object whose row was taken out of the table is kept.

    Raises:
        DataError: a file is missing or damaged, or a cell cannot be meant.
    """
    found, table = folder / FOUND, folder / TABLE
    try:
        document = json.loads(found.read_bytes())
        sha256 = str(document["sha256"])
        objects: dict[str, dict[str, list[int]]] = {
            str(number): {str(name): list(map(int, at)) for name, at in boxes.items()}
            for number, boxes in document["objects"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            "The file {found} is missing or damaged. Look for repeats once more, into a new folder.",
            found=found,
        ) from error
    gone = [number for number in _decided(table, objects.keys())]
    aside: dict[str, set[int]] = {}
    for number in gone:
        for name, positions in objects[number].items():
            aside.setdefault(name, set()).update(positions)
    return Reviewed(
        sha256,
        kept=len(objects) - len(gone),
        objects=len(gone),
        aside={name: frozenset(positions) for name, positions in aside.items()},
    )


def _decided(table: Path, known: Iterable[str]) -> list[str]:
    """The objects that are set aside."""
    gone: dict[str, None] = {}
    for line, row in rows_of(table, ("object", "keep")):
        keep = row["keep"].lower()
        if row["object"] not in known or keep not in _YES | _NO:
            raise DataError(
                "Line {line} of {table} cannot be meant: object {object}, keep {keep}. Write yes for what is "
                "an animal, nothing or no for what is not, and leave the numbers of objects as they are.",
                line=line,
                table=table,
                object=row["object"] or "?",
                keep=row["keep"] or "?",
            )
        if keep in _NO:
            gone[row["object"]] = None
        else:
            gone.pop(row["object"], None)
    return list(gone)


def _cells(repeats: Iterable[Repeat]) -> Iterable[tuple[object, ...]]:
    for one in repeats:
        box = " ".join(f"{edge:.4f}" for edge in (one.box.x, one.box.y, one.box.width, one.box.height))
        yield one.site, one.object, one.n, _told(one.first), _told(one.last), box, one.label, ""


def _told(when: datetime | str) -> str:
    return when if isinstance(when, str) else when.isoformat(sep=" ", timespec="seconds")
