"""Photos that nobody has named, from which a network learns what its teacher says of them."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import DataError
from taxolens.core.progress import Progress
from taxolens.core.records import Failure, Image
from taxolens.core.texts import Say, noted
from taxolens.core.trainer import Pixels
from taxolens.data.dataset import UNPACKED, Dataset, look_at
from taxolens.formats.archive import unpacked
from taxolens.formats.labelled import read_labelled
from taxolens.formats.source import printable
from taxolens.imaging.look import hashes_of
from taxolens.storage.photos import walk_photos

_MOST_BITS = 8
"""Of 128 in which the hashes of one photo differ when it was saved anew or made smaller. More would take frames of
one still scene, as of a camera trap, for each other."""
_AT_ONCE = 256
_TOLD = noted("From {n} further photos it learns what the teacher says of them.")
_KNOWN = noted("{n} of the further photos are among the named ones or there twice, and left out.")
_ALIKE = noted("{n} of the further photos look nearly like one that is held back, and are left out.")
_UNREAD = noted("{n} of the further photos could not be read, the first is {file}: {why}")


def unnamed_photos(
    folder: Path | None, named: Dataset, *, home: Path, progress: Progress, say: Say
) -> tuple[Image, ...]:
    """The photos of a folder that are none of the named ones, without whatever name they have there.

    A photo that is held back must not be learnt from, not even without its name, so identical files are left out.

    Args:
        folder: any folder, zip or table of photos; None: there are none.
        named: the photos with names.

    Raises:
        DataError: nothing is there that could be learnt from.
    """
    if folder is None:
        return ()
    images, failures = look_at(_listed(folder, home), home=home, progress=progress, say=say)
    note_unread(failures, progress, say)
    fresh = _without(images, {image.sha256 for image in named.images})
    if len(fresh) < len(images):
        progress.note(say(_KNOWN).format(n=len(images) - len(fresh)))
    if not fresh:
        raise DataError(
            "There is no photo in {folder} that could be read and is not among the named ones. "
            "Name others with --distill-photos.",
            folder=folder,
        )
    return fresh


def _listed(folder: Path, home: Path) -> Sequence[Image]:
    """All photos below a folder or in a zip, whatever else lies there; those that a table or another list names."""
    if folder.is_dir() or zipfile.is_zipfile(folder):
        root = folder if folder.is_dir() else unpacked(folder, home / UNPACKED)
        return [
            Image(path=path, name=printable(path.relative_to(root).as_posix())) for path in walk_photos(root)
        ]
    return read_labelled(folder, unpack_to=home / UNPACKED, lenient=True, unlabelled=True).images


def unlike(further: Pixels, known: Pixels, held: NDArray[np.int64]) -> NDArray[np.int64]:
    """Those of the further photos that are not nearly the same as one that is held back.

    Saved anew or made smaller, a photo has other bytes and is the same photo.

    Args:
        further: u photos.
        known: the named ones, in the same size.
        held: int64 [h], rows of those that are held back.

    Returns:
        int64 [k], rows of `further`.
    """
    seen = _hashes(known, held.tolist())
    codes = _hashes(further, range(len(further)))
    fresh = np.ones(len(codes), bool)
    for start in range(0, len(codes), _AT_ONCE):
        differing = np.bitwise_count(codes[start : start + _AT_ONCE, None] ^ seen[None]).sum(
            2, dtype=np.int64
        )
        fresh[start : start + _AT_ONCE] = (differing > _MOST_BITS).all(1)
    return np.flatnonzero(fresh)


def _hashes(pixels: Pixels, rows: Iterable[int]) -> NDArray[np.uint64]:
    """uint64 [k, 2]."""
    return np.array([hashes_of(pixels[row]) for row in rows], np.uint64).reshape(-1, 2)


def note_further(photos: int, alike: int, failures: Sequence[Failure], progress: Progress, say: Say) -> None:
    """Tells of the further photos that are learnt from, and of those that are left out or could not be decoded."""
    if photos:
        progress.note(say(_TOLD).format(n=photos))
    if alike:
        progress.note(say(_ALIKE).format(n=alike))
    note_unread(failures, progress, say)


def note_unread(failures: Sequence[Failure], progress: Progress, say: Say) -> None:
    """Tells of further photos that could not be read; the named ones are counted by themselves."""
    if failures:
        first = failures[0]
        progress.note(say(_UNREAD).format(n=len(failures), file=first.name, why=say(first.reason)))


def _without(images: Collection[Image], known: Collection[str | None]) -> tuple[Image, ...]:
    seen = set(known)
    kept = []
    for image in images:
        if image.sha256 not in seen:
            seen.add(image.sha256)
            kept.append(replace(image, label=None, part=None))
    return tuple(kept)
