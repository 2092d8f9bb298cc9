"""Labelled photos made ready for a network: read, decoded once, divided."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

from taxolens.core.errors import DataError, ModelError
from taxolens.core.progress import Progress
from taxolens.core.records import Part
from taxolens.core.texts import Say
from taxolens.core.trainer import NetworkInput, Pixels
from taxolens.data.dataset import Dataset, check_trainable
from taxolens.data.pixels import decode_all
from taxolens.data.split import split_images
from taxolens.imaging.preprocess import Fit, Preprocess
from taxolens.modelfile.fingerprint import data_fingerprint
from taxolens.recipes.network import DistillRecipe, NetworkRecipe
from taxolens.recipes.parse import recipe_document
from taxolens.recipes.train import TrainRecipe
from taxolens.workflows.divided import Divided, classes_of
from taxolens.workflows.teacher_view import TeacherView, rule_of_view, teacher_view

PIXELS = "pixels.raw"
_DECIDES = ("method", "split", "fit")
_WAY = 1
"""To be raised when a checkpoint of before could not be gone on with."""


@dataclass(frozen=True, slots=True)
class NetworkLesson(Divided):
    """What a network learns from and is judged on.

    Attributes:
        rule: how photos become the network's input.
        pixels: all n images by this rule.
        view: the training photos as a teacher of a larger size sees them; None: there is none.
    """

    rule: Preprocess
    pixels: Pixels
    view: TeacherView | None = None


def prepare_network_lesson(
    recipe: TrainRecipe,
    dataset: Dataset,
    wanted: NetworkInput,
    folder: Path,
    *,
    distill: DistillRecipe | None,
    progress: Progress,
    say: Say,
) -> NetworkLesson:
    """Decodes first and divides what could be read, so that broken files do not distort the shares.

    Args:
        wanted: what the network wants to see.
        folder: where decoded photos lie while they are learnt from.
        distill: a teacher, by its file.
    """
    rule = Preprocess(wanted.width, wanted.height, fit=Fit(recipe.fit) if recipe.fit else Fit.SQUASH)
    decoded = decode_all(
        dataset.images,
        rule,
        folder / PIXELS,
        workers=recipe.workers,
        max_megapixels=recipe.source.max_megapixels,
        progress=progress,
        say=say,
    )
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
    lesson = NetworkLesson(
        images=images,
        labels=labels,
        truth=truth,
        split=split_images(images, recipe.split),
        dataset=dataset,
        failures=dataset.failures + decoded.failures,
        rule=rule,
        pixels=decoded.pixels,
    )
    wide = rule_of_view(distill, rule)
    if wide is None:
        return lesson
    rows = lesson.rows(Part.TRAIN)
    view = teacher_view(recipe, wide, images, rows, folder, progress=progress, say=say)
    return replace(lesson, view=view)


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
