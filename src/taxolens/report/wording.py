"""Words and numbers as a reader writes them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from taxolens.core.texts import Say, plain

NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
MISSING = "–"
"""What stands for a figure that does not exist."""


@dataclass(frozen=True, slots=True)
class Convention:
    """How a language writes numbers."""

    point: str
    thousands: str
    before_percent: str


_ENGLISH = Convention(point=".", thousands=",", before_percent="")
_CONVENTIONS = {"fr": Convention(point=",", thousands=NARROW_SPACE, before_percent=NARROW_SPACE)}


@dataclass(frozen=True, slots=True)
class Wording:
    """Speaks to one reader.

    Attributes:
        say: turns English texts into the reader's language.
        language: code ("en", "fr", "fr-CA"); decides how numbers are written.
    """

    say: Say = plain
    language: str = "en"

    @property
    def convention(self) -> Convention:
        """How the reader writes numbers; as in English where the language is not known."""
        return _CONVENTIONS.get(self.language.replace("_", "-").split("-")[0].lower(), _ENGLISH)

    def decimal(self, value: float, digits: int = 3) -> str:
        """A number with a fixed count of decimals; a dash for one that is not finite."""
        if not math.isfinite(value):
            return MISSING
        grouped = f"{value:,.{digits}f}"
        if float(grouped.replace(",", "")) == 0:
            grouped = grouped.lstrip("-")
        signs = str.maketrans({",": self.convention.thousands, ".": self.convention.point})
        return grouped.translate(signs)

    def count(self, value: int) -> str:
        """A whole number."""
        return self.decimal(value, 0)

    def percent(self, share: float, digits: int = 1) -> str:
        """A share (0..1) in percent.

        A share that only rounding would turn into all or nothing is written as what it is,
        so that "100%" always means every one.
        """
        if not math.isfinite(share):
            return MISSING
        step = 10.0**-digits
        if 0 < share < 1 and share * 100 <= step / 2:
            return "<" + self._percent(step, digits)
        if 0 < share < 1 and share * 100 >= 100 - step / 2:
            return ">" + self._percent(100 - step, digits)
        return self._percent(share * 100, digits)

    def _percent(self, value: float, digits: int) -> str:
        return self.decimal(value, digits) + self.convention.before_percent + "%"

    def percent_range(self, low: float, high: float, digits: int = 1) -> str:
        """Two shares (0..1) as a range in percent, the sign written once."""
        if not (math.isfinite(low) and math.isfinite(high)):
            return MISSING
        return self.say("{low} to {high}").format(
            low=self.decimal(low * 100, digits), high=self._percent(high * 100, digits)
        )

    def interval(self, low: float, high: float, digits: int = 1) -> str:
        """A 95 % interval of a share, said as one."""
        return (
            self.say("95% interval {range}").format(range=self.percent_range(low, high, digits))
            if math.isfinite(low) and math.isfinite(high)
            else ""
        )

    def duration(self, seconds: float) -> str:
        """A length of time: "0.42 s", "12.3 s", "2 min 05 s", "1 h 12 min"."""
        if not math.isfinite(seconds):
            return MISSING
        if seconds < 1:
            return f"{self.decimal(seconds, 2)}{NO_BREAK_SPACE}s"
        if seconds < 59.95:
            return f"{self.decimal(seconds, 1)}{NO_BREAK_SPACE}s"
        minutes, rest = divmod(round(seconds), 60)
        if minutes < 60:
            return f"{minutes}{NO_BREAK_SPACE}min {rest:02d}{NO_BREAK_SPACE}s"
        hours, minutes = divmod(minutes, 60)
        return f"{hours}{NO_BREAK_SPACE}h {minutes:02d}{NO_BREAK_SPACE}min"

    def megabytes(self, size: int) -> str:
        """A size in bytes, in megabytes."""
        return f"{self.decimal(size / 1e6, 1)}{NO_BREAK_SPACE}{self.say('MB')}"


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters; what is left out is left out of the middle, where names differ least."""
    if len(text) <= limit:
        return text
    head = (limit - 1) * 2 // 3
    tail = limit - 1 - head
    return text[:head].rstrip() + "…" + (text[-tail:].lstrip() if tail else "")
