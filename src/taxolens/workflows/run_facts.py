"""Facts that every training tells of its photos and of what to do next."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import Any

from taxolens.core.records import Part
from taxolens.core.texts import Say
from taxolens.export.parity import Parity
from taxolens.recipes.train import TrainRecipe
from taxolens.workflows.divided import Divided
from taxolens.workflows.model_facts import AgreementFacts, ClassCounts, DuplicateFacts, NextStep, SplitFacts
from taxolens.workflows.run_folder import MODEL


def class_counts(divided: Divided) -> tuple[ClassCounts, ...]:
    """Photos by class and part."""
    pairs = zip(divided.images, divided.split.parts, strict=True)
    counted = Counter((image.label, part) for image, part in pairs)
    return tuple(
        ClassCounts(label, *(counted[label, part] for part in (Part.TRAIN, Part.VAL, Part.TEST)))
        for label in divided.labels
    )


def split_facts(divided: Divided, seed: int) -> SplitFacts:
    """What was really done, which is not what was asked where the data brought a split of their own."""
    split, n = divided.split, len(divided.images)
    units = len(set(split.groups.tolist()))
    found = Counter(split.parts)
    train, val, test = (round(100 * found[part] / n, 1) for part in (Part.TRAIN, Part.VAL, Part.TEST))
    return SplitFacts(split.by, train, val, test, seed, units)


def duplicate_facts(divided: Divided) -> DuplicateFacts:
    """Photos that are there more than once."""
    split, images = divided.split, divided.images
    contradictions = tuple(tuple(images[row].name for row in rows) for rows in split.contradictions)
    photos = sum(len(rows) for rows in split.duplicates)
    return DuplicateFacts(len(split.duplicates), photos, contradictions)


def next_steps(recipe: TrainRecipe, say: Say) -> tuple[NextStep, ...]:
    """Commands worth typing after a training."""
    model = shlex.quote(str(recipe.out / MODEL))
    data = shlex.quote(str(recipe.source.data))
    if recipe.crops:
        return _next_with_boxes(model, data, say)
    return (
        NextStep(say("Name new photos"), f"taxolens identify new-photos/ --model {model} --out results.csv"),
        NextStep(
            say("Judge the model on other labelled photos"),
            f"taxolens evaluate {model} other-photos/ --report page.html",
        ),
        NextStep(say("Try another backbone"), f"taxolens train {data} --backbone NAME --out another-run"),
    )


def _next_with_boxes(model: str, data: str, say: Say) -> tuple[NextStep, ...]:
    return (
        NextStep(
            say("Name what a detector finds in new photos"),
            f"taxolens identify new-photos/ --model {model} --detector DETECTOR --out results.csv",
        ),
        NextStep(
            say("Judge the model on other boxes"),
            f"taxolens evaluate {model} other-boxes/ --crops --report page.html",
        ),
        NextStep(
            say("Try another backbone"), f"taxolens train {data} --crops --backbone NAME --out another-run"
        ),
    )


def agreement_facts(parity: Parity) -> AgreementFacts:
    """For the page."""
    return AgreementFacts(parity.n, parity.agreement, parity.largest)


def agreement_document(parity: Parity) -> dict[str, Any]:
    """For `metrics.json`."""
    return {"n": parity.n, "agreement": parity.agreement, "largest_difference": parity.largest}
