"""When to ask again, and how long to wait before: pure."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

AGAIN = frozenset({429, 502, 503})
"""Statuses that say "not now": too much to do, or a server that is just being started anew."""


@dataclass(frozen=True, slots=True)
class Retry:
    """How patient a client is.

    Waiting times double, each drawn between half of its length and all of it, so that clients that were turned away
    together do not come back together.

    Attributes:
        times: how often to ask again; 0: never.
        first: seconds before the second try.
        longest: seconds between two tries at most; a server that asks for more is not waited for.
        draw: a number from 0 to 1, by chance.
    """

    times: int = 4
    first: float = 0.25
    longest: float = 30.0
    draw: Callable[[], float] = field(default=random.random, repr=False)

    def pause(self, tried: int, asked: float | None = None) -> float | None:
        """Seconds to wait.

        Args:
            tried: how often it was tried, at least once.
            asked: seconds after which the server itself says to come again.

        Returns:
            None: do not try again.
        """
        if tried > self.times or (asked is not None and asked > self.longest):
            return None
        usual = min(self.longest, self.first * 2.0 ** (tried - 1))
        waited = usual * (0.5 + 0.5 * self.draw())
        return waited if asked is None else min(self.longest, max(asked, 0.0) + waited * 0.5)


def seconds_asked(header: str | None) -> float | None:
    """What a Retry-After header says, in seconds from now (RFC 9110, 10.2.3); None where it says nothing sane."""
    if not header:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
