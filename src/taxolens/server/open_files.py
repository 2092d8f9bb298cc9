"""Open files, of which each connection is one: a server that has none left can neither take nor refuse anybody."""

from __future__ import annotations

import resource
from contextlib import suppress

from taxolens.server.address import BACKLOG

_OTHERS = 200
"""Open files beside connections: workers, the log, photos of the page."""

_TURNS = 6
"""Turns of the loop from accepting a connection to having closed it; each turn accepts as many again."""

_LEAST = 16


def backlog_for(connections: int) -> int:
    """How many connections may be accepted in one turn of the loop, so that open files suffice for those and for as many as
    shall stay. Has the system allow this process more files where they do not, and it may.

    Args:
        connections: that stay.
    """
    kept = connections + _OTHERS
    allowed = _allowed(kept + _TURNS * BACKLOG)
    return max(_LEAST, min(BACKLOG, (allowed - kept) // _TURNS))


def _allowed(wanted: int) -> int:
    """So many open files as are wanted, or as many as this process may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    more = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with suppress(ValueError, OSError):  # the system may have a limit that it does not tell
        resource.setrlimit(resource.RLIMIT_NOFILE, (more, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
