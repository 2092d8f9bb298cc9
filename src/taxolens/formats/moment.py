"""Times as sources write them."""

from __future__ import annotations

from datetime import datetime

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
