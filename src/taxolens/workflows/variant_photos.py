"""The photos that decide between variants of a model: those to judge on, and those to take ranges from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import DataError
from taxolens.core.progress import Progress
from taxolens.core.records import Failure, Image, Part
from taxolens.core.texts import Say, for_count, noted
from taxolens.data.dataset import Dataset, load_dataset, named
from taxolens.modelfile.card import Card, Task
from taxolens.recipes.variant import VariantRecipe
from taxolens.workflows.detection_evaluate import check_boxed, classes_of
from taxolens.workflows.judging import classes_meant, fingerprint_of
from taxolens.workflows.run_folder import is_run
from taxolens.workflows.run_record import learnt_from, parts_of

_SHARE_TO_CALIBRATE = 5  # one photo in so many
_GONE_ONE = noted("1 photo is left out, because a model learnt from it.")
_GONE = noted("{n} photos are left out, because a model learnt from them.")


@dataclass(frozen=True, slots=True)
class VariantPhotos:
    """Photos with the classes that the model gives their labels.

    Attributes:
        judged: to compare on.
        truth: class of each of these, int64 [judged]; of photos with boxes, 0.
        calibrating: to take the ranges of whole numbers from; none of them is judged.
        failures: files that are no photos.
        classes: of boxes, as the data call them, that the model knows.
    """

    judged: tuple[Image, ...]
    truth: NDArray[np.int64]
    calibrating: tuple[Image, ...]
    failures: tuple[Failure, ...]
    classes: tuple[str, ...] = ()


def variant_photos(
    recipe: VariantRecipe, run: Path, card: Card, *, home: Path, progress: Progress, say: Say
) -> VariantPhotos:
    """Divides the photos.

    A run's own division is kept: judged is what it held back, or photos that it did not know, never what it
    learnt from. So is a column that says so. Other photos are judged but for a fifth, chosen by their bytes.
    What a rival's run learnt from judges nobody.

    Args:
        run: folder in which the model lies.

    Raises:
        DataError: no photos, or none of a class that the model knows.
    """
    dataset = load_dataset(recipe.source, home=home, progress=progress, say=say)
    classes, known = (_boxed if card.task is Task.DETECT else _labelled)(recipe, dataset, card)
    if left := len(dataset.images) - len(known):
        progress.note(
            say("{n} photos are of classes that the model does not know and are left out.").format(n=left)
        )
    parts = parts_of(run) if is_run(run) else {}
    judged, rest = _of_run(known, parts) if parts else _of_column(known)
    if not judged and not parts:
        if fingerprint_of(dataset, ()) == card.data_fingerprint:
            progress.note(
                say("The model was made from these very photos: these figures say nothing about new ones.")
            )
        judged, rest = _by_bytes(known)
    judged = _unseen(judged, recipe.rivals, progress, say)
    if not judged or not rest:
        raise DataError(
            "{data} holds {n} photos of classes that the model knows, too few to judge on some and learn ranges "
            "from others. Name more photos.",
            data=recipe.source.data,
            n=len(known),
        )
    truth = np.array([classes.get(image.label or "", 0) for image in judged], dtype=np.int64)
    return VariantPhotos(judged, truth, _some(rest, recipe.calibrating), dataset.failures, tuple(classes))


def _labelled(
    recipe: VariantRecipe, dataset: Dataset, card: Card
) -> tuple[Mapping[str, int], tuple[Image, ...]]:
    """Classes by what the photos call them, and the photos of these."""
    dataset = named(dataset, recipe.source.data)
    classes = classes_meant({image.label or "" for image in dataset.images}, card.taxa)
    return classes, tuple(image for image in dataset.images if image.label in classes)


def _boxed(
    recipe: VariantRecipe, dataset: Dataset, card: Card
) -> tuple[Mapping[str, int], tuple[Image, ...]]:
    """Likewise of boxes: photos with one of a class that is known, or where nothing is."""
    check_boxed(dataset, recipe.source.data)
    classes = classes_meant(classes_of(dataset), card.taxa)
    if not classes:
        raise DataError(
            "The model knows none of the classes in {data}: {found}. It knows {known}.",
            data=recipe.source.data,
            found=", ".join(classes_of(dataset)[:10]),
            known=", ".join(card.labels[:10]),
        )
    return classes, tuple(
        image
        for image in dataset.images
        if image.annotations is not None
        and (not image.annotations or any(one.label in classes for one in image.annotations))
    )


def _unseen(
    images: tuple[Image, ...], rivals: Sequence[Path], progress: Progress, say: Say
) -> tuple[Image, ...]:
    """Without the photos that a rival is known to have learnt from, which would flatter it."""
    folders = [path if path.is_dir() else path.parent for path in rivals]
    seen = frozenset[str]().union(*(learnt_from(one) for one in folders if is_run(one)))
    kept = tuple(image for image in images if image.sha256 not in seen)
    if gone := len(images) - len(kept):
        progress.note(say(for_count(gone, _GONE_ONE, _GONE)).format(n=gone))
    return kept


def _of_run(
    images: Sequence[Image], parts: Mapping[tuple[str, str], Part]
) -> tuple[tuple[Image, ...], tuple[Image, ...]]:
    """What the run held back, else what it did not know; and what it learnt from, else a fifth of the others."""
    own = [parts.get((image.sha256 or "", image.label or "")) for image in images]
    held_back, learnt, new = (
        tuple(image for image, part in zip(images, own, strict=True) if part is wanted)
        for wanted in (Part.TEST, Part.TRAIN, None)
    )
    if held_back and learnt:
        return held_back, learnt
    judged, rest = _by_bytes(held_back or new)
    return (held_back or new, learnt) if learnt else (judged, rest)


def _of_column(images: Sequence[Image]) -> tuple[tuple[Image, ...], tuple[Image, ...]]:
    return (
        tuple(image for image in images if image.part is Part.TEST),
        tuple(image for image in images if image.part is Part.TRAIN),
    )


def _by_bytes(images: Sequence[Image]) -> tuple[tuple[Image, ...], tuple[Image, ...]]:
    """All but a fifth, and that fifth; copies of one photo are on one side."""
    aside = [int((image.sha256 or "0")[:8], 16) % _SHARE_TO_CALIBRATE == 0 for image in images]
    return (
        tuple(image for image, away in zip(images, aside, strict=True) if not away),
        tuple(image for image, away in zip(images, aside, strict=True) if away),
    )


def _some(images: Sequence[Image], most: int) -> tuple[Image, ...]:
    """At most so many, evenly from the photos in the order of their bytes, which is no order."""
    ranked = sorted(images, key=lambda image: image.sha256 or "")
    return tuple(ranked[:most])
