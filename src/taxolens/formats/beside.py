"""Annotations that lie in a file of their own for each photo: which file belongs to which photo.

A file is called as its photo, and lies beside it or in a folder of annotations that mirrors the one of photos:
`Annotations/a/1.xml` for `JPEGImages/a/1.jpg`, `labels/1.json` for `images/1.jpg`. A file whose photo has another
name, or lies elsewhere, names it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from taxolens.storage.photos import walk_photos

_OF_PHOTOS = ("JPEGImages", "images", "Images", "imgs", "image", "photos")
_OF_FILES = ("Annotations", "annotations", "labels", "Labels", "xmls", "xml", "json", "jsons")
_OWN = ".taxolens"

LAYOUT_FOLDERS = frozenset(one.lower() for one in (*_OF_PHOTOS, *_OF_FILES))
"""Folders that only belong to a layout, in small letters."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A photo and the file that is about it.

    Attributes:
        photo: where it lies; where it should lie, if it is not there.
        file: None where nobody has said anything of the photo.
    """

    photo: Path
    file: Path | None


@dataclass(slots=True)
class Pairing:
    """Finds the photos of files.

    Args:
        root: folder of both.
        named: the photos that a file may be about, as it names them, with forward slashes.
        inside: no photo lies outside of `root`, for sets of unknown origin.

    Attributes:
        doubled: files that are about a photo which another file is about too, each with that other file.
    """

    root: Path
    named: Callable[[Path], tuple[str, ...]]
    inside: bool
    doubled: list[tuple[Path, Path]] = field(default_factory=list)
    _by_stem: dict[tuple[str, str], list[Path]] = field(default_factory=dict)

    def pairs(self, files: Iterable[Path]) -> Iterator[Pair]:
        """The photos below the root with their files, in the order of the photos; then files whose photo lies
        elsewhere, or is not there."""
        photos = list(walk_photos(self.root))
        for photo in photos:
            self._by_stem.setdefault((str(photo.parent), photo.stem), []).append(photo)
        found: dict[Path, Path] = {}
        for file in files:
            photo = self._called_as(file) or self._by_name(file) or self._elsewhere(file)
            if found.setdefault(photo, file) != file:
                self.doubled.append((file, found[photo]))
        here = set(photos)
        yield from (Pair(photo, found.get(photo)) for photo in photos)
        yield from (Pair(photo, file) for photo, file in found.items() if photo not in here)

    def _called_as(self, file: Path) -> Path | None:
        """The photo that is called as a file, where there is just one."""
        for folder in self._folders(file.parent):
            same = self._by_stem.get((str(folder), file.stem), [])
            if len(same) == 1:
                return same[0]
        return None

    def _by_name(self, file: Path) -> Path | None:
        """The photo that a file names, in the folders where it may lie."""
        for name in self.named(file):
            for folder in self._folders(file.parent):
                for way in (name, PurePosixPath(name).name):
                    place = Path(os.path.normpath(folder / way))
                    if place in self._by_stem.get((str(place.parent), place.stem), []):
                        return place
        return None

    def _elsewhere(self, file: Path) -> Path:
        """Where a photo lies that is not below the root, or should lie."""
        names = self.named(file)
        places = [Path(os.path.normpath(file.parent / name)) for name in names]
        if self.inside:
            return file.with_suffix(PurePosixPath(names[0]).suffix if names else ".jpg")
        there = (place for place in places if os.path.isfile(place))  # noqa: PTH113 - a long name is no error
        return next(there, places[0] if places else file.with_suffix(".jpg"))

    def _folders(self, folder: Path) -> Iterator[Path]:
        """Where the photos of a folder of files may lie."""
        yield folder
        parts = folder.relative_to(self.root).parts
        for place, part in reversed(list(enumerate(parts))):
            if part in _OF_FILES:
                above, below = self.root.joinpath(*parts[:place]), parts[place + 1 :]
                plain = tuple(one for one in below if one not in _OF_FILES)
                for way in dict.fromkeys((below, plain)):
                    yield from (above.joinpath(name, *way) for name in _OF_PHOTOS)
                    yield above.joinpath(*way)


def files_below(root: Path, suffix: str) -> Iterator[Path]:
    """Files of a kind, folder by folder, by name; hidden ones and those of Taxolens are passed over."""
    for place, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if _is_shown(name))
        for name in sorted(names):
            if name.lower().endswith(suffix) and not name.startswith("."):
                yield Path(place, name)


def _is_shown(name: str) -> bool:
    return not name.startswith(".") and not name.lower().endswith(_OWN) and name != "__MACOSX"
