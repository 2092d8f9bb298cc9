"""Labelled photos, looked at: which bytes they are, when and where they were taken, which cannot be read."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from taxolens.core.errors import DataError
from taxolens.core.progress import Progress, Silent
from taxolens.core.records import Failure, Image, Part
from taxolens.core.texts import Say, for_count, noted, plain
from taxolens.data.ledger import FileState, Found, Ledger
from taxolens.data.sequence import with_sequences, with_sites
from taxolens.execution.local import default_workers, ordered_map
from taxolens.formats.labelled import read_labelled
from taxolens.formats.manifest import UNFINISHED, folds_beside
from taxolens.formats.source import BoxProblem, Labelled, Layout
from taxolens.imaging.container import EMPTY, MISSING, NO_FILE, UNREADABLE
from taxolens.imaging.metadata import read_metadata
from taxolens.recipes.source import SequenceBy, SiteBy, SourceRecipe, Unlabelled

LEDGER = "photos.sqlite"
UNPACKED = "datasets"

_REMEMBERED_AT_ONCE = 2000
_READ_WHOLE = 64 << 20  # bytes; larger files are hashed piece by piece
_AHEAD = 16
_NAMED = 10


@dataclass(frozen=True, slots=True)
class Dataset:
    """Labelled photos.

    Attributes:
        images: with hash, time, camera, and site and sequence where they are known.
        failures: what is missing, empty or cannot be opened; damage shows only when pixels are decoded.
        ignored: photos in the source that belong to no class.
        root: folder that the names are relative to.
        layout: how the source is written.
        classes: names of boxes in the order of their numbers; empty for sources without boxes.
        boxed: the source says where things are in the photos.
        problems: boxes that a lenient reader passed over.
    """

    images: tuple[Image, ...]
    failures: tuple[Failure, ...]
    ignored: int
    root: Path
    layout: Layout = Layout.FOLDERS
    classes: tuple[str, ...] = ()
    boxed: bool = False
    problems: tuple[BoxProblem, ...] = ()


def load_dataset(
    recipe: SourceRecipe,
    *,
    home: Path,
    progress: Progress | None = None,
    say: Say = plain,
    lenient: bool = False,
    unlabelled: bool = False,
    one_split: bool = False,
) -> Dataset:
    """Reads the labelled photos of a recipe and looks at each file once; what was seen is remembered.

    Args:
        home: folder for the memory and for unpacked archives.
        lenient: collect boxes that cannot be meant in `problems`, and read the rest.
        unlabelled: photos without labels will do, where none has one.
        one_split: refuse photos that lie in folds, of which none is said to be held back.

    Raises:
        DataError: nothing labelled is there, most or all files cannot be used, a box cannot be meant, or
            there are folds where one split is needed.
        UsageError: a folder may not be read, or the gap cannot be meant.
        OutputError: an archive cannot be unpacked.
    """
    listener = progress or Silent()
    if (recipe.data / UNFINISHED).is_dir():
        raise DataError(
            "The folder {data} is not complete. Run the taxolens prepare that fills it once more.",
            data=recipe.data,
        )
    found = read_labelled(
        recipe.data,
        unpack_to=home / UNPACKED,
        lenient=lenient,
        unlabelled=unlabelled,
        photos=recipe.photos,
        threshold=recipe.min_score,
    )
    if one_split:
        _check_held_back(recipe, found.file)
    images, failures = look_at(found.images, home=home, progress=listener, say=say)
    _check_usable(recipe, images, failures)
    images = with_sequences(with_sites(images, recipe.site_by), recipe.sequence_by, recipe.gap)
    _tell_what_is_unknown(recipe, images, listener, say)
    images = _as_said(found, recipe, images, listener, say)
    return Dataset(
        images,
        failures,
        found.ignored,
        found.root,
        layout=found.layout,
        classes=found.classes,
        boxed=found.boxed,
        problems=found.problems,
    )


def look_at(
    images: Sequence[Image], *, home: Path, progress: Progress, say: Say
) -> tuple[tuple[Image, ...], tuple[Failure, ...]]:
    """Looks at each file once; what was seen is remembered. The images with what their files hold, and the failures."""
    with Ledger(home / LEDGER) as ledger:
        seen = list(progress.track(_look(images, ledger), what=say("Reading photos"), total=len(images)))
    failures = tuple(one for one in seen if isinstance(one, Failure))
    return tuple(one for one in seen if isinstance(one, Image)), failures


def _as_said(
    found: Labelled, recipe: SourceRecipe, images: tuple[Image, ...], progress: Progress, say: Say
) -> tuple[Image, ...]:
    """The photos with what the recipe says of those without labels; what the reader took for granted is told."""
    for note in found.notes:
        progress.note(say(note.text).format(**note.fields))
    if found.unlabelled and recipe.unlabelled is Unlabelled.EMPTY:
        images = tuple(_empty(image) if image.annotations is None else image for image in images)
    elif found.unlabelled:
        told = say(for_count(found.unlabelled, _UNLABELLED_ONE, _UNLABELLED)).format(count=found.unlabelled)
        progress.note(told if recipe.unlabelled else f"{told} {say(_IS_IT_EMPTY)}")
    if found.ignored:
        progress.note(say(_IGNORED).format(count=found.ignored))
    if found.empty:
        progress.note(say(_EMPTY_FOLDERS).format(names=_some(found.empty, say)))
    return images


def _empty(image: Image) -> Image:
    return replace(image, annotations=())


def named(dataset: Dataset, data: Path) -> Dataset:
    """The photos that have a class as a whole; those of a boxed source need not.

    Raises:
        DataError: none has one, because the source has boxes.
    """
    images = tuple(image for image in dataset.images if image.label is not None)
    if dataset.boxed and not images:
        raise DataError(
            "{data} has boxes in its photos and no class for a whole photo, which this command needs: name a "
            "folder with a folder of photos for each class, or a CSV with the columns file and label.",
            data=data,
        )
    return replace(dataset, images=images, ignored=dataset.ignored + len(dataset.images) - len(images))


def check_trainable(images: Sequence[Image]) -> None:
    """Whether there is something to tell apart, and something to learn it from.

    Raises:
        DataError: fewer than two classes, or no photos for learning in the data's own split.
    """
    labels = {image.label for image in images}
    if not labels:
        raise DataError("There are no photos to learn from. Name a folder with a folder for each class.")
    if len(labels) == 1:
        raise DataError(
            "There is only one class, {label}. Add photos of at least one other class, each class in its own "
            "folder; photos of nothing will do.",
            label=next(iter(labels)),
        )
    parts = {image.part for image in images}
    if parts.isdisjoint({Part.TRAIN, None}):
        raise DataError(
            "The data's own split has no part train, only {parts}. Add it, or divide the photos anew: "
            "taxolens prepare --ignore-parts.",
            parts=", ".join(sorted(part for part in parts if part)),
        )


def _look(images: Sequence[Image], ledger: Ledger) -> Iterator[Image | Failure]:
    """Each image with what its file holds, in order; remembered from one batch to the next."""
    workers = default_workers()
    source = iter(images)
    while batch := list(islice(source, _REMEMBERED_AT_ONCE)):
        states = [_state(image) for image in batch]
        files = [state for state in states if isinstance(state, FileState)]
        known = dict(zip(files, ledger.recall(files), strict=True))
        unknown = [state for state in files if known[state] is None]
        fresh = dict(
            zip(unknown, ordered_map(_read, unknown, workers=workers, window=workers * _AHEAD), strict=True)
        )
        ledger.remember((state, found) for state, found in fresh.items() if found is not None)
        for image, state in zip(batch, states, strict=True):
            yield state if isinstance(state, Failure) else _seen(image, known[state] or fresh[state])


def _state(image: Image) -> FileState | Failure:
    try:
        state = os.stat(image.path)  # noqa: PTH116 - asked for every file at every start
    except (FileNotFoundError, NotADirectoryError):
        return Failure(image.path, image.name, "missing", MISSING)
    except (OSError, ValueError):
        return Failure(image.path, image.name, "unreadable", UNREADABLE)
    if not stat.S_ISREG(state.st_mode):
        return Failure(image.path, image.name, "unreadable", NO_FILE)
    if not state.st_size:
        return Failure(image.path, image.name, "empty", EMPTY)
    path = os.fsencode(os.path.abspath(image.path))  # noqa: PTH100 - a Path per file costs more than the rest
    return FileState(path, state.st_size, state.st_mtime_ns)


def _read(state: FileState) -> Found | None:
    path = Path(os.fsdecode(state.path))
    try:
        if state.size > _READ_WHOLE:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            metadata = read_metadata(path)
        else:
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            metadata = read_metadata(content)
    except OSError:
        return None
    return Found(digest, metadata.taken, metadata.camera, metadata.utc_offset)


def _seen(image: Image, found: Found | None) -> Image | Failure:
    if found is None:
        return Failure(image.path, image.name, "unreadable", UNREADABLE)
    return replace(
        image,
        sha256=found.sha256,
        taken=image.taken or found.taken,
        camera=image.camera or found.camera,
        utc_offset=found.utc_offset if image.taken is None else image.utc_offset,
    )


def _check_held_back(recipe: SourceRecipe, file: Path | None) -> None:
    """Divided anew, a photo and the copies made of it would fall into different parts."""
    folds = folds_beside(file) if file else ()
    if folds:
        raise DataError(
            "{data} holds {count} folds for cross-validation: train once for each, on {first} to {last}, each "
            "of which holds one fold back.",
            data=recipe.data,
            count=len(folds),
            first=folds[0],
            last=folds[-1].name,
        )


def _check_usable(recipe: SourceRecipe, images: Sequence[Image], failures: Sequence[Failure]) -> None:
    missing = [failure for failure in failures if failure.code == "missing"]
    total = len(images) + len(failures)
    if 2 * len(missing) > total:
        raise DataError(
            "{missing} of the {total} files that {data} names are not there, the first is {first}. "
            "Files are named relative to the folder of the table.",
            missing=len(missing),
            total=total,
            data=recipe.data,
            first=missing[0].name,
        )
    if not images:
        raise DataError(
            "None of the {total} files in {data} can be used. The first is {first}: {why}",
            total=total,
            data=recipe.data,
            first=failures[0].name,
            why=failures[0].reason,
        )


def _tell_what_is_unknown(
    recipe: SourceRecipe, images: Sequence[Image], listener: Progress, say: Say
) -> None:
    """What was asked for and not found is said, lest a split by single photos pass for one by events."""
    if recipe.site_by is not SiteBy.NONE and not any(image.site for image in images):
        listener.note(say("No site was found: there is no folder above the class folders."))
    if recipe.sequence_by is not SequenceBy.NONE and not any(image.sequence for image in images):
        listener.note(say(_NO_SEQUENCE[recipe.sequence_by]))


def _some(names: Sequence[str], say: Say) -> str:
    shown, left = ", ".join(names[:_NAMED]), len(names) - _NAMED
    return shown if left <= 0 else say("{names} and {n} more").format(names=shown, n=left)


_EMPTY_FOLDERS = noted("Folders without photos, which therefore are no classes: {names}.")
_IGNORED = noted("Photos that belong to no class and are left out: {count}.")
_UNLABELLED_ONE = noted("1 photo has no label file: nobody said what is in it, not even nothing.")
_UNLABELLED = noted("{count} photos have no label file: nobody said what is in them, not even nothing.")
_IS_IT_EMPTY = noted("Is nothing there? Then add --unlabelled empty, else --unlabelled left-out.")
_NO_SEQUENCE = {
    SequenceBy.EXIF: noted("No sequence was found: no photo says when it was taken."),
    SequenceBy.FOLDER: noted("No sequence was found: there is no folder above the class folders."),
    SequenceBy.FILENAME: noted("No sequence was found: no file name holds a number."),
}
