"""The table of problems: one row for each, to be worked through in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from taxolens.core.texts import Say
from taxolens.report.wording import Wording
from taxolens.storage.atomic import written_whole
from taxolens.workflows.inspect_findings import Findings
from taxolens.workflows.inspect_twins import Twins

COLUMNS = ("file", "kind", "label", "part", "detail", "looks_like", "score", "group")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Line = tuple[str, ...]


def write_problems(found: Findings, file: Path, *, say: Say) -> None:
    """Writes `file,kind,label,part,detail,looks_like,score,group` as CSV.

    `kind` is stable: "unreadable", the codes of faults and of boxes, "duplicate", "near_duplicate",
    "likely_wrong_label", "doubtful_label". `looks_like` is the class that a model would have named, or the photo that this one
    is a copy of. A group has one number.

    Raises:
        OutputError: it cannot be written.
    """
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(COLUMNS)
    table.writerows(tuple(_harmless(cell) for cell in line) for line in _lines(found, Wording(say, "en")))
    with written_whole(file) as target:
        target.write(text.getvalue().encode("utf-8", "replace"))


def _lines(found: Findings, wording: Wording) -> Iterator[Line]:
    say = wording.say
    for failure in found.failures:
        yield failure.name, "unreadable", "", "", say(failure.reason), "", "", ""
    for problem in found.box_problems:
        yield problem.name, problem.code, "", "", problem.detail, "", "", ""
    for fault in found.faults:
        yield (
            *_photo(found, fault.index, fault.code),
            say(fault.reason),
            "",
            wording.decimal(fault.value, 4),
            "",
        )
    for number, twins in enumerate(found.twins, start=1):
        yield from _twins(found, number, twins, say)
    for one in found.suspects:
        detail = say("called {given}, looks like {suggested}").format(
            given=one.given, suggested=one.suggested
        )
        score = wording.decimal(one.of_suggested, 4)
        kind = "likely_wrong_label" if one.likely else "doubtful_label"
        yield *_photo(found, one.row, kind), detail, one.suggested, score, ""


def _photo(found: Findings, row: int, kind: str) -> tuple[str, str, str, str]:
    image = found.images[row]
    return image.name, kind, image.label or "", image.part.value if image.part else ""


def _twins(found: Findings, number: int, twins: Twins, say: Say) -> Iterator[Line]:
    kind = "duplicate" if twins.exact else "near_duplicate"
    told = [say("different names")] if twins.labels_differ else []
    told += [say("across parts")] if twins.parts_differ else []
    told += [say("one sequence")] if twins.one_event and not twins.exact else []
    for row in twins.rows:
        other = found.images[twins.rows[0] if row != twins.rows[0] else twins.rows[1]].name
        yield *_photo(found, row, kind), ", ".join(told), other, "", str(number)


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + cell if cell.startswith(_FORMULA) else cell
