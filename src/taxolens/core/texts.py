"""How a room asks for words in the user's language without knowing which one it is."""

from __future__ import annotations

from collections.abc import Callable

Say = Callable[[str], str]
"""Turns an English text into the same text in the user's language."""


def plain(text: str) -> str:
    """The `Say` of a program that speaks English."""
    return text


def for_count(n: int, one: str, many: str) -> str:
    """The text that suits a count, of two that are noted."""
    return one if n == 1 else many


def noted(text: str) -> str:
    """Marks a text that is translated elsewhere, so that the list of texts to translate is complete."""
    return text
