"""Results as a table: one row per photo (per box where there are boxes).

RFC 4180: comma, CRLF, a cell in quotes where it holds a comma, a quote or a line end. UTF-8 without a
byte order mark. Names and labels are data and are written exactly as they are, also where they begin
with `=`, `+`, `-` or `@`: a changed name would not find its photo again. Who opens a table about
photos of strangers in a spreadsheet should import these two columns as text. Only a file name that is
no text in UTF-8 is changed: its odd bytes are written as `\\udc..`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from taxolens.core.geometry import Box
from taxolens.core.records import Prediction, Score
from taxolens.formats.result import Result
from taxolens.storage.atomic import written_whole

COLUMNS = (
    "file",
    "datetime",
    "site",
    "sequence",
    "label",
    "score",
    "top1",
    "top1_score",
    "x",
    "y",
    "width",
    "height",
    "detector_score",
    "status",
    "failure",
)
_DECIMALS = 6


def columns(top_k: int) -> tuple[str, ...]:
    """The table's columns: the fixed ones, `candidates`, then a pair for each further label up to `top_k`."""
    further = (f"top{rank}{part}" for rank in range(2, top_k + 1) for part in ("", "_score"))
    return (*COLUMNS, "candidates", *further)


def write_results_csv(results: Iterable[Result], out: Path, *, top_k: int) -> None:
    """Writes the table, whole or not at all; results are taken one at a time.

    Raises:
        OutputError: it cannot be written; an earlier table stays as it was.
    """
    with written_whole(out) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", newline="")
        table = csv.writer(text)
        table.writerow(columns(top_k))
        table.writerows(_cells(result, top_k) for result in results)
        # Hands the file back open, to be forced to the disk.
        text.detach()


def is_results_csv(path: Path) -> bool:
    """Whether a file begins as a table of this kind does.

    Raises:
        OSError: it cannot be read.
    """
    begin = ",".join((*COLUMNS, "candidates")).encode()
    with path.open("rb") as file:
        return file.read(len(begin)) == begin


def _cells(result: Result, top_k: int) -> tuple[str, ...]:
    said = result.prediction
    best = said.ranking[0] if said.ranking else None
    return (
        said.name,
        result.taken.isoformat(timespec="seconds") if result.taken else "",
        result.site or "",
        result.sequence or "",
        said.label,
        _number(said.score if best else None),
        *_ranked(best),
        *_corners(said.box),
        _number(result.detector_score),
        said.status.value,
        _failure(said),
        "|".join(said.candidates),
        *(cell for rank in range(1, top_k) for cell in _ranked(_nth(said.ranking, rank))),
    )


def _nth(ranking: tuple[Score, ...], rank: int) -> Score | None:
    return ranking[rank] if rank < len(ranking) else None


def _ranked(score: Score | None) -> tuple[str, str]:
    return (score.label, _number(score.score)) if score else ("", "")


def _corners(box: Box | None) -> tuple[str, ...]:
    return tuple(map(_number, (box.x, box.y, box.width, box.height))) if box else ("",) * 4


def _failure(said: Prediction) -> str:
    return f"{said.failure.code}: {said.failure.reason}" if said.failure else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.{_DECIMALS}f}"
