"""A classifier that somebody else exported, made a model of ours: pixels in, probabilities out, with a card."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from taxolens.core.errors import ModelError
from taxolens.core.taxonomy import Taxon
from taxolens.imaging.preprocess import Fit
from taxolens.inference.tensor import check_probabilities
from taxolens.modelfile.card import Card, CardClass, CardInput, CardOutput, Task
from taxolens.modelfile.verify import verified_graph
from taxolens.probe.adopt import IMAGENET_MEAN, IMAGENET_STD, Reading
from taxolens.probe.cut import cut
from taxolens.probe.entrance import BATCH, Entrance, as_taken, entrance, noise, open_batch, usable_opset
from taxolens.probe.graft import PROBABILITIES
from taxolens.probe.tensors import free_name, names_in, rename
from taxolens.probe.trial import run_once
from taxolens.probe.wrap import IMAGE, check_parity, put_before, settle_batch

_SUM_TOLERANCE = 1e-3


class Activation(StrEnum):
    """What still turns the network's numbers into probabilities."""

    AUTO = "auto"
    NONE = "none"
    SOFTMAX = "softmax"


@dataclass(frozen=True, slots=True)
class ForeignClassifier:
    """What the file itself does not say.

    Attributes:
        name: for the card.
        taxa: the classes in the order of its output.
        fit: how photos fill its input.
    """

    name: str
    taxa: tuple[Taxon, ...]
    reading: Reading = field(default_factory=Reading)
    activation: Activation = Activation.AUTO
    fit: Fit = Fit.SQUASH


def describe_classifier(data: bytes, file: Path, known: ForeignClassifier) -> tuple[onnx.ModelProto, Card]:
    """Wraps an exported classifier and writes its card.

    Args:
        data: the ONNX file's bytes.
        file: where it came from, for errors.

    Returns:
        A network uint8 [N, height, width, 3] to float32 [N, C] `probabilities`, and its card.

    Raises:
        ModelError: it is no classifier, or has another number of classes.
        ParityError: wrapped and original network differ.
    """
    verified_graph(data, file)
    model = usable_opset(onnx.load_from_string(data), file)
    door = entrance(model, file, size=known.reading.size)
    part = cut(model, model.graph.output[0].name, file)
    open_batch(part, door)
    rule = _input(door, known)
    values = _answers(part, door, rule, file)
    _check_classes(values, len(known.taxa), file)
    if known.activation is Activation.NONE:
        check_probabilities(values)
    _put_probabilities(part, _needs_softmax(values, known.activation), values.shape)
    plain = onnx.ModelProto()
    plain.CopyFrom(part)
    put_before(part, door, rule.mean, rule.std)
    check_parity(plain, part, door, rule.mean, rule.std, file)
    settle_batch(part, door, file)
    return part, _card(known, rule)


def _input(door: Entrance, known: ForeignClassifier) -> CardInput:
    uint8 = door.element == TensorProto.UINT8
    return CardInput.made(
        tensor=IMAGE,
        width=door.width,
        height=door.height,
        fit=known.fit,
        mean=(0.0, 0.0, 0.0) if uint8 else known.reading.mean or IMAGENET_MEAN,
        std=(1.0, 1.0, 1.0) if uint8 else known.reading.std or IMAGENET_STD,
    )


def _answers(part: onnx.ModelProto, door: Entrance, rule: CardInput, file: Path) -> NDArray[np.generic]:
    return run_once(part, as_taken(noise(door, 1), door, rule.mean, rule.std), file)


def _check_classes(values: NDArray[np.generic], classes: int, file: Path) -> None:
    found = int(np.prod(values.shape[1:]))
    if values.shape[:1] != (1,) or found != max(values.shape):
        raise ModelError(
            "The network in {file} answers with a tensor {shape}, which is neither a score per class nor boxes in a "
            "form that is known. Export it anew, for one photo at a time.",
            file=file,
            shape=list(values.shape),
        )
    if found != classes:
        raise ModelError(
            "The network in {file} has {found} classes, but {classes} are named. "
            "Give one label for each, in the network's order.",
            file=file,
            found=found,
            classes=classes,
        )


def _needs_softmax(values: NDArray[np.generic], activation: Activation) -> bool:
    if activation is not Activation.AUTO:
        return activation is Activation.SOFTMAX
    scores = np.asarray(values, dtype=np.float64)
    return not (scores.min() >= 0 and abs(scores.sum() - 1) < _SUM_TOLERANCE)


def _put_probabilities(model: onnx.ModelProto, softmax: bool, shape: tuple[int, ...]) -> None:
    """Makes the output float32 [N, C] `probabilities`."""
    graph = model.graph
    taken = names_in(graph)
    if PROBABILITIES in taken:
        rename(graph, PROBABILITIES, free_name(PROBABILITIES, taken))
    current = graph.output[0].name
    steps: list[tuple[str, dict[str, Any]]] = [("Flatten", {"axis": 1}), ("Cast", {"to": TensorProto.FLOAT})]
    steps += [("Softmax", {"axis": 1})] if softmax else []
    for position, (operator, attributes) in enumerate(steps):
        following = PROBABILITIES if position == len(steps) - 1 else free_name(operator.lower(), taken)
        graph.node.append(helper.make_node(operator, [current], [following], **attributes))
        current = following
    classes = int(np.prod(shape[1:]))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(PROBABILITIES, TensorProto.FLOAT, (BATCH, classes)))


def _card(known: ForeignClassifier, rule: CardInput) -> Card:
    return Card.made(
        name=known.name,
        task=Task.CLASSIFY,
        classes=tuple(CardClass.of(taxon) for taxon in known.taxa),
        input=rule,
        output=CardOutput.made(decoder=PROBABILITIES, tensor=PROBABILITIES, size=len(known.taxa)),
        licence=known.reading.licence,
    )
