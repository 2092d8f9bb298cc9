"""An image of a public set, before it lies anywhere, and which of them are wanted."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Protocol

from taxolens.core.errors import DataError
from taxolens.core.records import Part
from taxolens.formats.members import Member


@dataclass(frozen=True, slots=True)
class PixelBox:
    """A box in pixels of the picture as its `Item` gives its size."""

    label: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Item:
    """One image.

    Attributes:
        name: file name, unique in the set, with folders where the set has them.
        label: what the whole image shows; None where it shows several things.
        group: folder above the class folder.
        boxes: None where the set says nothing of places, empty where nothing is there.
        size: width and height that boxes are measured in; None: those of the picture.
    """

    name: PurePosixPath
    label: str | None
    part: Part | None = None
    group: str | None = None
    site: str | None = None
    sequence: str | None = None
    taken: datetime | None = None
    boxes: tuple[PixelBox, ...] | None = None
    size: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """An image and its bytes.

    Attributes:
        read: gives the bytes; to be called before the next image is asked for.
    """

    item: Item
    read: Callable[[], bytes]


Opened = Callable[[], Iterator[Member]]
"""Goes through the files of a source, from the first, each time it is called."""


@dataclass(slots=True)
class Wanted:
    """Which images of a set are asked for.

    Attributes:
        classes: names as a person writes them; empty: all.
        variant: which version of a set that is published in several.
    """

    classes: tuple[str, ...] = ()
    variant: str = ""
    _chosen: frozenset[str] | None = field(default=None)

    def choose(self, labels: Iterable[str], groups: Callable[[str], Iterable[str]] = lambda _: ()) -> None:
        """Decides which labels are meant, once all of a set are known.

        Args:
            groups: further names of a label (its plant, its number in WordNet).

        Raises:
            DataError: a name that is none of them.
        """
        known = sorted(set(labels))
        if not self.classes:
            self._chosen = frozenset(known)
            return
        names: dict[str, set[str]] = {}
        for label in known:
            for name in (label, *groups(label)):
                names.setdefault(_folded(name), set()).add(label)
        chosen: set[str] = set()
        for asked in self.classes:
            if _folded(asked) not in names:
                raise _no_class(asked, known, names)
            chosen |= names[_folded(asked)]
        self._chosen = frozenset(chosen)

    def takes(self, label: str) -> bool:
        """Whether images of a label are wanted."""
        return self._chosen is None or label in self._chosen


class Family(Protocol):
    """How the sets of one kind are published."""

    def __call__(self, sources: Iterable[Opened], wanted: Wanted) -> Iterator[Content]:
        """Yields the wanted images of a set.

        Args:
            sources: all that was published of the set; which file is which shows in their names.

        Raises:
            DataError: this is not the set, or a class is none of it.
        """
        ...


def _folded(name: str) -> str:
    """A name as people write it: any case, any separators."""
    return re.sub(r"[\W_]+", " ", name).strip().casefold()


def _no_class(asked: str, known: list[str], names: dict[str, set[str]]) -> DataError:
    near = difflib.get_close_matches(_folded(asked), names, n=3, cutoff=0.5)
    suggested = sorted({label for name in near for label in names[name]})[:5] or known[:20]
    return DataError(
        "The set has no class called {name}. Choose {known}.", name=asked, known=", ".join(suggested)
    )
