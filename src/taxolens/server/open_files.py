"""Open files, of which each connection is one: a server that has none left can neither take nor refuse anybody."""

from __future__ import annotations

import logging
import resource
from contextlib import suppress
from dataclasses import dataclass

from taxolens.server.address import BACKLOG

_OTHERS = 200
"""Open files beside connections: workers, the log, photos of the page. Where few are allowed, half of them: the server
itself, with two workers, has eleven."""

_TURNS = 6
"""Turns of the loop from accepting a connection to having closed it; each turn accepts as many again."""

_LEAST = 16

_log = logging.getLogger("taxolens.server")


@dataclass(frozen=True, slots=True)
class Room:
    """The connections for which open files suffice.

    Attributes:
        stay: at once.
        told: beyond these, to say that there is no place.
        backlog: that may be accepted in one turn of the loop.
    """

    stay: int
    told: int
    backlog: int


def room_for(connections: int, told: int) -> Room:
    """Room for connections. Has the system allow this process more files where they do not suffice, and it may; where it
    may not, fewer connections stay, and the log says so.

    Args:
        connections: that shall stay.
        told: that shall be told that there is no place.
    """
    allowed = _allowed(connections + told + _OTHERS + _TURNS * BACKLOG)
    told = min(told, allowed // 8)
    left = allowed - told - min(_OTHERS, allowed // 2)
    least = max(1, min(_LEAST, allowed // 64))
    backlog = max(least, min(BACKLOG, (left - connections) // _TURNS))
    stay = max(1, min(connections, left - _TURNS * backlog))
    if stay < connections:
        _log.warning(
            "the system allows %d open files: %d connections at once, not %d", allowed, stay, connections
        )
    return Room(stay, told, backlog)


def _allowed(wanted: int) -> int:
    """So many open files as are wanted, or as many as this process may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    more = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with suppress(ValueError, OSError):  # the system may have a limit that it does not tell
        resource.setrlimit(resource.RLIMIT_NOFILE, (more, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
