"""Progress that also keeps what it said, for the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from taxolens.core.progress import Passing, Progress

Item = TypeVar("Item")


class Listener:
    """Passes everything on and remembers the notes.

    Attributes:
        progress: what it passes everything on to.
        notes: what was said, in order, each once, without what was of the moment.
    """

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.notes: list[str] = []

    def track(self, items: Iterable[Item], *, what: str, total: int | None = None) -> Iterator[Item]:
        """Yields the items and counts them."""
        return self.progress.track(items, what=what, total=total)

    def note(self, text: str) -> None:
        """Says one line and keeps it."""
        if text not in self.notes and not isinstance(text, Passing):
            self.notes.append(text)
        self.progress.note(text)
