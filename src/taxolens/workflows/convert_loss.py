"""What a format has no place for, told before a set is written in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from taxolens.core.records import Image
from taxolens.core.texts import Say, noted
from taxolens.data.dataset import Dataset
from taxolens.formats.sets import Holds, SetFormat
from taxolens.formats.source import Layout
from taxolens.workflows.convert_place import whole_class

_SHOWN = 10


def losses(dataset: Dataset, format: SetFormat, *, alone: bool, say: Say) -> Iterator[str]:
    """Sentences about what is left out, or written where other programs do not look.

    Args:
        alone: one file is written and nothing beside it.
    """
    title = say(format.title)
    if dataset.layout is Layout.DETECTIONS:
        yield say(_SCORES).format(format=title)
    if dataset.boxed and format.layout is Layout.FOLDERS:
        yield from _of_folders(dataset, say)
    elif dataset.boxed and alone and Holds.CLASSES not in format.holds:
        yield from _of_classes(dataset, title, say)
    if dataset.boxed and alone and (labels := sum(image.label is not None for image in dataset.images)):
        yield say(_LABELS).format(format=title, count=labels)
    if not alone:
        yield from _of_context(dataset.images, format, title, say)


def _of_folders(dataset: Dataset, say: Say) -> Iterator[str]:
    boxes = sum(len(image.annotations or ()) for image in dataset.images)
    yield say(_BOXES).format(count=boxes)
    classes = [whole_class(image, dataset.classes) for image in dataset.images]
    seen = [image.label is not None or image.annotations is not None for image in dataset.images]
    if several := sum(one is None and looked for one, looked in zip(classes, seen, strict=True)):
        yield say(_SEVERAL).format(count=several)
    if unseen := sum(not looked for looked in seen):
        yield say(_UNSEEN).format(count=unseen)
    if without := [name for name in dataset.classes if name not in classes]:
        yield say(_NO_FOLDER).format(names=_some(without))


def _of_classes(dataset: Dataset, title: str, say: Say) -> Iterator[str]:
    boxes = (one.label for image in dataset.images for one in image.annotations or ())
    found = list(dict.fromkeys(boxes))
    if without := [name for name in dataset.classes if name not in found]:
        yield say(_NO_BOXES).format(format=title, names=_some(without))
    if found != [name for name in dataset.classes if name in found]:
        yield say(_ORDER).format(format=title)


def _of_context(images: Sequence[Image], format: SetFormat, title: str, say: Say) -> Iterator[str]:
    if Holds.CONTEXT not in format.holds and any(image.site or image.sequence for image in images):
        yield say(_CONTEXT).format(format=title)
    parts = {image.part for image in images}
    if Holds.SOME_PARTS not in format.holds and None in parts and len(parts) > 1:
        yield say(_PARTS).format(format=title)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


_SCORES = noted(
    "{format} holds no scores: those of the detections are left out, and every box counts as drawn."
)
_BOXES = noted("Class folders hold no boxes: {count} boxes are left out.")
_SEVERAL = noted(
    "Photos with boxes of several classes, which belong into no class folder and are left out: {count}."
)
_UNSEEN = noted("Photos that nobody has said anything of, which are left out: {count}.")
_NO_FOLDER = noted("Classes of which no photo shows nothing else, so they get no folder: {names}.")
_NO_BOXES = noted("{format} holds no list of classes, so those without boxes are left out: {names}.")
_ORDER = noted("{format} holds no list of classes: their order becomes that of their first boxes.")
_LABELS = noted("{format} holds boxes only: the classes of {count} whole photos are left out.")
_CONTEXT = noted(
    "{format} has no place for site and sequence: they stand in labels.csv beside it, which Taxolens reads and other "
    "programs do not."
)
_PARTS = noted(
    "Only some photos have a part of a split, which {format} cannot say: it stands in labels.csv beside it, which "
    "Taxolens reads and other programs do not."
)
