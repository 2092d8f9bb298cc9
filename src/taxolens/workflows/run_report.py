"""The report and the figures of a training."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from taxolens.core.records import Part
from taxolens.core.texts import Say
from taxolens.evaluation.document import to_json
from taxolens.export.parity import Parity
from taxolens.modelfile.read import ModelFile
from taxolens.workflows.model_facts import (
    AgreementFacts,
    BackboneFacts,
    ClassCounts,
    DuplicateFacts,
    FileFacts,
    HeadFacts,
    ModelFacts,
    NextStep,
    SplitFacts,
)
from taxolens.workflows.model_page import model_page
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
        "parity": {**_agreement_document(proof.parity), "from_photos": proof.from_photos},
        "full_decoding": _agreement_document(proof.decoding),
        "failures": [{"file": one.name, "code": one.code, "reason": one.reason} for one in lesson.failures],
        "seconds": {stage: round(spent, 3) for stage, spent in seconds.items()},
    }


def page_of(
    trained: Trained,
    model: ModelFile,
    proof: Proof,
    notes: tuple[str, ...],
    seconds: Mapping[str, float],
    say: Say,
) -> str:
    """`report.html`."""
    language = trained.recipe.language
    facts = _facts(trained, model, proof, notes, seconds, say)
    pictures = thumbnails_of(trained.lesson.images, trained.recipe.source.max_megapixels)
    return model_page(facts, trained.result, pictures, say=say, language=language)


def _facts(
    trained: Trained,
    model: ModelFile,
    proof: Proof,
    notes: tuple[str, ...],
    seconds: Mapping[str, float],
    say: Say,
) -> ModelFacts:
    recipe, lesson, taught, card = trained.recipe, trained.lesson, trained.taught, model.card
    return ModelFacts(
        name=card.name,
        created=card.created_at,
        data=recipe.source.data.name,
        photos=len(lesson.images) + len(lesson.failures),
        counts=_counts(trained),
        split=_split(trained),
        duplicates=_duplicates(trained),
        failures=lesson.failures,
        notes=(*((trained.recipe.remark,) if trained.recipe.remark else ()), *notes),
        backbone=_backbone(trained),
        head=HeadFacts(taught.head.regularisation, taught.head.temperature, recipe.class_weight.value),
        precision=recipe.precision,
        unsure=taught.unsure,
        conformal_quantile=taught.quantile,
        parity=_agreement(proof.parity),
        decode=_agreement(proof.decoding) if proof.decoding.n else None,
        seconds=seconds,
        file=FileFacts(MODEL, len(model.graph), model.sha256),
        next_steps=_next_steps(trained, say),
        names=MappingProxyType({taxon.id: taxon.name(recipe.language) for taxon in card.taxa}),
    )


def _counts(trained: Trained) -> tuple[ClassCounts, ...]:
    lesson = trained.lesson
    pairs = zip(lesson.images, lesson.split.parts, strict=True)
    counted = Counter((image.label, part) for image, part in pairs)
    return tuple(
        ClassCounts(label, *(counted[label, part] for part in (Part.TRAIN, Part.VAL, Part.TEST)))
        for label in lesson.labels
    )


def _split(trained: Trained) -> SplitFacts:
    """What was really done, which is not what was asked where the data brought a split of their own."""
    split, n = trained.lesson.split, len(trained.lesson.images)
    units = len(set(split.groups.tolist()))
    found = Counter(split.parts)
    train, val, test = (round(100 * found[part] / n, 1) for part in (Part.TRAIN, Part.VAL, Part.TEST))
    return SplitFacts(split.by, train, val, test, trained.recipe.split.seed, units)


def _duplicates(trained: Trained) -> DuplicateFacts:
    split, images = trained.lesson.split, trained.lesson.images
    contradictions = tuple(tuple(images[row].name for row in rows) for rows in split.contradictions)
    photos = sum(len(rows) for rows in split.duplicates)
    return DuplicateFacts(len(split.duplicates), photos, contradictions)


def _backbone(trained: Trained) -> BackboneFacts:
    found = trained.backbone
    return BackboneFacts(found.name, found.dimension, found.licence, " ".join(trained.hints) or None)


def _agreement(parity: Parity) -> AgreementFacts:
    return AgreementFacts(parity.n, parity.agreement, parity.largest)


def _agreement_document(parity: Parity) -> dict[str, Any]:
    return {"n": parity.n, "agreement": parity.agreement, "largest_difference": parity.largest}


def _next_steps(trained: Trained, say: Say) -> tuple[NextStep, ...]:
    model = shlex.quote(str(trained.recipe.out / MODEL))
    data = shlex.quote(str(trained.recipe.source.data))
    steps = [
        NextStep(say("Name new photos"), f"taxolens identify new-photos/ --model {model} --out results.csv"),
        NextStep(
            say("Judge the model on other labelled photos"),
            f"taxolens evaluate {model} other-photos/ --report page.html",
        ),
        NextStep(say("Try another backbone"), f"taxolens train {data} --backbone NAME --out another-run"),
    ]
    return tuple(steps)
