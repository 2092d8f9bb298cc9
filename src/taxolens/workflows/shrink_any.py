"""A trained network to a smaller and faster one: what the run is about decides how."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from taxolens.core.detection_trainer import AnyDetectionTrainer
from taxolens.core.progress import Progress
from taxolens.core.pruner import Pruner
from taxolens.core.texts import Say, plain
from taxolens.core.trainer import AnyTrainer
from taxolens.recipes.shrink import ShrinkRecipe
from taxolens.workflows.detector_original import is_detector
from taxolens.workflows.detector_shrink import shrink_detector
from taxolens.workflows.shrink import ShrinkSummary, shrink


def shrink_any(
    recipe: ShrinkRecipe,
    *,
    home: Path,
    trainer: Callable[[str], AnyTrainer],
    detector: Callable[[str], AnyDetectionTrainer],
    pruner: Callable[[], Pruner],
    progress: Progress | None = None,
    say: Say = plain,
) -> ShrinkSummary:
    """Shrinks a classifier or a detector; see `shrink` and `shrink_detector`."""
    if is_detector(recipe.model):
        return shrink_detector(recipe, home=home, trainer=detector, progress=progress, say=say)
    return shrink(recipe, home=home, trainer=trainer, pruner=pruner, progress=progress, say=say)
