"""A trained network to its run folder: model file, figures, tables and report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from taxolens.core.records import Part
from taxolens.core.texts import Say
from taxolens.data.split import write_split
from taxolens.evaluation.document import to_json
from taxolens.export.classifier import PROBABILITIES, as_classifier
from taxolens.export.parity import Parity, prove
from taxolens.formats.table import write_table
from taxolens.inference.predictor import Predictor
from taxolens.modelfile.card import Card, CardClass, CardInput, CardOutput, Conformal, Task, Thresholds
from taxolens.modelfile.fingerprint import data_fingerprint
from taxolens.modelfile.read import ModelFile
from taxolens.modelfile.write import write_model
from taxolens.recipes.parse import recipe_document
from taxolens.tracking.history import write_epochs
from taxolens.workflows.listener import Listener
from taxolens.workflows.model_card import class_taxa, metrics_of, portable, split_rule
from taxolens.workflows.model_facts import FileFacts, HeadFacts, LookFacts, ModelFacts, NetworkFacts
from taxolens.workflows.model_page import model_page
from taxolens.workflows.network_training import Schooled, softmax
from taxolens.workflows.run_facts import (
    agreement_document,
    agreement_facts,
    class_counts,
    duplicate_facts,
    next_steps,
    split_facts,
)
from taxolens.workflows.run_folder import (
    FURTHER,
    HISTORY,
    METRICS,
    MODEL,
    PREDICTIONS,
    RECIPE,
    REPORT,
    SPLIT,
    WEIGHTS,
    write_json,
)
from taxolens.workflows.run_tables import write_predictions
from taxolens.workflows.saliency import looks_of
from taxolens.workflows.shrink_facts import ShrinkFacts
from taxolens.workflows.teaching import decode_agreement
from taxolens.workflows.thumbnails import thumbnails_of


@dataclass(frozen=True, slots=True)
class _Proof:
    """The written file against the network, scaled against full decoding, and what answers hang on."""

    parity: Parity
    decoding: Parity
    looks: tuple[LookFacts, ...]


def write_network_run(
    schooled: Schooled,
    folder: Path,
    seconds: Mapping[str, float],
    listener: Listener,
    say: Say,
    *,
    card: Card | None = None,
    shrunk: ShrinkFacts | None = None,
) -> None:
    """Fills a run folder.

    Args:
        card: what the model says of itself; None: what its training knows.
        shrunk: what it gained and lost, if it was made smaller.

    Raises:
        ParityError: the written file answers otherwise than the trained network.
    """
    recipe, lesson = schooled.recipe, schooled.lesson
    model = write_model(
        as_classifier(schooled.network.onnx, schooled.temperature, len(lesson.labels)),
        card or card_of_network(schooled),
        folder / MODEL,
    )
    parity = _proven(schooled, model)
    decoding = decode_agreement(recipe, lesson, model)
    looks = looks_of(recipe, model, schooled.result, lesson.images, progress=listener, say=say)
    proof = _Proof(parity, decoding, looks)
    facts = replace(_facts(schooled, model, proof, tuple(listener.notes), seconds, say), shrunk=shrunk)
    pictures = thumbnails_of(lesson.images, recipe.source.max_megapixels)
    page = model_page(facts, schooled.result, pictures, say=say, language=recipe.language)
    (folder / REPORT).write_text(page, encoding="utf-8")
    figures = _figures(schooled, parity, decoding, seconds)
    write_json(folder / METRICS, figures | ({"shrunk": shrunk.document()} if shrunk else {}))
    write_json(folder / RECIPE, recipe_document(recipe))
    write_predictions(schooled.answers, folder / PREDICTIONS)
    write_epochs(schooled.network.epochs, folder / HISTORY)
    write_split(lesson.split, lesson.images, folder / SPLIT)
    if lesson.unnamed.images:
        write_table(lesson.unnamed.images, folder / FURTHER)
    (folder / WEIGHTS).write_bytes(schooled.network.weights)


def card_of_network(schooled: Schooled) -> Card:
    """What a network says of itself."""
    recipe, lesson, wanted = schooled.recipe, schooled.lesson, schooled.network.input
    taxa, rule = class_taxa(recipe, lesson.labels), lesson.rule
    val = len(lesson.rows(Part.VAL))
    return Card.made(
        name=recipe.name or recipe.source.data.resolve().stem or "model",
        task=Task.CLASSIFY,
        classes=tuple(CardClass.of(taxon) for taxon in taxa),
        input=CardInput.made(
            width=rule.width,
            height=rule.height,
            fit=rule.fit,
            filter=rule.filter,
            crop_fraction=rule.crop_fraction,
            scaled_decode=rule.scaled_decode,
            mean=wanted.mean,
            std=wanted.std,
        ),
        output=CardOutput(decoder="probabilities", tensor=PROBABILITIES, size=len(taxa)),
        thresholds=Thresholds(unsure=schooled.unsure, precision=recipe.precision if val else None),
        temperature=schooled.temperature,
        conformal=Conformal(coverage=recipe.coverage, quantile=schooled.quantile),
        metrics=metrics_of(schooled.result),
        split=split_rule(recipe, lesson),
        recipe=portable(recipe),
        data_fingerprint=data_fingerprint((image.sha256 or "", image.label or "") for image in lesson.images),
        licence=wanted.licence,
    )


def _proven(schooled: Schooled, model: ModelFile) -> Parity:
    """The file, on photos as they lie on the disk, against the library's own network on decoded ones."""
    recipe, lesson, network = schooled.recipe, schooled.lesson, schooled.network
    said = Predictor(model).probabilities(
        [lesson.images[row].path for row in network.told_rows],
        workers=recipe.workers,
        max_megapixels=recipe.source.max_megapixels,
    )
    return prove(softmax(network.told.astype(np.float64) / schooled.temperature), said)


def _figures(
    schooled: Schooled, parity: Parity, decoding: Parity, seconds: Mapping[str, float]
) -> dict[str, Any]:
    """`metrics.json`: the figures of an evaluation and how they came about."""
    recipe, lesson, network = schooled.recipe, schooled.lesson, schooled.network
    return {
        **to_json(schooled.result),
        "split": {
            "by": lesson.split.by.value,
            "seed": recipe.split.seed,
            **{part.value: len(lesson.rows(part)) for part in Part},
            "duplicate_groups": len(lesson.split.duplicates),
        },
        "further_photos": len(lesson.unnamed.images),
        "network": {
            "name": network.input.name,
            "parameters": network.parameters,
            "multiplications": network.multiplications,
            "epochs": len(network.epochs),
            "best_epoch": network.best,
        },
        "temperature": schooled.temperature,
        "unsure_below": schooled.unsure,
        "parity": agreement_document(parity),
        "full_decoding": agreement_document(decoding),
        "failures": [{"file": one.name, "code": one.code, "reason": one.reason} for one in lesson.failures],
        "seconds": {stage: round(spent, 3) for stage, spent in seconds.items()},
    }


def _facts(
    schooled: Schooled,
    model: ModelFile,
    proof: _Proof,
    notes: tuple[str, ...],
    seconds: Mapping[str, float],
    say: Say,
) -> ModelFacts:
    recipe, lesson, network, card = schooled.recipe, schooled.lesson, schooled.network, model.card
    return ModelFacts(
        name=card.name,
        created=card.created_at,
        data=recipe.source.data.name,
        photos=len(lesson.images) + len(lesson.failures),
        counts=class_counts(lesson),
        split=split_facts(lesson, recipe.split.seed),
        duplicates=duplicate_facts(lesson),
        failures=lesson.failures,
        notes=(*((recipe.remark,) if recipe.remark else ()), *notes),
        network=NetworkFacts(
            name=network.input.name,
            licence=network.input.licence,
            parameters=network.parameters,
            multiplications=network.multiplications,
            epochs=network.epochs,
            best=network.best,
            examples=network.examples,
        ),
        head=HeadFacts(temperature=schooled.temperature),
        precision=recipe.precision,
        unsure=schooled.unsure,
        conformal_quantile=schooled.quantile,
        parity=agreement_facts(proof.parity),
        decode=agreement_facts(proof.decoding) if proof.decoding.n else None,
        looks=proof.looks,
        seconds=seconds,
        file=FileFacts(MODEL, len(model.graph), model.sha256),
        next_steps=next_steps(recipe, say),
        names=MappingProxyType({taxon.id: taxon.name(recipe.language) for taxon in card.taxa}),
    )
