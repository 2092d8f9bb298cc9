"""A table of cameras whose clocks went wrong, and by how much."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from taxolens.core.errors import DataError
from taxolens.formats.moment import local_time
from taxolens.formats.rows import rows_of

_OFFSET = re.compile(r"([+-]?)(?:(\d+)\s*d(?:ays?)?\s*)?(?:(\d+):(\d\d)(?::(\d\d))?)?\Z")


@dataclass(frozen=True, slots=True)
class ClockFault:
    """By how much one clock is wrong.

    Attributes:
        site: where it stood: a site, or a folder below the photos; empty: anywhere.
        camera: make and model as in EXIF; empty: any.
        offset: what must be added to its time.
    """

    site: str
    camera: str
    offset: timedelta


def read_clocks(table: Path) -> tuple[ClockFault, ...]:
    """Reads a CSV with `site` or `camera` (or both), and either `shown` and `true` or `offset`.

    `shown` is what the clock said when it was `true`: 2000-01-01 00:10:00 and 2026-05-31 14:05:00. An
    `offset` is added to every time: +01:00:00, -2 d 03:30, or seconds as a plain number.

    Raises:
        DataError: the table cannot be read, or a row cannot be meant.
    """
    return tuple(_fault(row, line, table) for line, row in rows_of(table, ()))


def _fault(row: Mapping[str, str], line: int, table: Path) -> ClockFault:
    site, camera = row.get("site", "").strip("/"), row.get("camera", "")
    offset = _offset(row.get("offset", "")) if row.get("offset") else _difference(row)
    if offset is None or not (site or camera):
        raise DataError(
            "Line {line} of {table} cannot be meant. A clock needs a site or a camera, and either the times "
            "shown and true (2000-01-01 00:10:00 and 2026-05-31 14:05:00) or an offset (+01:00:00).",
            line=line,
            table=table,
        )
    return ClockFault(site, camera, offset)


def _difference(row: Mapping[str, str]) -> timedelta | None:
    shown, true = local_time(row.get("shown", "")), local_time(row.get("true", ""))
    return true - shown if shown and true else None


def _offset(text: str) -> timedelta | None:
    try:
        return timedelta(seconds=float(text))
    except (ValueError, OverflowError):
        pass
    found = _OFFSET.fullmatch(text)
    if found is None or not any(found.groups()[1:]):
        return None
    sign, days, hours, minutes, seconds = found.groups(default="0")
    try:
        span = timedelta(days=int(days), hours=int(hours), minutes=int(minutes), seconds=int(seconds))
    except OverflowError:
        return None
    return -span if sign == "-" else span
