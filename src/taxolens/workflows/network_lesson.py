"""Labelled photos made ready for a network: read, decoded once, divided."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import DataError, ModelError
from taxolens.core.progress import Progress
from taxolens.core.records import Image, Part
from taxolens.core.texts import Say
from taxolens.core.trainer import NetworkInput, Pixels
from taxolens.data.dataset import Dataset, check_trainable
from taxolens.data.pixels import ChosenPixels, Decoded, JoinedPixels, decode_all
from taxolens.data.split import split_images
from taxolens.imaging.preprocess import Fit, Preprocess
from taxolens.modelfile.fingerprint import data_fingerprint
from taxolens.recipes.network import DistillRecipe, NetworkRecipe
from taxolens.recipes.parse import recipe_document
from taxolens.recipes.train import TrainRecipe
from taxolens.workflows.divided import Divided, classes_of
from taxolens.workflows.teacher_view import TeacherView, rule_of_view, teacher_view
from taxolens.workflows.unnamed import note_further, unlike

PIXELS, UNNAMED = "pixels.raw", "unnamed.raw"
_DECIDES = ("method", "split", "fit")
_WAY = 1
"""To be raised when a checkpoint of before could not be gone on with."""


@dataclass(frozen=True, slots=True)
class Unnamed:
    """Photos without names, and what the network sees of them."""

    images: tuple[Image, ...]
    pixels: Pixels


@dataclass(frozen=True, slots=True)
class NetworkLesson(Divided):
    """What a network learns from and is judged on.

    Attributes:
        rule: how photos become the network's input.
        pixels: all n images by this rule.
        unnamed: the u photos of which only a teacher says what they show.
        view: all that is learnt from as a teacher of a larger size sees it; None: there is none.
    """

    rule: Preprocess
    pixels: Pixels
    unnamed: Unnamed
    view: TeacherView | None = None

    @property
    def learnt_pixels(self) -> Pixels:
        """All n images, then those without names."""
        return JoinedPixels(self.pixels, self.unnamed.pixels) if self.unnamed.images else self.pixels

    @property
    def unnamed_rows(self) -> NDArray[np.int64]:
        """int64 [u], where these lie there."""
        return len(self.images) + np.arange(len(self.unnamed.images))

    @property
    def learnt_truth(self) -> NDArray[np.int64]:
        """int64 [n + u], -1 for those without names."""
        return np.concatenate([self.truth, np.full(len(self.unnamed.images), -1, np.int64)])


def prepare_network_lesson(
    recipe: TrainRecipe,
    dataset: Dataset,
    wanted: NetworkInput,
    folder: Path,
    *,
    distill: DistillRecipe | None,
    unnamed: Sequence[Image] = (),
    progress: Progress,
    say: Say,
) -> NetworkLesson:
    """Decodes first and divides what could be read, so that broken files do not distort the shares.

    Args:
        wanted: what the network wants to see.
        folder: where decoded photos lie while they are learnt from.
        distill: a teacher, by its file.
        unnamed: photos of which only that teacher says what they show.
    """
    rule = Preprocess(wanted.width, wanted.height, fit=Fit(recipe.fit) if recipe.fit else Fit.SQUASH)
    decoded = _decoded(recipe, rule, dataset.images, folder / PIXELS, progress, say)
    images = tuple(dataset.images[row] for row in decoded.kept)
    if not images:
        raise DataError(
            "None of the {n} photos in {data} could be read. {file}: {why} Name other photos.",
            n=len(decoded.failures),
            data=recipe.source.data,
            file=decoded.failures[0].name,
            why=say(decoded.failures[0].reason),
        )
    check_trainable(images)
    labels, truth = classes_of(images)
    split = split_images(images, recipe.split)
    held = np.concatenate([split.indices(Part.VAL), split.indices(Part.TEST)])
    further = _decoded(recipe, rule, unnamed, folder / UNNAMED, progress, say)
    lesson = NetworkLesson(
        images=images,
        labels=labels,
        truth=truth,
        split=split,
        dataset=dataset,
        failures=dataset.failures + decoded.failures,
        rule=rule,
        pixels=decoded.pixels,
        unnamed=_unnamed(unnamed, further, decoded.pixels, held, progress, say),
    )
    wide = rule_of_view(distill, rule)
    if wide is None:
        return lesson
    rows = np.concatenate([lesson.rows(Part.TRAIN), lesson.unnamed_rows])
    learnt = (*images, *lesson.unnamed.images)
    view = teacher_view(recipe, wide, learnt, rows, folder, progress=progress, say=say)
    return replace(lesson, view=view)


def _decoded(
    recipe: TrainRecipe, rule: Preprocess, images: Sequence[Image], file: Path, progress: Progress, say: Say
) -> Decoded:
    return decode_all(
        images,
        rule,
        file,
        workers=recipe.workers,
        max_megapixels=recipe.source.max_megapixels,
        progress=progress,
        say=say,
    )


def _unnamed(
    images: Sequence[Image],
    decoded: Decoded,
    known: Pixels,
    held: NDArray[np.int64],
    progress: Progress,
    say: Say,
) -> Unnamed:
    """What may be learnt from of the photos without names."""
    if not images:
        return Unnamed((), decoded.pixels)
    rows = unlike(decoded.pixels, known, held)
    note_further(len(rows), len(decoded.pixels) - len(rows), decoded.failures, progress, say)
    if not len(rows):
        raise DataError(
            "Of the {n} further photos none can be learnt from. Name others with --distill-photos.",
            n=len(images),
        )
    kept = decoded.kept[rows].tolist()
    return Unnamed(tuple(images[row] for row in kept), ChosenPixels(decoded.pixels, rows))


def fingerprint_of(recipe: TrainRecipe, network: NetworkRecipe, lesson: NetworkLesson) -> str:
    """Hash of everything that decides what a network learns: photos, classes, parts, settings, weights.

    Files count by what is in them: a folder may be moved between two attempts.

    Args:
        network: what is really trained, with the names of the recipe resolved.
    """
    document = recipe_document(recipe)
    decided = {name: document[name] for name in _DECIDES}
    settings = recipe_document(network)
    settings["weights"] = _hash_of(network.weights)
    if network.distill:
        settings["distill"]["teacher"] = _hash_of(network.distill.teacher)
        settings["distill"]["photos"] = [image.sha256 for image in lesson.unnamed.images]
    photos = data_fingerprint((image.sha256 or "", image.label or "") for image in lesson.images)
    parts = [part.value for part in lesson.split.parts]
    view = [[lesson.view.rule.width, lesson.view.rule.height]] if lesson.view else []
    text = json.dumps([_WAY, decided, settings, photos, lesson.labels, parts, *view], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _hash_of(file: Path | None) -> str | None:
    """Of a file's bytes.

    Raises:
        ModelError: it cannot be read.
    """
    if file is None:
        return None
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            "{file} cannot be read: {why}. Check the path.", file=file, why=error.strerror or error
        ) from error
