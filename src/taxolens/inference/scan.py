"""The photos of a folder with the state that each file is in."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from taxolens.inference.row import Stamp
from taxolens.storage.photos import LeftOut, walk_inside

_SEPARATOR = os.sep


@dataclass(frozen=True, slots=True)
class Photo:
    """A file to look at.

    Attributes:
        place: its path, as text: most photos of a folder that grows are never opened again.
        stamp: the state it is in.
    """

    place: str | Path
    stamp: Stamp

    @property
    def path(self) -> Path:
        """Where its bytes lie."""
        return Path(self.place)


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of the photos; each name belongs to one of them, whatever the others are.

    Attributes:
        number: from 1 to `count`.
    """

    number: int = 1
    count: int = 1

    def holds(self, name: str) -> bool:
        """Whether a photo belongs to this part."""
        if self.count == 1:
            return True
        digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.count == self.number - 1


ALL = Shard()


def _untold(why: LeftOut, path: str) -> None:
    """Nobody asked."""


def scan(
    root: Path,
    *,
    shard: Shard = ALL,
    left_out: Callable[[LeftOut, str], None] = _untold,
    clips: bool = False,
) -> Iterator[Photo]:
    """The photos below a folder, or the one that `root` is, in the order of the table; one at a time.

    A file that vanishes meanwhile keeps its place with an empty stamp; looking at it tells that it is gone.

    Args:
        left_out: told of links that lead out of the folder, and of resource files; neither is looked at.
        clips: find video clips too.
    """
    cut = len(os.path.join(root, "")) if root.is_dir() else -len(root.name)  # noqa: PTH118 - text is faster
    for place in walk_inside(root, left_out, clips=clips):
        name = place[cut:].replace(_SEPARATOR, "/")
        if not shard.holds(name):
            continue
        try:
            state = os.stat(place)  # noqa: PTH116
        except OSError:
            yield Photo(place, Stamp(name, 0, 0))
        else:
            yield Photo(place, Stamp(name, state.st_size, state.st_mtime_ns))
