"""A foreign classifier or an own model gets a card: names, roles, how to read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import onnx

from taxolens.core.backbone import Triple
from taxolens.core.errors import UsageError
from taxolens.core.taxonomy import Taxon
from taxolens.formats.taxonomy_table import described, read_taxonomy
from taxolens.imaging.preprocess import Fit
from taxolens.modelfile.card import LARGEST_SIDE, LEAST_SIDE, CardClass
from taxolens.modelfile.read import ModelFile, model_from_bytes, read_bytes
from taxolens.modelfile.verify import card_of, verified_graph
from taxolens.modelfile.write import write_model
from taxolens.probe.adopt import Reading
from taxolens.probe.foreign import Activation, ForeignClassifier, describe_classifier


@dataclass(frozen=True, slots=True)
class Description:
    """What the user says of a model file; None: as the file says, else the usual.

    Attributes:
        out: model file to write.
        labels: text file with one label a line, in the network's order.
        taxonomy: table of names and roles; also gives the labels where no file does.
    """

    out: Path
    name: str | None = None
    labels: Path | None = None
    taxonomy: Path | None = None
    mean: Triple | None = None
    std: Triple | None = None
    size: int | None = None
    fit: Fit = Fit.SQUASH
    activation: Activation = Activation.AUTO
    licence: str | None = None


def describe(file: Path, said: Description) -> ModelFile:
    """Writes a model file whose card holds what was said.

    Raises:
        UsageError: labels are missing or do not fit the network.
        ModelError: the file is no classifier.
    """
    _check_size(said.size)
    taxonomy = read_taxonomy(said.taxonomy) if said.taxonomy else {}
    data = read_bytes(file)
    if card_of(verified_graph(data, file), file) is not None:
        return _renamed(model_from_bytes(data, file), said, taxonomy)
    labels = read_labels(said.labels) if said.labels else tuple(taxonomy)
    if not labels:
        raise UsageError(
            "The classes of {file} are not known. Give --labels with one label a line, or --taxonomy.",
            file=file,
        )
    known = ForeignClassifier(
        name=said.name or file.stem,
        taxa=described(labels, taxonomy),
        reading=Reading(said.mean, said.std, said.size, licence=said.licence),
        activation=said.activation,
        fit=said.fit,
    )
    graph, card = describe_classifier(data, file, known)
    return write_model(graph, card, said.out)


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
