"""How much memory a body takes once it is read, told before it is."""

from __future__ import annotations

from taxolens.problems import Refused
from taxolens.server.doors import Limits

_OF_VALUE = 96
"""Bytes that a value takes at most while it is read: 85 as an object of Python, or 40 and then 32 as numbers of arrays."""

_OF_OBJECT = 8
"""Values that an object counts for: one with a single entry takes 192 bytes."""

_OF_TEXT = 3
"""How often the text itself is there: as a text, without the "data:" before it, and as the bytes that its base64 stands
for."""

_OF_WIDE_TEXT = 6
"""Likewise where one character is not of ASCII: all others beside it may take four bytes, too."""


def json_growth(text: bytes, limits: Limits) -> int:
    """Bytes that JSON takes at most once it is read, beside those in which it came.

    Raises:
        Refused: it lists more than should be read at once (413).
    """
    values = text.count(b",") + text.count(b"[") + _OF_OBJECT * text.count(b"{")
    if values > limits.numbers:
        raise Refused(
            413,
            "The request lists more than {most} numbers and lists. Send photos as files.",
            most=limits.numbers,
        )
    plain = text.isascii() and b"\\u" not in text
    return _OF_VALUE * values + (_OF_TEXT if plain else _OF_WIDE_TEXT) * len(text)
