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
        unknown: what is said of a name that is not here, with the fields `name` and `known`. A whole sentence,
            because other languages bend it by what the things are.
    """

    def __init__(self, unknown: str) -> None:
        self._unknown = unknown
        self._things: dict[str, Thing] = {}

    def add(self, name: str, thing: Thing) -> None:
        """Adds a thing; a name can be taken only once."""
        if name in self._things:
            raise ValueError(f"{name} is there already")
        self._things[name] = thing

    def __getitem__(self, name: str) -> Thing:
        if name in self._things:
            return self._things[name]
        near = difflib.get_close_matches(name, self._things, n=1)
        choose = near or sorted(self._things)
        raise UsageError(self._unknown, name=name, known=", ".join(choose))

    def __contains__(self, name: object) -> bool:
        return name in self._things

    def __iter__(self) -> Iterator[str]:
        return iter(self._things)

    def __len__(self) -> int:
        return len(self._things)
