"""A network made narrower step by step, learning after each; a stopped attempt goes on with the step it was at.

channels out -> a few epochs -> channels out -> the epochs that count
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from taxolens.core.progress import Progress
from taxolens.core.pruner import Pruner, PruneRequest
from taxolens.core.records import Part
from taxolens.core.texts import Say
from taxolens.core.trainer import AnyTrainer, TrainedNetwork
from taxolens.recipes.network import NetworkRecipe
from taxolens.recipes.train import TrainRecipe
from taxolens.storage.atomic import written_whole
from taxolens.workflows.network_lesson import NetworkLesson, fingerprint_of
from taxolens.workflows.network_training import request_of

_BETWEEN = 4
"""The last step's epochs over those of each step before it."""

_STEP, _PRUNED, _TAUGHT = "step", "pruned.safetensors", "taught.safetensors"
_MILLION = 1e6


@dataclass(frozen=True, slots=True)
class Means:
    """With what a network is made smaller.

    Attributes:
        trainer: teaches it.
        pruner: takes channels out.
        place: where steps that are done lie.
    """

    trainer: AnyTrainer
    pruner: Pruner
    place: Path
    progress: Progress
    say: Say


def shrunk_network(
    recipe: TrainRecipe, lesson: NetworkLesson, speedup: float, steps: int, means: Means
) -> TrainedNetwork:
    """The network of a recipe with `speedup` times fewer multiplications.

    Args:
        recipe: with the network, the file of its weights, and how it learns after the last step.

    Raises:
        UsageError: it cannot become so narrow.
        TrainingFailed: its loss is no number any more, or memory ran out.
    """
    settings = recipe.network
    before = means.pruner.multiplications(settings, lesson.labels)
    for number in range(1, steps):
        left = round(before / speedup ** (number / steps))
        short = replace(settings, epochs=-(-recipe.network.epochs // _BETWEEN))
        folder = _folder(recipe, short, lesson, left, means)
        narrow = replace(short, weights=_narrowed(short, lesson, left, folder, means))
        taught = folder / _TAUGHT
        if not taught.exists():
            _write(_train(recipe, narrow, lesson, folder, means).weights, taught)
        settings = replace(settings, weights=taught)
    left = round(before / speedup)
    folder = _folder(recipe, settings, lesson, left, means)
    narrow = replace(settings, weights=_narrowed(settings, lesson, left, folder, means))
    return _train(recipe, narrow, lesson, folder, means)


def _folder(
    recipe: TrainRecipe, settings: NetworkRecipe, lesson: NetworkLesson, left: int, means: Means
) -> Path:
    """Of one step, named by everything that decides what comes out of it."""
    decided = f"{fingerprint_of(recipe, settings, lesson)} {left}"
    return means.place / f"{_STEP}-{hashlib.sha256(decided.encode()).hexdigest()[:16]}"


def _narrowed(settings: NetworkRecipe, lesson: NetworkLesson, left: int, folder: Path, means: Means) -> Path:
    file = folder / _PRUNED
    if not file.exists():
        asked = PruneRequest(
            settings, lesson.labels, lesson.pixels, lesson.truth, lesson.rows(Part.TRAIN), left
        )
        pruned = means.pruner.prune(asked, progress=means.progress, say=means.say)
        told = means.say("{before:.1f} million multiplications for a photo became {after:.1f}.")
        means.progress.note(told.format(before=pruned.before / _MILLION, after=pruned.after / _MILLION))
        _write(pruned.weights, file)
    return file


def _train(
    recipe: TrainRecipe, settings: NetworkRecipe, lesson: NetworkLesson, folder: Path, means: Means
) -> TrainedNetwork:
    request = request_of(recipe, settings, lesson, folder)
    return means.trainer.train(request, progress=means.progress, say=means.say)


def _write(weights: bytes, file: Path) -> None:
    file.parent.mkdir(exist_ok=True)
    with written_whole(file) as opened:
        opened.write(weights)
