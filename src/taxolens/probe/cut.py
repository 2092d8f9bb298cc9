"""Finding the embedding in a foreign network and cutting the network off behind it."""

from __future__ import annotations

import difflib

import onnx
from onnx import NodeProto
from onnx.utils import Extractor

from taxolens.core.errors import ModelError
from taxolens.probe.tensors import constants, image_inputs

_PRODUCTS = ("Gemm", "MatMul")
_POOLING = ("GlobalAveragePool", "ReduceMean", "Flatten")
_MOST_NAMED = 8


def find_embedding(model: onnx.ModelProto, file: object) -> str:
    """The input of the last matrix product with fixed weights that leads to the first output.

    In a classifier that product is the classifier itself, and its input what the network has seen.

    Raises:
        ModelError: there is no such product, as in most detectors.
    """
    graph = model.graph
    weights = constants(graph)
    for node in reversed(_leading_to(model, graph.output[0].name)):
        if node.op_type in _PRODUCTS and node.input[1] in weights and node.input[0] not in weights:
            return str(node.input[0])
    raise ModelError(
        "The network in {file} does not end in a classifier, so its embedding is not known. "
        "Name a tensor with --embedding: {names}.",
        file=file,
        names=", ".join(candidates(model)),
    )


def check_embedding(model: onnx.ModelProto, name: str, file: object) -> str:
    """Checks that a tensor exists.

    Raises:
        ModelError: it does not; the message lists likely ones.
    """
    known = [output for node in model.graph.node for output in node.output if output]
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, n=3)
    raise ModelError(
        "The network in {file} has no tensor {name}. Likely ones: {names}.",
        file=file,
        name=name,
        names=", ".join([*near, *(one for one in candidates(model) if one not in near)]),
    )


def candidates(model: onnx.ModelProto) -> list[str]:
    """Tensors that may serve as embedding, those nearest to the output first."""
    found: list[str] = []
    for node in reversed(model.graph.node):
        if node.op_type in _PRODUCTS:
            found.append(node.input[0])
        elif node.op_type in _POOLING:
            found.append(node.output[0])
    found.extend(output.name for output in model.graph.output)
    produced = {output for node in model.graph.node for output in node.output}
    return [name for name in dict.fromkeys(found) if name in produced][:_MOST_NAMED]


def cut(model: onnx.ModelProto, embedding: str, file: object) -> onnx.ModelProto:
    """The part of a network from its image to a tensor, that tensor being the only output.

    Raises:
        ModelError: the part cannot stand alone.
    """
    image = image_inputs(model.graph)[0].name
    extractor = Extractor(model)
    # Its type is found by running; the extractor only wants to know that the tensor exists.
    extractor.value_infos[embedding] = onnx.ValueInfoProto(name=embedding)
    try:
        part = extractor.extract_model([image], [embedding])
    except ValueError as error:
        raise ModelError("The network in {file} cannot be cut: {why}.", file=file, why=error) from error
    del part.graph.value_info[:]
    part.graph.name = "backbone"
    # Since version 4 weights need not be listed as inputs, and here they are not.
    part.ir_version = max(part.ir_version, 4)
    return part


def _leading_to(model: onnx.ModelProto, name: str) -> list[NodeProto]:
    """Nodes that a tensor depends on, in the graph's order."""
    maker = {output: node for node in model.graph.node for output in node.output}
    waiting, seen = [name], set[int]()
    while waiting:
        node = maker.get(waiting.pop())
        if node is not None and id(node) not in seen:
            seen.add(id(node))
            waiting.extend(node.input)
    return [node for node in maker.values() if id(node) in seen]
