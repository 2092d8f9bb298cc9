"""How long work tells how far it is, without knowing who listens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Progress(Protocol):
    """Told of every finished piece of a piece of work."""

    def track(self, items: Iterable[Item], *, what: str, total: int | None = None) -> Iterator[Item]:
        """Yields the items of an iterable and counts them.

        Args:
            what: what is being done, in the user's language ("Looking at photos").
            total: how many items there will be, where known.
        """
        ...

    def note(self, text: str) -> None:
        """Says one line, in the user's language."""
        ...


class Passing(str):
    """A line of the moment, such as how an epoch went: it is said, and stands in no report."""

    __slots__ = ()


class Silent:
    """Nobody listens."""

    def track(self, items: Iterable[Item], *, what: str, total: int | None = None) -> Iterator[Item]:
        """Yields the items."""
        del what, total
        yield from items

    def note(self, text: str) -> None:
        """Says nothing."""
        del text
