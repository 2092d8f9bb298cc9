"""Whatever answers photos, judged: a classifier, a detector, both together, or the boxes of another program."""

from __future__ import annotations

from pathlib import Path

from taxolens.core.errors import UsageError
from taxolens.core.progress import Progress
from taxolens.core.texts import Say, noted, plain
from taxolens.inference.detector import DetectorPredictor
from taxolens.inference.opened import open_model
from taxolens.inference.predictor import Predictor
from taxolens.recipes.evaluate import EvaluateRecipe
from taxolens.workflows.detection_evaluate import DetectionSummary, evaluate_found
from taxolens.workflows.detection_model import evaluate_detector
from taxolens.workflows.detection_results import is_found_file
from taxolens.workflows.evaluate import EvaluateSummary, evaluate

_NO_CLASSIFIER = noted(
    "--crops asks a classifier for the names of true boxes, and {model} finds boxes itself. Leave out --crops, or name "
    "the classifier."
)


def evaluate_any(
    recipe: EvaluateRecipe, *, home: Path, progress: Progress | None = None, say: Say = plain
) -> EvaluateSummary | DetectionSummary:
    """Judges what `recipe.model` is.

    Raises:
        UsageError: model or data cannot be used.
        OutputError: a file cannot be written.
    """
    _check_crops(recipe)
    if is_found_file(recipe.model):
        return evaluate_found(recipe, home=home, progress=progress, say=say)
    opened = open_model(recipe.model, detector=recipe.detector, tile=recipe.tile)
    if recipe.crops and not isinstance(opened, Predictor):
        raise UsageError(_NO_CLASSIFIER, model=recipe.model)
    if isinstance(opened, DetectorPredictor):
        return evaluate_detector(recipe, opened, home=home, progress=progress, say=say)
    return evaluate(recipe, opened, home=home, progress=progress, say=say)


def _check_crops(recipe: EvaluateRecipe) -> None:
    if recipe.crops and recipe.detector is not None:
        raise UsageError("--crops judges the names of true boxes, without a detector. Leave out --detector.")
    if recipe.crops and is_found_file(recipe.model):
        raise UsageError(_NO_CLASSIFIER, model=recipe.model)
