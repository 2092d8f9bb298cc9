"""Graph and card to one file, all or nothing."""

from __future__ import annotations

from pathlib import Path

import onnx

from taxolens.core.version import VERSION
from taxolens.modelfile.card import CARD_KEY, Card
from taxolens.modelfile.read import ModelFile, model_from_bytes
from taxolens.storage.atomic import told_as_output, written_whole

PRODUCER = "taxolens"


def write_model(graph: onnx.ModelProto, card: Card, path: Path) -> ModelFile:
    """Writes a model file; what is written passes the same checks as what is read.

    Args:
        graph: network; not changed.
        card: put into the file in place of any that the graph carries.
        path: file to write; replaced at once or not at all.

    Raises:
        ModelError: the card does not fit the graph, or the graph would be refused.
        OutputError: the file cannot be written.
    """
    data = model_bytes(graph, card)
    model = model_from_bytes(data, path)
    place(data, path)
    return model


def model_bytes(graph: onnx.ModelProto, card: Card) -> bytes:
    """The file's bytes: the same graph and card always give the same ones."""
    model = onnx.ModelProto()
    model.CopyFrom(graph)
    model.producer_name, model.producer_version = PRODUCER, VERSION
    kept = [entry for entry in graph.metadata_props if entry.key != CARD_KEY]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    model.metadata_props.add(key=CARD_KEY, value=card.to_json())
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def place(data: bytes, path: Path) -> None:
    """Writes bytes to a place where others may be writing the same.

    Raises:
        OutputError: rights, a full disk, a folder in the way.
    """
    with told_as_output(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path, shared=True) as file:
        file.write(data)
