"""A dictionary whose error names what there is."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Generic, TypeVar

from taxolens.core.errors import UsageError

Thing = TypeVar("Thing")


class Registry(Generic[Thing]):
    """Things by name, in the order in which they were added.

    Args:
        kind: what the things are, for the error ("format", "backbone").
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._things: dict[str, Thing] = {}

    def add(self, name: str, thing: Thing) -> None:
        """Adds a thing; a name can be taken only once."""
        if name in self._things:
            raise ValueError(f"{self._kind} {name} is there already")
        self._things[name] = thing

    def __getitem__(self, name: str) -> Thing:
        if name in self._things:
            return self._things[name]
        near = difflib.get_close_matches(name, self._things, n=1)
        choose = near or sorted(self._things)
        raise UsageError(
            "There is no {kind} called {name}. Choose {known}.",
            kind=self._kind,
            name=name,
            known=", ".join(choose),
        )

    def __contains__(self, name: object) -> bool:
        return name in self._things

    def __iter__(self) -> Iterator[str]:
        return iter(self._things)

    def __len__(self) -> int:
        return len(self._things)
