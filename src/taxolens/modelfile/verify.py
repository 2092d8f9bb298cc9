"""A model file is untrusted input: what is checked before anything runs it.

onnxruntime follows references to other files, so a graph that holds any is refused, wherever in the
message they stand; so are operators that are not ONNX's own, and those that repeat a graph as often as
a number in the file says: a small file could keep a processor busy for ever. How much memory a graph asks
for is not foreseen here: shapes of inner tensors are known only once it runs. A model from a stranger can
therefore still end a run for want of memory; it cannot read or write files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError, Message

from taxolens.core.errors import ModelError
from taxolens.core.printable import printable
from taxolens.modelfile.card import CARD_KEY, MOST_CARD_BYTES, Card, Task
from taxolens.modelfile.protobuf import parse_model

ONNX_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml"})
QUANTISED_OPERATORS = frozenset(
    {
        "DynamicQuantizeMatMul",
        "MatMulIntegerToFloat",
        "QGemm",
        "QLinearAdd",
        "QLinearAveragePool",
        "QLinearConcat",
        "QLinearGlobalAveragePool",
        "QLinearLeakyRelu",
        "QLinearMul",
        "QLinearReduceMean",
        "QLinearSigmoid",
        "QLinearSoftmax",
    }
)
"""Operators of onnxruntime itself (domain com.microsoft) that its quantiser writes."""

REPEATING_OPERATORS = frozenset({"Loop", "Scan", "SequenceMap"})
"""Operators of ONNX that run an inner graph any number of times; no exporter writes them for a classifier."""

_FIRST_BYTE = b"\x08"  # ir_version is the first field of every ONNX file in practice
_EXTERNAL = 1
_ELEMENT_UINT8 = 2


def verified_graph(data: bytes, file: object) -> Any:
    """Parses a graph and checks that it holds all it needs and only known operators.

    Args:
        data: the whole file.
        file: what to call it in an error.

    Returns:
        onnx.ModelProto.

    Raises:
        ModelError: not ONNX, cut short, or something in it is refused.
    """
    model = _parsed(data, file)
    for message in _messages_in(model):
        kind = message.DESCRIPTOR.name
        if kind == "TensorProto" and (message.external_data or message.data_location == _EXTERNAL):
            raise ModelError(
                "The model {file} keeps weights in other files, which is refused. Save it as one file.",
                file=file,
            )
        if kind == "NodeProto":
            _check_operator(message, file)
    return model


def _check_operator(node: Any, file: object) -> None:
    if not _known_operator(node):
        raise ModelError(
            "The model {file} uses the operator {operator}, which is not part of ONNX. "
            "Export it with standard operators only.",
            file=file,
            operator=printable(f"{node.domain}.{node.op_type}"),
        )
    if node.op_type in REPEATING_OPERATORS:
        raise ModelError(
            "The model {file} uses the operator {operator}, which can run without end. Export it without loops.",
            file=file,
            operator=node.op_type,
        )


def _parsed(data: bytes, file: object) -> Any:
    try:
        model = parse_model(data)
    except DecodeError as error:
        if data.startswith(_FIRST_BYTE):
            raise ModelError(
                "The model {file} is damaged or cut short. Copy or download it again.", file=file
            ) from error
        raise ModelError("{file} is not an ONNX file. Name a model file (.onnx).", file=file) from error
    if not model.ir_version or not model.graph.node or not model.graph.output or not model.opset_import:
        if data.startswith(_FIRST_BYTE):
            raise ModelError(
                "The model {file} is damaged or cut short. Copy or download it again.", file=file
            )
        raise ModelError("{file} is not an ONNX file. Name a model file (.onnx).", file=file)
    return model


def _messages_in(message: Message) -> Iterator[Any]:
    """The message and every message inside it, at any depth, whatever field holds it."""
    waiting = [message]
    while waiting:
        current = waiting.pop()
        yield current
        for field, value in current.ListFields():
            if field.message_type is not None:
                waiting.extend([value] if isinstance(value, Message) else value)


def _known_operator(node: Any) -> bool:
    if node.domain in ONNX_DOMAINS:
        return True
    return node.domain == "com.microsoft" and node.op_type in QUANTISED_OPERATORS


def card_of(model: Any, file: object) -> Card | None:
    """The card that a verified graph carries, if any.

    Raises:
        ModelError: there is one, but it cannot be read.
    """
    texts = [entry.value for entry in model.metadata_props if entry.key == CARD_KEY]
    if not texts:
        return None
    if len(texts) > 1 or len(texts[0]) > MOST_CARD_BYTES:
        raise ModelError(
            "The card of the model {file} is not usable. Get the model again from its maker.", file=file
        )
    return Card.from_json(texts[0])


def check_agreement(model: Any, card: Card, file: Path) -> None:
    """Checks that the graph is the one that the card speaks of, as far as shapes are fixed.

    Raises:
        ModelError: they contradict each other.
    """
    inputs = {value.name: value for value in model.graph.input}
    outputs = {value.name: value for value in model.graph.output}
    given, answered = inputs.get(card.input.tensor), outputs.get(card.output.tensor)
    agrees = given is not None and answered is not None and _takes_what_card_says(given, card)
    if agrees and card.task is Task.CLASSIFY:
        width = _shape(answered)[-1:]
        agrees = width in ([None], [len(card.classes)])
    if not agrees:
        raise ModelError(
            "The card of the model {file} does not fit its network. Get the model again from its maker.",
            file=file,
        )


def _takes_what_card_says(value: Any, card: Card) -> bool:
    rule = card.input
    wanted = (
        [None, rule.height, rule.width, 3] if rule.layout == "nhwc" else [None, 3, rule.height, rule.width]
    )
    shape = _shape(value)
    fits = len(shape) == 4 and all(
        a is None or b is None or a == b for a, b in zip(shape, wanted, strict=True)
    )
    return fits and (value.type.tensor_type.elem_type == _ELEMENT_UINT8) == rule.uint8


def _shape(value: Any) -> list[int | None]:
    dimensions = value.type.tensor_type.shape.dim
    return [one.dim_value if one.WhichOneof("value") == "dim_value" else None for one in dimensions]
