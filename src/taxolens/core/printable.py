"""Characters that change what a screen shows instead of being shown."""

from __future__ import annotations

import re

UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""C0 and C1 control characters, DEL (ECMA-48), and the overrides of the bidirectional algorithm (UAX #9)."""


def printable(text: str) -> str:
    """The text with a question mark for every character that could command a terminal."""
    return UNPRINTABLE.sub("?", text)
