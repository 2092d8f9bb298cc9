"""Labelled photos to any format of labelled photos: read, placed, written whole, and what is lost told."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from taxolens.core.errors import DataError, UsageError
from taxolens.core.progress import Progress, Silent
from taxolens.core.records import Failure, Image
from taxolens.core.texts import Say, noted, plain
from taxolens.data.dataset import Dataset, load_dataset
from taxolens.formats.package import written_package
from taxolens.formats.sets import SETS, Holds, SetFormat, write_beside, write_classes
from taxolens.formats.source import Layout, Sized
from taxolens.formats.upright import read_header
from taxolens.imaging.container import DAMAGED
from taxolens.recipes.convert import ConvertRecipe, SetFiles
from taxolens.recipes.source import SourceRecipe
from taxolens.report.wording import Wording
from taxolens.storage.atomic import told_as_output
from taxolens.workflows.convert_loss import losses
from taxolens.workflows.convert_place import Placed, placed, put, whole_class

_WRITTEN = noted(
    "Photos: {photos}. Boxes: {boxes}. Classes: {classes}. Empty: {empty}. Not labelled: {unseen}."
)
_NAMED = noted("Photos: {photos}. Classes: {classes}.")


@dataclass(frozen=True, slots=True)
class SetSummary:
    """What was written.

    Attributes:
        failures: photos that are missing or cannot be read; they are not in the new set.
    """

    out: Path
    photos: int
    boxes: int
    empty: int
    unseen: int
    classes: int
    boxed: bool
    failures: tuple[Failure, ...]

    def lines(self, wording: Wording) -> tuple[str, ...]:
        """The outcome in a few sentences."""
        told = wording.say(_WRITTEN if self.boxed else _NAMED).format(
            photos=wording.count(self.photos),
            boxes=wording.count(self.boxes),
            classes=wording.count(self.classes),
            empty=wording.count(self.empty),
            unseen=wording.count(self.unseen),
        )
        failed = (
            [
                wording.say(
                    "Photos that could not be read and are left out: {count}, first {name}: {why}"
                ).format(
                    count=wording.count(len(self.failures)),
                    name=self.failures[0].name,
                    why=wording.say(self.failures[0].reason),
                )
            ]
            if self.failures
            else []
        )
        return (told, *failed, wording.say("Written: {out}").format(out=self.out))


def convert_set(
    recipe: ConvertRecipe, *, home: Path, progress: Progress | None = None, say: Say = plain
) -> SetSummary:
    """Reads labelled photos and writes them in another format; originals are never changed.

    Args:
        home: the user's Taxolens folder, for memories.

    Raises:
        UsageError: the place or the format cannot be meant, or the format has no place for what the source holds.
        DataError: the source cannot be read.
        OutputError: the set cannot be written; nothing is left of it.
    """
    listener = progress or Silent()
    job = _job_of(recipe)
    source = SourceRecipe(
        recipe.source, photos=recipe.photos, min_score=recipe.threshold, unlabelled=recipe.unlabelled
    )
    dataset = load_dataset(source, home=home, progress=listener, say=say)
    dataset = _fitting(dataset, job, recipe.source)
    for sentence in losses(dataset, job.format, alone=job.alone, say=say):
        listener.note(sentence)
    dataset = _classed(dataset) if job.format.layout is Layout.FOLDERS else dataset
    if not dataset.images:
        raise DataError(
            "No photo in {data} has one class as a whole, so class folders cannot be made.",
            data=recipe.source,
        )
    return _written(job, dataset, listener, say)


@dataclass(frozen=True, slots=True)
class _Job:
    """What is written, and where.

    Attributes:
        alone: one file without its photos.
    """

    out: Path
    format: SetFormat
    files: SetFiles
    alone: bool


def _job_of(recipe: ConvertRecipe) -> _Job:
    """Checks the place.

    Raises:
        UsageError: it is taken, lies in the source, or does not fit the format.
    """
    out, source = recipe.output.out, recipe.source
    format = SETS[recipe.output.format or ""]
    suffix = out.suffix.lower()
    alone = format.suffix is not None and suffix == format.suffix
    if suffix in (".zip", ".json", ".csv", ".yaml") and not alone:
        raise UsageError("{format} is a folder. Name a folder to write.", format=format.title)
    files = recipe.files or (SetFiles.NONE if alone else SetFiles.COPY)
    if alone and files is not SetFiles.NONE:
        raise UsageError(
            "{out} is one file, which takes no photos with it. Name a folder, or leave out --files.", out=out
        )
    if files is SetFiles.NONE and not format.apart:
        raise UsageError(
            "{format} needs its photos in the same folder. Use --files copy or --files link.",
            format=format.title,
        )
    with told_as_output(out):
        if out.exists() and (out.is_file() or any(out.iterdir())):
            raise UsageError(
                "{out} is there already, and is not written over. Move it away or name another --out.",
                out=out,
            )
    _check_apart(out.resolve(), source.resolve(), alone)
    return _Job(out.parent.resolve() / out.name, format, files, alone)


def _check_apart(out: Path, source: Path, alone: bool) -> None:
    inside = source.is_dir() and out.is_relative_to(source) and not alone
    if inside or source.is_relative_to(out):
        raise UsageError(
            "The folder {out} and the photos {data} lie in one another; the originals are never changed. Name "
            "another folder with --out.",
            out=out,
            data=source,
        )


def _fitting(dataset: Dataset, job: _Job, data: Path) -> Dataset:
    """The photos that the format can hold something of.

    Raises:
        UsageError: there are no boxes, and the format knows nothing else.
    """
    if not dataset.boxed and job.format.write_named is None:
        raise UsageError(
            "{data} names whole photos and has no boxes, which is all that {format} holds. Choose --to folder, csv or "
            "coco.",
            data=data,
            format=job.format.title,
        )
    return dataset


def _classed(dataset: Dataset) -> Dataset:
    labels = dataset.classes
    classed = [replace(image, label=whole_class(image, labels)) for image in dataset.images]
    return replace(dataset, images=tuple(image for image in classed if image.label is not None))


def _written(job: _Job, dataset: Dataset, progress: Progress, say: Say) -> SetSummary:
    parts = {image.part for image in dataset.images}
    by_part = None not in parts
    failures = list(dataset.failures)
    rows = progress.track(
        placed(dataset.images, job.format, by_part=by_part),
        what=say("Writing the set"),
        total=len(dataset.images),
    )
    if job.alone:
        with told_as_output(job.out):
            job.out.parent.mkdir(parents=True, exist_ok=True)
        images = list(_put(rows, job, job.out.parent, failures))
        _write(job, dataset, job.out, images)
    else:
        with told_as_output(job.out):
            job.out.parent.mkdir(parents=True, exist_ok=True)
        with written_package(job.out) as folder:
            images = list(_put(rows, job, folder, failures))
            _write(job, dataset, folder / job.format.file if job.format.file else folder, images)
            if dataset.boxed and job.format.layout is Layout.BOX_TABLE:
                write_classes(folder, dataset.classes, job.format.title)
            if _needs_table(job, images, dataset.boxed):
                write_beside(folder, images)
            os.sync()
    return _summary(job, dataset, images, failures)


def _put(rows: Iterator[Placed], job: _Job, folder: Path, failures: list[Failure]) -> Iterator[Sized]:
    for photo in rows:
        header = read_header(photo.source.path)
        size = header.upright if header is not None else (0, 0)
        if not all(size) and Holds.PIXELS in job.format.holds:
            failures.append(Failure(photo.source.path, photo.source.name, "damaged", DAMAGED))
            continue
        yield Sized(put(photo, folder, job.files), *size)


def _write(job: _Job, dataset: Dataset, place: Path, images: Sequence[Sized]) -> None:
    if dataset.boxed:
        job.format.write(place, images, dataset.classes)
    elif job.format.write_named is not None:
        labels = sorted({one.image.label for one in images if one.image.label is not None})
        job.format.write_named(place, images, labels)


def _needs_table(job: _Job, images: Sequence[Sized], boxed: bool) -> bool:
    """Whether there is something to say of photos that the format has no place for."""
    if job.format.file == "labels.csv":
        return False
    parts = {one.image.part for one in images}
    labelled = any(one.image.label is not None for one in images)
    context = Holds.CONTEXT not in job.format.holds and any(_has_context(one.image) for one in images)
    some_parts = Holds.SOME_PARTS not in job.format.holds and None in parts and len(parts) > 1
    return context or some_parts or (labelled and boxed and job.format.layout is not Layout.FOLDERS)


def _has_context(image: Image) -> bool:
    return bool(image.site or image.sequence)


def _summary(job: _Job, dataset: Dataset, images: Sequence[Sized], failures: Sequence[Failure]) -> SetSummary:
    said = [one.image.annotations for one in images]
    labels = {one.image.label for one in images if one.image.label is not None}
    return SetSummary(
        out=job.out,
        photos=len(images),
        boxes=sum(len(one or ()) for one in said),
        empty=sum(one == () for one in said),
        unseen=sum(one is None for one in said),
        classes=len(dataset.classes) if dataset.boxed else len(labels),
        boxed=dataset.boxed and job.format.layout is not Layout.FOLDERS,
        failures=tuple(failures),
    )
