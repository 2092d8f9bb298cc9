"""From labelled photos to a folder that is ready to train on: the page to read first.

A plan says which photo goes where and what becomes of it; it is written once. The photos follow in pieces, on one
machine or several, and a stop costs the pieces under way. The tables come last.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from taxolens.core.errors import DataError, ImageError, OutputError, UsageError
from taxolens.core.progress import Progress, Silent
from taxolens.core.records import Failure, Image
from taxolens.core.texts import Say, for_count, noted, plain
from taxolens.data.dataset import Dataset, load_dataset
from taxolens.execution.local import default_workers, ordered_map
from taxolens.formats.manifest import LABELS, copies_in
from taxolens.imaging.operations.picture import Pixels
from taxolens.imaging.rewrite import proven_size, read_photo
from taxolens.modelfile.fingerprint import data_fingerprint
from taxolens.recipes.prepare import BalanceTo, Files, PrepareRecipe
from taxolens.recipes.shard import shard_of
from taxolens.recipes.source import SequenceBy
from taxolens.workflows.prepare_folder import Fault, Head, PreparedFolder, State, result_of
from taxolens.workflows.prepare_listing import listing_fingerprint, prepare_listing
from taxolens.workflows.prepare_photo import Bench
from taxolens.workflows.prepare_plan import Planned, dealing_columns, divide, planned, told_notes
from taxolens.workflows.prepare_steps import Steps, read_steps, settled
from taxolens.workflows.prepare_summary import PrepareSummary, summary_of
from taxolens.workflows.prepare_tables import finish_tables, recipe_text
from taxolens.workflows.prepare_tiles import check_boxed, cut_pixels, windows_of
from taxolens.workflows.prepare_work import Share, do_share, is_complete, piece_of

_AHEAD = 8
_SAMPLE = 200
_WAITING = noted("Another process plans {out}; waiting for it.")
_UNSAID_ONE = noted("1 photo is left out: nothing is said of what it shows.")
_UNSAID = noted("{count} photos are left out: nothing is said of what they show.")
_TILES = noted("The photos are cut into {tiles} tiles.")
_COPIES_ONE = noted("1 copy that an earlier preparation made is left out.")
_COPIES = noted("{count} copies that an earlier preparation made are left out.")


Sizes = tuple[tuple[int, int], ...]
"""Width and height of upright photos, in pixels."""


@dataclass(frozen=True, slots=True)
class _Desk:
    """What every stage needs."""

    recipe: PrepareRecipe
    steps: Steps
    folder: PreparedFolder
    home: Path
    progress: Progress
    say: Say


def prepare(
    recipe: PrepareRecipe, *, home: Path, progress: Progress | None = None, say: Say = plain
) -> PrepareSummary:
    """Prepares as the recipe says.

    A stop at any moment, also a hard one, keeps what was written: the same recipe goes on.

    Args:
        home: the user's Taxolens folder, for memories.

    Raises:
        UsageError: a recipe that cannot be meant, or a folder that holds something else.
        DataError: photos that cannot be divided as asked.
        OutputError: the folder cannot be written.
    """
    began = time.monotonic()
    out = checked_place(recipe)
    if recipe.balance.to is BalanceTo.NONE and (recipe.balance.augment or recipe.balance.cut):
        raise UsageError("--augment and --cut are about copies, and none are asked for. Add --balance max.")
    steps = read_steps(recipe)
    recipe = settled(recipe, steps)
    folder = PreparedFolder(out, identity_of(recipe))
    desk = _Desk(recipe, steps, folder, home, progress or Silent(), say)
    with folder.alone(lambda: desk.progress.note(say(_WAITING).format(out=out))):
        if recipe.restart:
            folder.restart()
        if folder.state() is State.COMPLETE:
            folder.tidy()
            return _unchanged(desk, began)
        if _is_listing(recipe):
            return prepare_listing(recipe, folder, progress=desk.progress, say=say, began=began)
        notes = () if folder.state() is State.BEGUN and folder.is_planned() else _plan(desk)
    head = folder.head()
    if recipe.files is Files.COPY:
        _write_photos(desk, head)
    return _finish(desk, head, notes, began)


def checked_place(recipe: PrepareRecipe) -> Path:
    """Where the folder is to be; refused where it would meet the photos it is made from.

    Raises:
        UsageError: no place, or one that is the data, lies in them or holds them.
    """
    out, data = recipe.out, recipe.source.data
    if out is None:
        raise UsageError("Nothing says where the prepared photos go. Add --out DIR.")
    place, source = out.resolve(), data.resolve()
    if place == source or source.is_relative_to(place) or (data.is_dir() and place.is_relative_to(source)):
        raise UsageError(
            "The folder {out} and the photos {data} lie in one another; the originals are never changed. Name "
            "another folder with --out.",
            out=out,
            data=data,
        )
    return out


def identity_of(recipe: PrepareRecipe) -> str:
    """A hash of all that decides what a preparation writes."""
    return hashlib.sha256(json.dumps(recipe_text(recipe), sort_keys=True).encode("ascii")).hexdigest()


def _is_listing(recipe: PrepareRecipe) -> bool:
    """Whether a table is all there is to read, and all there is to write."""
    is_table = recipe.source.data.suffix.lower() in (".csv", ".tsv") and recipe.source.data.is_file()
    return recipe.files is Files.NONE and is_table and recipe.source.sequence_by is SequenceBy.NONE


def _unchanged(desk: _Desk, began: float) -> PrepareSummary:
    """A folder that is complete: nothing is to be done, unless the photos are others now."""
    said = result_of(desk.folder.out) or {}
    recipe = desk.recipe
    now = listing_fingerprint(recipe.source.data) if _is_listing(recipe) else fingerprint_of(_loaded(desk))
    if now != said.get("data"):
        raise UsageError(
            "The photos of {data} have changed since {out} was prepared. Add --restart to prepare it anew.",
            data=recipe.source.data,
            out=desk.folder.out,
        )
    desk.progress.note(desk.say("The folder is complete already: nothing was to be done."))
    return summary_of(desk.folder.out, said, time.monotonic() - began)


def _loaded(desk: _Desk) -> Dataset:
    dataset = load_dataset(desk.recipe.source, home=desk.home, progress=desk.progress, say=desk.say)
    if dataset.boxed and desk.recipe.files is Files.NONE:
        raise UsageError(
            "--files none writes no boxes, which {data} has. Leave it out.", data=desk.recipe.source.data
        )
    return dataset


def _plan(desk: _Desk) -> tuple[str, ...]:
    """Divides the photos and writes down what is to be done; what should be told of it."""
    found = _loaded(desk)
    dataset, sizes = _usable(desk, found)
    windows = windows_of(desk.recipe.tile, sizes)
    columns = dealing_columns(desk.recipe, dataset.images, boxed=dataset.boxed)
    division = divide(desk.recipe, columns)
    if desk.recipe.tile.size:
        desk.progress.note(desk.say(_TILES).format(tiles=sum(map(len, windows))))
    else:
        _check_room(desk, dataset, int(division.kept.sum()), int(division.copies.sum()))
    desk.folder.begin()
    changes = tuple(desk.steps.copies.values())
    rows = desk.folder.write_plan(planned(desk.recipe, dataset, division, changes, windows))
    desk.folder.write_head(
        Head(
            identity=desk.folder.identity,
            fingerprint=fingerprint_of(found),
            rows=rows,
            piece=max(
                piece_of(rows), *map(len, windows)
            ),  # lest a photo be decoded for each few of its tiles
            by=division.by,
            layout=dataset.layout.value,
            boxed=dataset.boxed,
            classes=dataset.classes,
            failures=tuple(Fault(one.name, one.code, one.reason) for one in dataset.failures),
        )
    )
    return told_notes(division, desk.say)


def _usable(desk: _Desk, dataset: Dataset) -> tuple[Dataset, Sizes]:
    """The photos that can be prepared: those that somebody has said something of and, where copies are to
    make classes equal or photos are to be cut, those that can be decoded. Then their sizes are told too."""
    check_boxed(desk.recipe.tile, dataset)
    dataset = _without_copies(desk, dataset)
    known = [image for image in dataset.images if image.label is not None or image.annotations is not None]
    if not known:
        raise DataError("Nothing is said of any photo in {data}.", data=desk.recipe.source.data)
    left_out = len(dataset.images) - len(known)
    if left_out:
        desk.progress.note(desk.say(for_count(left_out, _UNSAID_ONE, _UNSAID)).format(count=left_out))
    dataset = replace(dataset, images=tuple(known), failures=dataset.failures)
    to_copy = desk.recipe.balance.to is not BalanceTo.NONE and desk.recipe.files is Files.COPY
    if to_copy or desk.recipe.tile.size:
        return _decodable(desk, dataset)
    return dataset, ((0, 0),) * len(known)


def _without_copies(desk: _Desk, dataset: Dataset) -> Dataset:
    """Copies of an earlier preparation would be taken for photos of their own, and judge what they taught."""
    data = desk.recipe.source.data
    copies = {data / name for name in copies_in(data / LABELS)} if result_of(data) is not None else set()
    images = tuple(image for image in dataset.images if image.path not in copies)
    if len(images) < len(dataset.images):
        gone = len(dataset.images) - len(images)
        desk.progress.note(desk.say(for_count(gone, _COPIES_ONE, _COPIES)).format(count=gone))
    return replace(dataset, images=images)


def _decodable(desk: _Desk, dataset: Dataset) -> tuple[Dataset, Sizes]:
    def look(image: Image) -> Failure | tuple[int, int]:
        try:
            return proven_size(image.path.read_bytes(), max_megapixels=desk.recipe.source.max_megapixels)
        except (ImageError, OSError) as error:
            code = error.code if isinstance(error, ImageError) else "unreadable"
            return Failure(image.path, image.name, code, str(error))

    workers = desk.recipe.workers or default_workers()
    found = desk.progress.track(
        ordered_map(look, dataset.images, workers=workers, window=workers * _AHEAD),
        what=desk.say("Checking photos"),
        total=len(dataset.images),
    )
    looked = list(zip(dataset.images, found, strict=True))
    failures = tuple(one for _, one in looked if isinstance(one, Failure))
    usable = [(image, one) for image, one in looked if not isinstance(one, Failure)]
    if not usable:
        raise DataError(
            "None of the photos in {data} can be read. The first is {first}: {why}",
            data=desk.recipe.source.data,
            first=failures[0].name,
            why=failures[0].reason,
        )
    images, sizes = tuple(image for image, _ in usable), tuple(size for _, size in usable)
    return replace(dataset, images=images, failures=(*dataset.failures, *failures)), sizes


def fingerprint_of(dataset: Dataset) -> str:
    """One hash for the photos with all that is said of them."""

    def said(image: Image) -> str:
        boxes = [
            (one.label, one.box.x, one.box.y, one.box.width, one.box.height)
            for one in image.annotations or ()
        ]
        parts = (
            image.label,
            image.site,
            image.sequence,
            image.part,
            boxes if image.annotations is not None else None,
        )
        return json.dumps(parts)

    return data_fingerprint((image.sha256 or image.name, said(image)) for image in dataset.images)


def _check_room(desk: _Desk, dataset: Dataset, kept: int, copies: int) -> None:
    """Says how much will be written, and refuses what the disk cannot hold."""
    if desk.recipe.files is Files.NONE:
        return
    some = dataset.images[:: max(1, len(dataset.images) // _SAMPLE)]
    mean = float(np.mean([image.path.stat().st_size for image in some if image.path.exists()] or [0]))
    photos = kept + copies
    place = desk.folder.out.resolve()
    there = next(one for one in (place, *place.parents) if one.exists())
    free = shutil.disk_usage(there).free
    if mean * photos > free and not desk.steps.all and desk.recipe.size is None:
        raise OutputError(
            "{photos} photos need about {needed:.1f} GB, and {free:.1f} GB are free at {out}. Name another disk, or "
            "write smaller photos with --size.",
            photos=photos,
            needed=mean * photos / 1e9,
            free=free / 1e9,
            out=desk.folder.out,
        )
    if desk.steps.all or desk.recipe.size is not None:
        told = desk.say("Photos to write: {photos}, copies among them: {copies}.")
    else:
        told = desk.say("Photos to write: {photos}, copies among them: {copies}; about {size:.1f} MB.")
    desk.progress.note(told.format(photos=photos, copies=copies, size=mean * photos / 1e6))


def _write_photos(desk: _Desk, head: Head) -> None:
    recipe, folder = desk.recipe, desk.folder
    steps = desk.steps.fitted(lambda: _learnt_from(desk)) if desk.steps.learn_from else desk.steps
    bench = Bench(
        out=folder.out,
        scratch=folder.scratch,
        steps=steps,
        size=recipe.size,
        quality=recipe.quality,
        max_megapixels=recipe.source.max_megapixels,
        visible=recipe.tile.visible,
    )
    do_share(
        folder,
        bench,
        Share(*shard_of(recipe.shard)),
        head=head,
        workers=recipe.workers or default_workers(),
        progress=desk.progress,
        say=desk.say,
    )


def _learnt_from(desk: _Desk) -> Iterator[Pixels]:
    """Photos of the training part, evenly taken from the plan: the same in every shard."""
    learners = [row for row in desk.folder.rows() if row.copy == 0 and row.part <= 0]
    some = learners[:: max(1, -(-len(learners) // desk.steps.learn_from))]
    workers = desk.recipe.workers or default_workers()

    def read(row: Planned) -> Pixels | None:
        try:
            content = Path(row.path).read_bytes()
            pixels = read_photo(content, max_megapixels=desk.recipe.source.max_megapixels).pixels
            return pixels if row.tile is None else cut_pixels(pixels, row.tile)
        except (ImageError, OSError):
            return None

    found = ordered_map(read, some, workers=workers, window=workers * _AHEAD)
    read_all = desk.progress.track(found, what=desk.say("Learning from photos"), total=len(some))
    return (pixels for pixels in read_all if pixels is not None)


def _finish(desk: _Desk, head: Head, notes: tuple[str, ...], began: float) -> PrepareSummary:
    """Writes the tables where all photos are written; a shard that is not the last leaves that to others."""
    folder = desk.folder
    with folder.alone():
        if folder.state() is State.BEGUN:
            if desk.recipe.files is Files.COPY and not is_complete(folder, head):
                desk.progress.note(
                    desk.say("This shard is done; the tables are written when the others are.")
                )
                return PrepareSummary.of_shard(folder.out, notes, time.monotonic() - began)
            finish_tables(desk.recipe, folder, head)
            folder.finish()
    return summary_of(folder.out, result_of(folder.out) or {}, time.monotonic() - began, notes)
