"""Photos that nobody has named, from which a network learns what its teacher says of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from taxolens.core.errors import DataError
from taxolens.core.progress import Progress
from taxolens.core.records import Failure, Image
from taxolens.core.texts import Say, noted
from taxolens.data.dataset import Dataset, load_dataset
from taxolens.recipes.source import SourceRecipe
from taxolens.recipes.train import TrainRecipe

_TOLD = noted("From {n} further photos it learns what the teacher says of them.")
_KNOWN = noted("{n} of the further photos are among the named ones or there twice, and left out.")
_UNREAD = noted("{n} of the further photos could not be read, the first is {file}: {why}")


def unnamed_photos(
    recipe: TrainRecipe, folder: Path | None, named: Dataset, *, home: Path, progress: Progress, say: Say
) -> tuple[Image, ...]:
    """The photos of a folder that are none of the named ones, without whatever name they have there.

    A photo that is held back must not be learnt from, not even without its name, so identical files are left out.

    Args:
        folder: any source of photos; None: there are none.
        named: the photos with names.

    Raises:
        DataError: nothing is there that could be learnt from.
    """
    if folder is None:
        return ()
    source = SourceRecipe(folder, max_megapixels=recipe.source.max_megapixels)
    found = load_dataset(source, home=home, progress=progress, say=say, lenient=True, unlabelled=True)
    note_unread(found.failures, progress, say)
    fresh = _without(found.images, {image.sha256 for image in named.images})
    if len(fresh) < len(found.images):
        progress.note(say(_KNOWN).format(n=len(found.images) - len(fresh)))
    if not fresh:
        raise DataError(
            "All photos in {folder} are among the named ones. Name photos with --distill-photos that are not.",
            folder=folder,
        )
    return fresh


def note_further(photos: int, failures: Sequence[Failure], progress: Progress, say: Say) -> None:
    """Tells of the further photos that are learnt from, and of those that could not be decoded."""
    if photos:
        progress.note(say(_TOLD).format(n=photos))
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
