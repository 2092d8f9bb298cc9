"""A folder of class folders, at any depth: the last folder is the class, the ones above it are groups."""

from __future__ import annotations

import os
from pathlib import Path

from taxolens.core.records import Image
from taxolens.formats.source import Labelled, label_text, printable
from taxolens.storage.photos import walk_photos


def read_folder(root: Path) -> Labelled:
    """Reads class folders. Photos directly in `root` have no class: they are counted, not read; folders without
    photos are named.

    Raises:
        UsageError: a folder may not be read.
    """
    start = len(str(root)) + (0 if str(root).endswith(os.sep) else 1) if root != Path() else 0
    images: list[Image] = []
    empty: list[str] = []
    loose: list[Path] = []
    place = _Place("", start)
    for path in walk_photos(root, empty=lambda folder: empty.append(_name(folder, start))):
        folder = os.path.dirname(path)  # noqa: PTH120 - a Path per file costs more than the rest
        if folder != place.folder:
            place = _Place(folder, start)
        if place.label is None:
            loose.append(path)
            continue
        images.append(Image(path=path, name=_name(path, start), label=place.label, groups=place.groups))
    nameless = () if images else tuple(Image(path=path, name=_name(path, start)) for path in loose)
    return Labelled(root, tuple(images), len(loose), empty=tuple(empty), nameless=nameless)


def _name(path: Path, start: int) -> str:
    """The part of a path below the root, with forward slashes."""
    return printable(str(path)[start:].replace(os.sep, "/"))


class _Place:
    """What all photos of one folder share; a class of a million photos has one label, not a million.

    Args:
        folder: path of the folder.
        start: where the part below the root begins in it.
    """

    def __init__(self, folder: str, start: int) -> None:
        self.folder = folder
        parts = Path(folder[start:]).parts
        self.label = (label_text(parts[-1]) or parts[-1]) if parts else None
        self.groups = tuple(map(label_text, parts[:-1]))
