"""What a newly trained model says of itself."""

from __future__ import annotations

from typing import Any

from taxolens.core.records import Part
from taxolens.core.taxonomy import Taxon
from taxolens.data.split import COMPLETED
from taxolens.evaluation.result import ClassificationResult
from taxolens.formats.taxonomy_table import described, read_taxonomy
from taxolens.imaging.region import CropRule
from taxolens.modelfile.card import (
    Card,
    CardBackbone,
    CardClass,
    CardCrop,
    CardInput,
    CardOutput,
    Conformal,
    Metric,
    SplitRule,
    Task,
    Thresholds,
)
from taxolens.modelfile.fingerprint import data_fingerprint
from taxolens.probe.backbone import Backbone
from taxolens.probe.graft import PROBABILITIES
from taxolens.recipes.parse import recipe_document
from taxolens.recipes.train import TrainRecipe, parts_unread_by
from taxolens.workflows.divided import Divided
from taxolens.workflows.lesson import Lesson
from taxolens.workflows.teaching import Taught

_HELD_BACK = "held-out part"
_HEAD = "head"


def class_taxa(recipe: TrainRecipe, labels: tuple[str, ...]) -> tuple[Taxon, ...]:
    """The classes with their names and roles, from the recipe's table where there is one."""
    return described(labels, read_taxonomy(recipe.taxonomy) if recipe.taxonomy else {})


def card_of_head(
    recipe: TrainRecipe,
    lesson: Lesson,
    backbone: Backbone,
    taught: Taught,
    result: ClassificationResult,
    taxa: tuple[Taxon, ...],
) -> Card:
    """The card of a head on a backbone."""
    return Card.made(
        name=recipe.name or recipe.source.data.resolve().stem or "model",
        task=Task.CLASSIFY,
        classes=tuple(CardClass.of(taxon) for taxon in taxa),
        input=_input(recipe, backbone),
        output=CardOutput(decoder="probabilities", tensor=PROBABILITIES, size=len(taxa)),
        thresholds=Thresholds(
            unsure=taught.unsure,
            precision=recipe.precision if len(lesson.rows(Part.VAL)) else None,
        ),
        temperature=taught.head.temperature,
        conformal=Conformal(coverage=recipe.coverage, quantile=taught.quantile),
        metrics=metrics_of(result),
        split=split_rule(recipe, lesson),
        recipe=portable(recipe),
        data_fingerprint=data_fingerprint((image.sha256 or "", image.label or "") for image in lesson.images),
        backbone=CardBackbone.made(name=backbone.name, sha256=backbone.sha256, licence=backbone.licence),
        licence=backbone.licence,
    )


def _input(recipe: TrainRecipe, backbone: Backbone) -> CardInput:
    """The backbone's, and what was cut out for each box where boxes were learnt from."""
    return backbone.card.input.changed(crop=CardCrop.of(CropRule()) if recipe.crops else None)


def split_rule(recipe: TrainRecipe, lesson: Divided) -> SplitRule:
    """How the photos were really divided: shares in percent of all that could be read.

    The seed is stated only where it decided anything: not where the source brought its own division.
    """
    parts = lesson.split.parts
    shares = {part: round(100 * parts.count(part) / len(parts), 1) for part in Part}
    brought = any(image.part is not None for image in lesson.images)
    completed = not set(COMPLETED.values()).isdisjoint(lesson.split.notes)
    return SplitRule(
        by=lesson.split.by.value,
        train=shares[Part.TRAIN],
        val=shares[Part.VAL],
        test=shares[Part.TEST],
        seed=None if brought and not completed else recipe.split.seed,
    )


def metrics_of(result: ClassificationResult, data: str = _HELD_BACK) -> tuple[Metric, ...]:
    """The figures that a card keeps."""
    if not result.n:
        return ()
    figures = (("accuracy", result.accuracy), ("macro_f1", result.macro_f1), ("top5", result.top5))
    kept = [
        Metric(
            name=name,
            value=figure.value,
            low=figure.low,
            high=figure.high,
            n=result.n,
            data=data,
            split="test",
        )
        for name, figure in figures
    ]
    kept.append(
        Metric(name="ece", value=result.calibration.ece, n=result.n, data=data, split=Part.TEST.value)
    )
    return tuple(kept)


def portable(recipe: TrainRecipe) -> dict[str, object]:
    """The recipe without places of this computer: a model is copied to people who should not see them."""
    document = recipe_document(recipe)
    for place in ("out", "taxonomy", "workers", "overwrite", "restart", "saliency", "track"):
        document.pop(place)
    document["source"]["data"] = recipe.source.data.name
    for unread in parts_unread_by(recipe.method):
        document.pop(unread)
    if recipe.method != _HEAD:
        _without_places(document.get("network") or document["detector"])
        return document
    document["backbone"]["name"] = recipe.backbone.name.replace("\\", "/").rsplit("/", 1)[-1]
    _without_places(document["backbone"])
    return document


def _without_places(document: dict[str, Any]) -> None:
    """Files keep their names and lose their folders."""
    for name in ("weights", "teacher", "photos"):
        if document.get(name):
            document[name] = document[name].replace("\\", "/").rsplit("/", 1)[-1]
    if document.get("distill"):
        _without_places(document["distill"])
