"""A detector made narrower step by step, learning after each; a stopped attempt goes on with the step it was at."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from taxolens.core.detection_trainer import AnyDetectionTrainer, DetectionRequest, TrainedDetector
from taxolens.core.progress import Progress
from taxolens.core.texts import Say
from taxolens.recipes.detector import DetectorRecipe
from taxolens.recipes.shrink import ShrinkRecipe
from taxolens.recipes.train import TrainRecipe
from taxolens.storage.atomic import written_whole
from taxolens.workflows.detector_lesson import DetectorLesson
from taxolens.workflows.detector_training import request_of

_BETWEEN = 4
"""The last step's epochs over those of each step before it."""
_STEP, _TAUGHT, _BEFORE = "step", "taught", "before"


@dataclass(frozen=True, slots=True)
class Shrunk:
    """A narrower detector that has learnt.

    Attributes:
        before: multiplications of the original for one photo.
    """

    trained: TrainedDetector
    before: int


def shrunk_detector(
    goal: TrainRecipe,
    lesson: DetectorLesson,
    recipe: ShrinkRecipe,
    trainer: AnyDetectionTrainer,
    place: Path,
    *,
    progress: Progress,
    say: Say,
) -> Shrunk:
    """The network of a recipe with `recipe.speedup` times fewer multiplications.

    Args:
        goal: with the network, the file of its weights, and how it learns after the last step.
        place: where steps that are done lie.

    Raises:
        UsageError: it cannot become so narrow.
        TrainingFailed: its loss is no number any more, memory ran out, or the library gave up.
    """
    settings, before = goal.detector, 0
    for _ in range(recipe.steps - 1):
        short = replace(settings, epochs=-(-settings.epochs // _BETWEEN))
        request = _request(goal, short, lesson, recipe, place)
        taught = _taught_in(request.folder) or _keep(_train(trainer, request, progress, say), request.folder)
        before = before or int((request.folder / _BEFORE).read_text(encoding="utf-8"))
        settings = replace(settings, weights=taught)
    trained = _train(trainer, _request(goal, settings, lesson, recipe, place), progress, say)
    return Shrunk(trained, before or trained.before or 0)


def _request(
    goal: TrainRecipe, settings: DetectorRecipe, lesson: DetectorLesson, recipe: ShrinkRecipe, place: Path
) -> DetectionRequest[DetectorRecipe]:
    """One step, in a folder named by everything that decides what comes out of it."""
    request = request_of(goal, settings, lesson, place, keep=recipe.speedup ** (-1 / recipe.steps))
    name = hashlib.sha256(request.fingerprint.encode()).hexdigest()[:16]
    return replace(request, folder=place / f"{_STEP}-{name}")


def _train(
    trainer: AnyDetectionTrainer, request: DetectionRequest[DetectorRecipe], progress: Progress, say: Say
) -> TrainedDetector:
    request.folder.mkdir(exist_ok=True)
    return trainer.train(request, progress=progress, say=say)


def _taught_in(folder: Path) -> Path | None:
    return next(iter(sorted(folder.glob(f"{_TAUGHT}.*"))), None)


def _keep(trained: TrainedDetector, folder: Path) -> Path:
    """The weights of a step that is done; they last, for they decide what the next step is."""
    (folder / _BEFORE).write_text(str(trained.before or 0), encoding="utf-8")
    file = folder / f"{_TAUGHT}{trained.suffix}"
    with written_whole(file) as opened:
        opened.write(trained.weights)
    return file
