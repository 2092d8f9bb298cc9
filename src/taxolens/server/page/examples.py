"""Photos that the page offers to those who have none at hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from taxolens.core.errors import ImageError, UsageError
from taxolens.core.texts import Say
from taxolens.imaging.decode import thumbnail
from taxolens.storage.signature import HEAD_LENGTH, image_format

MOST = 12
_SMALL = 240


@dataclass(frozen=True, slots=True)
class Example:
    """A photo that anyone may try.

    Attributes:
        name: of its file.
        read: gives the file's bytes.
    """

    name: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Examples:
    """Photos of whoever runs the server, so their bytes are trusted.

    Attributes:
        photos: at most `MOST` are shown.
        drawn: what is to be seen on them, where they are drawings; the page says so.
    """

    photos: tuple[Example, ...] = ()
    drawn: frozenset[str] = frozenset()
    _kept: dict[int, bytes] = field(default_factory=dict, compare=False, repr=False)
    _small: dict[int, bytes] = field(default_factory=dict, compare=False, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """What to call them."""
        return tuple(one.name for one in self.photos[:MOST])

    def note(self, labels: Iterable[str], say: Say) -> str:
        """What to say of drawings beside models with these classes; empty where they are photos."""
        if not self.drawn:
            return ""
        if self.drawn.isdisjoint(labels):
            return say(
                "These are drawings of springtails, made by Taxolens for trying the page out. What this model says of "
                "them means little: it has learnt other things."
            )
        return say("These are drawings of springtails, made by Taxolens for trying the page out.")

    async def photo(self, number: int) -> bytes:
        """The bytes of one.

        Raises:
            IndexError: there is no such one.
            OSError: it cannot be read any more.
        """
        if number < 0:
            raise IndexError(number)
        if number not in self._kept:
            self._kept[number] = await asyncio.to_thread(self.photos[:MOST][number].read)
        return self._kept[number]

    async def small(self, number: int) -> bytes:
        """A small JPEG of one.

        Raises:
            IndexError: there is no such one.
            OSError: it cannot be read any more.
            ImageError: it is no image.
        """
        if number not in self._small:
            self._small[number] = await asyncio.to_thread(thumbnail, await self.photo(number), _SMALL)
        return self._small[number]


def examples_in(folder: Path) -> Examples:
    """The first photos of a folder, by name.

    Raises:
        UsageError: it is no folder, or holds no photo that a browser and a model can read.
    """
    if not folder.is_dir():
        raise UsageError(
            "The folder of examples {folder} is not there. Name a folder of photos.", folder=folder
        )
    found = [path for path in sorted(folder.iterdir()) if path.is_file() and _is_photo(path)][:MOST]
    if not found:
        raise UsageError("The folder of examples {folder} holds no photo. Put some in it.", folder=folder)
    return Examples(tuple(Example(path.name, path.read_bytes) for path in found))


def _is_photo(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            if image_format(file.read(HEAD_LENGTH)) is None:
                return False
        thumbnail(path, 8)
    except (OSError, ImageError):
        return False
    return True
