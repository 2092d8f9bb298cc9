"""The detector that is to become smaller: the run that it came from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from taxolens.core.errors import ModelError, UsageError
from taxolens.modelfile.card import Task
from taxolens.modelfile.peek import peek_card
from taxolens.modelfile.read import ModelFile, read_model
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.train import TrainRecipe
from taxolens.workflows.detector_training import weights_in
from taxolens.workflows.run_folder import MODEL, RECIPE, is_run

_SUFFIX = ".onnx"
_METHOD = "detect"


@dataclass(frozen=True, slots=True)
class DetectorOriginal:
    """A trained detector as its run left it.

    Attributes:
        folder: of the run.
        recipe: what its training was asked to do.
        weights: its tensors, as its library keeps them.
    """

    folder: Path
    model: ModelFile
    recipe: TrainRecipe
    weights: Path


def is_detector(place: Path) -> bool:
    """Whether a run folder, a file in one, or a model file is about a detector.

    Raises:
        ModelError: the model is damaged.
    """
    folder = place if place.is_dir() else place.parent
    file = place if place.suffix.lower() == _SUFFIX else folder / MODEL
    card = peek_card(file) if file.is_file() else None
    return card is not None and card.task is Task.DETECT


def read_detector_original(place: Path) -> DetectorOriginal:
    """The detector at a place: a run folder, or a file in one.

    Raises:
        UsageError: it is no run of ours that could go on.
        ModelError: a model without weights, which cannot be pruned.
    """
    folder = place if place.is_dir() else place.parent
    recipe = parse_recipe(TrainRecipe, {}, folder / RECIPE) if is_run(folder) else None
    if (
        recipe is None
        or recipe.method != _METHOD
        or (place.suffix.lower() == _SUFFIX and place.name != MODEL)
    ):
        raise ModelError(
            "{model} has no weights of a network beside it that could be pruned. Name the run folder that taxolens "
            "train --method detect left, or make a smaller file: --out FILE.onnx",
            model=place,
        )
    try:
        weights = weights_in(folder)
    except UsageError as error:
        raise ModelError(error.template, **error.fields) from error
    return DetectorOriginal(folder, read_model(folder / MODEL, task=Task.DETECT), recipe, weights)
