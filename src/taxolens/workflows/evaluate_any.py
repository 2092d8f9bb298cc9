"""Whatever answers photos, judged: a classifier, a detector, both together, or the boxes of another program."""

from __future__ import annotations

from pathlib import Path

from taxolens.core.progress import Progress
from taxolens.core.texts import Say, plain
from taxolens.inference.detector import DetectorPredictor
from taxolens.inference.opened import open_model
from taxolens.recipes.evaluate import EvaluateRecipe
from taxolens.workflows.detection_evaluate import DetectionSummary, evaluate_found
from taxolens.workflows.detection_model import evaluate_detector
from taxolens.workflows.detection_results import is_found_file
from taxolens.workflows.evaluate import EvaluateSummary, evaluate


def evaluate_any(
    recipe: EvaluateRecipe, *, home: Path, progress: Progress | None = None, say: Say = plain
) -> EvaluateSummary | DetectionSummary:
    """Judges what `recipe.model` is.

    Raises:
        UsageError: model or data cannot be used.
        OutputError: a file cannot be written.
    """
    if is_found_file(recipe.model):
        return evaluate_found(recipe, home=home, progress=progress, say=say)
    opened = open_model(recipe.model, detector=recipe.detector, tile=recipe.tile)
    if isinstance(opened, DetectorPredictor):
        return evaluate_detector(recipe, opened, home=home, progress=progress, say=say)
    return evaluate(recipe, opened, home=home, progress=progress, say=say)
