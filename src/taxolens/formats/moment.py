"""Times as sources write them."""

from __future__ import annotations

import re
from datetime import datetime

_IN_NAME = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<dash>[-_.]?)(?P<month>\d\d)(?P=dash)(?P<day>\d\d)[-_. T]{0,3}"
    r"(?P<hour>\d\d)(?P<colon>[-_.hH]?)(?P<minute>\d\d)(?:[-_.mM]?(?P<second>\d\d))?(?!\d)"
)
_PARTS = ("year", "month", "day", "hour", "minute", "second")
_DATES = ("%Y:%m:%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y/%m/%d")


_FIRST_YEAR = 2001
"""No digital camera trap wrote EXIF before; clocks that lost their power begin in 1970, 1980 or 2000."""


def clock_was_reset(taken: datetime) -> bool:
    """Whether a time is one that a camera shows after it lost its power, and no photo can be that old."""
    return taken.year < _FIRST_YEAR


def local_time(text: str) -> datetime | None:
    """ISO 8601 or EXIF's way; a time zone is dropped, for cameras tell local time. None for anything else."""
    if not text:
        return None  # at once: tables of a million photos have a million such
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        pass
    for form in _DATES:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None


def time_in_name(name: str) -> datetime | None:
    """The time in a file's name, as cameras and phones write it: 20260501_061500, 2026-05-01 06.15.00.

    Args:
        name: a path; only what follows its last slash is looked at.
    """
    found = _IN_NAME.search(name.rpartition("/")[2])
    if found is None:
        return None
    try:
        return datetime(*(int(found[part] or 0) for part in _PARTS))  # type: ignore[arg-type]
    except ValueError:
        return None
