"""The report and the figures of a training."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from taxolens.core.records import Part
from taxolens.core.texts import Say
from taxolens.evaluation.document import to_json
from taxolens.modelfile.read import ModelFile
from taxolens.workflows.crops import boxes_among, photos_among
from taxolens.workflows.model_facts import (
    BackboneFacts,
    FileFacts,
    HeadFacts,
    LookFacts,
    ModelFacts,
)
from taxolens.workflows.model_page import model_page
from taxolens.workflows.run_facts import (
    agreement_document,
    agreement_facts,
    class_counts,
    duplicate_facts,
    next_steps,
    split_facts,
)
from taxolens.workflows.run_folder import MODEL
from taxolens.workflows.thumbnails import thumbnails_of
from taxolens.workflows.trained import Proof, Trained


def figures_of(trained: Trained, proof: Proof, seconds: Mapping[str, float]) -> dict[str, Any]:
    """`metrics.json`: the figures of an evaluation and how they came about."""
    lesson, split = trained.lesson, trained.lesson.split
    return {
        **to_json(trained.result),
        "split": {
            "by": split.by.value,
            "seed": trained.recipe.split.seed,
            **{part.value: len(lesson.rows(part)) for part in Part},
            "duplicate_groups": len(split.duplicates),
        },
        "backbone": {"name": trained.backbone.name, "sha256": trained.backbone.sha256},
        "regularisation": trained.taught.head.regularisation,
        "temperature": trained.taught.head.temperature,
        "unsure_below": trained.taught.unsure,
        "parity": {**agreement_document(proof.parity), "from_photos": proof.from_photos},
        "full_decoding": agreement_document(proof.decoding),
        "failures": [{"file": one.name, "code": one.code, "reason": one.reason} for one in lesson.failures],
        "seconds": {stage: round(spent, 3) for stage, spent in seconds.items()},
    }


def page_of(
    trained: Trained,
    model: ModelFile,
    proof: Proof,
    looks: tuple[LookFacts, ...],
    notes: tuple[str, ...],
    seconds: Mapping[str, float],
    say: Say,
) -> str:
    """`report.html`."""
    language = trained.recipe.language
    facts = _facts(trained, model, proof, looks, notes, seconds, say)
    pictures = thumbnails_of(trained.lesson.images, trained.recipe.source.max_megapixels)
    return model_page(facts, trained.result, pictures, say=say, language=language)


def _facts(
    trained: Trained,
    model: ModelFile,
    proof: Proof,
    looks: tuple[LookFacts, ...],
    notes: tuple[str, ...],
    seconds: Mapping[str, float],
    say: Say,
) -> ModelFacts:
    recipe, lesson, taught, card = trained.recipe, trained.lesson, trained.taught, model.card
    return ModelFacts(
        name=card.name,
        created=card.created_at,
        data=recipe.source.data.name,
        photos=photos_among(lesson.images) + len(lesson.failures),
        boxes=boxes_among(lesson.images),
        counts=class_counts(lesson),
        split=split_facts(lesson, recipe.split.seed),
        duplicates=duplicate_facts(lesson),
        failures=lesson.failures,
        notes=(*((trained.recipe.remark,) if trained.recipe.remark else ()), *notes),
        backbone=_backbone(trained),
        head=HeadFacts(taught.head.regularisation, taught.head.temperature, recipe.class_weight.value),
        precision=recipe.precision,
        unsure=taught.unsure,
        conformal_quantile=taught.quantile,
        parity=agreement_facts(proof.parity),
        decode=agreement_facts(proof.decoding) if proof.decoding.n else None,
        looks=looks,
        seconds=seconds,
        file=FileFacts(MODEL, len(model.graph), model.sha256),
        next_steps=next_steps(recipe, say),
        names=MappingProxyType({taxon.id: taxon.name(recipe.language) for taxon in card.taxa}),
    )


def _backbone(trained: Trained) -> BackboneFacts:
    found = trained.backbone
    return BackboneFacts(found.name, found.dimension, found.licence, " ".join(trained.hints) or None)
