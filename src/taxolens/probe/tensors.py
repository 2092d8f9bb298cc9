"""Small surgery on ONNX graphs: names, shapes, constants."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import AttributeProto, GraphProto, NodeProto, ValueInfoProto, numpy_helper

OPSET_DOMAINS = ("", "ai.onnx")


def dimensions(value: ValueInfoProto) -> list[int | None]:
    """Shape of a declared tensor, [] where it is not declared; None for what is not fixed."""
    shape = value.type.tensor_type.shape.dim
    return [one.dim_value if one.WhichOneof("value") == "dim_value" else None for one in shape]


def opset(model: onnx.ModelProto) -> int:
    """Version of ONNX's own operators that a graph uses."""
    return max(int(one.version) for one in model.opset_import if one.domain in OPSET_DOMAINS)


def constants(graph: GraphProto) -> set[str]:
    """Names of tensors that do not depend on the input."""
    names = {tensor.name for tensor in graph.initializer}
    for node in graph.node:
        if not any(inner_graphs(node)) and all(name in names for name in node.input if name):
            names.update(node.output)
    return names


def image_inputs(graph: GraphProto) -> list[ValueInfoProto]:
    """Inputs that are not weights; old files list their weights as inputs too."""
    weights = {tensor.name for tensor in graph.initializer}
    return [value for value in graph.input if value.name not in weights]


def names_in(graph: GraphProto) -> set[str]:
    """All tensor names of a graph and the graphs inside it."""
    names = {value.name for value in [*graph.input, *graph.output]} | {one.name for one in graph.initializer}
    for node in graph.node:
        names.update(node.input, node.output)
        for inner in inner_graphs(node):
            names |= names_in(inner)
    return names


def free_name(wanted: str, taken: set[str]) -> str:
    """`wanted`, or the next like it that is not taken; it is taken from then on."""
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    taken.add(name)
    return name


def rename(graph: GraphProto, old: str, new: str) -> None:
    """Gives a tensor another name wherever it is used."""
    for named in [*graph.input, *graph.output, *graph.initializer, *graph.value_info]:
        if named.name == old:
            named.name = new
    for node in graph.node:
        for names in (node.input, node.output):
            for position, name in enumerate(names):
                if name == old:
                    names[position] = new
        for inner in inner_graphs(node):
            rename(inner, old, new)


def inner_graphs(node: NodeProto) -> Iterator[GraphProto]:
    """Graphs that a control-flow node holds."""
    for attribute in node.attribute:
        if attribute.type == AttributeProto.GRAPH:
            yield attribute.g
        elif attribute.type == AttributeProto.GRAPHS:
            yield from attribute.graphs


def add_constant(graph: GraphProto, name: str, values: NDArray[np.generic]) -> None:
    """Adds weights to a graph."""
    graph.initializer.append(numpy_helper.from_array(values, name))
