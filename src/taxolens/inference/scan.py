"""The photos of a folder with the state that each file is in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from taxolens.inference.row import Stamp
from taxolens.storage.photos import walk_photos


@dataclass(frozen=True, slots=True)
class Photo:
    """A file to look at."""

    path: Path
    stamp: Stamp


def scan(root: Path) -> Iterator[Photo]:
    """The photos below a folder, or the one that `root` is, in the order of the table; one at a time.

    A file that vanishes meanwhile keeps its place with an empty stamp; looking at it tells that it is gone.
    """
    base = root if root.is_dir() else root.parent
    for path in walk_photos(root):
        name = path.relative_to(base).as_posix()
        try:
            state = path.stat()
        except OSError:
            yield Photo(path, Stamp(name, 0, 0))
        else:
            yield Photo(path, Stamp(name, state.st_size, state.st_mtime_ns))
