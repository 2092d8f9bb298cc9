"""Models on the same photos, whatever they answer with."""

from __future__ import annotations

from pathlib import Path

from taxolens.core.errors import UsageError
from taxolens.core.progress import Progress
from taxolens.core.texts import Say, plain
from taxolens.modelfile.card import Task
from taxolens.modelfile.read import read_model
from taxolens.recipes.compare import CompareRecipe
from taxolens.workflows.compare import CompareSummary, check_data, compare
from taxolens.workflows.compare_boxes import BoxCompareSummary, compare_detectors
from taxolens.workflows.compare_models import entrants


def compare_any(
    recipe: CompareRecipe, *, home: Path, progress: Progress | None = None, say: Say = plain
) -> CompareSummary | BoxCompareSummary:
    """Compares classifiers, or detectors.

    Raises:
        UsageError: models or data cannot be used, have nothing in common, or are of two kinds.
        OutputError: a file cannot be written.
    """
    check_data(recipe)
    tasks = {one.name: read_model(one.file).card.task for one in entrants(recipe.models)}
    finders = [name for name, task in tasks.items() if task is Task.DETECT]
    if not finders:
        return compare(recipe, home=home, progress=progress, say=say)
    others = [name for name in tasks if name not in finders]
    if others:
        raise UsageError(
            "{detector} finds boxes and {other} does not: they cannot be compared. Name models of one kind.",
            detector=finders[0],
            other=others[0],
        )
    return compare_detectors(recipe, home=home, progress=progress, say=say)
