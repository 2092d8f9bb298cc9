"""A foreign classifier or detector, or an own model, gets a card: names, roles, how to read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import onnx

from taxolens.core.backbone import Triple
from taxolens.core.errors import ModelError, UsageError
from taxolens.core.taxonomy import Taxon
from taxolens.formats.coco_names import COCO_NAMES, COCO_TAXA
from taxolens.formats.taxonomy_table import described, read_taxonomy
from taxolens.imaging.preprocess import Colours, Fit
from taxolens.modelfile.card import LARGEST_SIDE, LEAST_SIDE, CardClass
from taxolens.modelfile.read import ModelFile, model_from_bytes, read_bytes
from taxolens.modelfile.verify import card_of, verified_graph
from taxolens.modelfile.write import write_model
from taxolens.probe.adopt import Reading
from taxolens.probe.exported import Exported, exported
from taxolens.probe.foreign import Activation, ForeignClassifier, describe_classifier
from taxolens.probe.foreign_detector import (
    ForeignDetector,
    answers_with_boxes,
    describe_detector,
    sight,
)

COCO = Path("coco")
"""Stands for the 80 classes of COCO where labels are asked for."""
_OTHER_TASKS = ("segment", "pose", "obb")


@dataclass(frozen=True, slots=True)
class Description:
    """What the user says of a model file; None: as the file says, else the usual.

    Attributes:
        out: model file to write.
        labels: text file with one label a line, in the network's order; "coco" for the 80 classes of COCO.
        taxonomy: table of names and roles; also gives the labels where no file does.
        decoder: how a detector's output is read.
        order: of the colours that a detector takes.
    """

    out: Path
    name: str | None = None
    labels: Path | None = None
    taxonomy: Path | None = None
    mean: Triple | None = None
    std: Triple | None = None
    size: int | None = None
    fit: Fit | None = None
    activation: Activation = Activation.AUTO
    licence: str | None = None
    decoder: str | None = None
    order: Colours | None = None


def describe(file: Path, said: Description) -> ModelFile:
    """Writes a model file whose card holds what was said.

    Raises:
        UsageError: labels are missing or do not fit the network.
        ModelError: the file is neither a classifier nor a detector.
    """
    _check_size(said.size)
    taxonomy = read_taxonomy(said.taxonomy) if said.taxonomy else {}
    data = read_bytes(file)
    graph = verified_graph(data, file)
    if card_of(graph, file) is not None:
        return _renamed(model_from_bytes(data, file), said, taxonomy)
    notes = exported(graph)
    if notes.task in _OTHER_TASKS:
        raise ModelError(
            'The network in {file} was exported for the task "{task}". Only classifiers and detectors can be '
            "described.",
            file=file,
            task=notes.task,
        )
    labels = _labels(said) or tuple(taxonomy) or notes.names
    if said.decoder is not None or notes.task == "detect" or answers_with_boxes(graph, file, size=said.size):
        return _detector(graph, file, said, labels, taxonomy)
    return _classifier(data, file, said, labels, taxonomy, notes)


def _labels(said: Description) -> tuple[str, ...]:
    if said.labels is None:
        return ()
    return COCO_NAMES if said.labels == COCO and not said.labels.exists() else read_labels(said.labels)


def _classifier(
    data: bytes,
    file: Path,
    said: Description,
    labels: tuple[str, ...],
    taxonomy: Mapping[str, Taxon],
    notes: Exported,
) -> ModelFile:
    if not labels:
        raise UsageError(
            "The classes of {file} are not known. Give --labels with one label a line, or --taxonomy.",
            file=file,
        )
    known = ForeignClassifier(
        name=said.name or file.stem,
        taxa=described(labels, taxonomy),
        reading=Reading(said.mean, said.std, said.size, licence=said.licence or notes.licence),
        activation=said.activation,
        fit=said.fit or Fit.SQUASH,
    )
    graph, card = describe_classifier(data, file, known)
    return write_model(graph, card, said.out)


def _detector(
    graph: onnx.ModelProto,
    file: Path,
    said: Description,
    labels: tuple[str, ...],
    taxonomy: Mapping[str, Taxon],
) -> ModelFile:
    seen = sight(graph, file, size=said.size, decoder=said.decoder, classes=len(labels) or None)
    if not labels:
        raise _unnamed(seen.family.classes, file)
    usual = COCO_TAXA if labels == COCO_NAMES else {}
    known = ForeignDetector(
        name=said.name or file.stem,
        taxa=described(labels, {**usual, **taxonomy}),
        reading=Reading(said.mean, said.std, said.size, licence=said.licence),
        fit=said.fit,
        order=said.order,
    )
    model, card = describe_detector(seen, file, known)
    return write_model(model, card, said.out)


def _unnamed(classes: int | None, file: Path) -> UsageError:
    """What is asked for where a detector does not say what it finds."""
    if classes == len(COCO_NAMES):
        return UsageError(
            "The detector in {file} tells {classes} classes apart and does not name them. Where they are those of "
            "COCO, add --labels coco; else --labels FILE with one label a line.",
            file=file,
            classes=classes,
        )
    if classes is not None:
        return UsageError(
            "The detector in {file} tells classes apart, {classes} of them, and does not name them. Add --labels FILE "
            "with one label a line.",
            file=file,
            classes=classes,
        )
    return UsageError(
        "The detector in {file} does not name its classes. Add --labels FILE with one label a line, or --labels coco.",
        file=file,
    )


def _check_size(size: int | None) -> None:
    if size is not None and not LEAST_SIDE <= size <= LARGEST_SIDE:
        raise UsageError(
            "An input of {size} pixels is not usable. Choose a side from {least} to {most}.",
            size=size,
            least=LEAST_SIDE,
            most=LARGEST_SIDE,
        )


def read_labels(file: Path) -> tuple[str, ...]:
    """One label a line; empty lines at the end do not count.

    Raises:
        UsageError: the file cannot be read, or names a class twice or not at all.
    """
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").rstrip().splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("The labels {file} cannot be read: {why}.", file=file, why=error) from error
    if not all(lines) or len(set(lines)) != len(lines):
        raise UsageError(
            "The labels {file} name a class twice or leave a line empty. Mend the file.", file=file
        )
    return tuple(lines)


def _renamed(model: ModelFile, said: Description, taxonomy: Mapping[str, Taxon]) -> ModelFile:
    """A model of ours keeps everything but its names."""
    labels = model.card.labels
    unknown = [label for label in taxonomy if label not in labels]
    if unknown:
        raise UsageError(
            "The taxonomy names {label}, which is no class of {file}. Its classes are: {known}.",
            label=unknown[0],
            file=model.path,
            known=", ".join(labels[:20]),
        )
    classes = [taxonomy.get(taxon.id, taxon) for taxon in model.card.taxa]
    card = model.card.changed(
        name=said.name or model.card.name,
        classes=tuple(CardClass.of(taxon) for taxon in classes),
        licence=said.licence or model.card.licence,
    )
    return write_model(onnx.load_from_string(model.graph), card, said.out)
