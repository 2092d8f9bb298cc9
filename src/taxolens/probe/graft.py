"""A linear head joined to the graph of its backbone: one network, one file."""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from taxolens.core.version import VERSION
from taxolens.modelfile.write import PRODUCER
from taxolens.probe.entrance import BATCH
from taxolens.probe.tensors import add_constant, dimensions, free_name, names_in

PROBABILITIES = "probabilities"
_HEAD_NODES = 2


def graft(backbone_graph: bytes, weights: NDArray[np.float32], bias: NDArray[np.float32]) -> onnx.ModelProto:
    """Appends a linear layer and softmax to a backbone.

    Args:
        backbone_graph: uint8 [N, height, width, 3] to float32 [N, D].
        weights: float32 [D, C], standardisation and temperature folded in.
        bias: float32 [C], likewise.

    Returns:
        A checked network, uint8 [N, height, width, 3] to float32 [N, C] `probabilities`.

    Raises:
        ValueError: shapes that do not meet, or numbers that are not finite.
    """
    model = onnx.load_from_string(backbone_graph)
    graph, embedding = model.graph, model.graph.output[0]
    batch, dimension = dimensions(embedding)
    if weights.ndim != 2 or weights.shape[0] != dimension or bias.shape != weights.shape[1:]:
        raise ValueError(
            f"a head {weights.shape} with bias {bias.shape} does not fit an embedding of {dimension}"
        )
    if not (np.isfinite(weights).all() and np.isfinite(bias).all()):
        raise ValueError("a head must be finite")
    taken = names_in(graph) | {node.name for node in graph.node}
    matrix, offset, logits = (free_name(name, taken) for name in ("head_weights", "head_bias", "logits"))
    output = free_name(PROBABILITIES, taken)
    add_constant(graph, matrix, np.ascontiguousarray(weights, dtype=np.float32))
    add_constant(graph, offset, np.ascontiguousarray(bias, dtype=np.float32))
    graph.node.extend(
        [
            helper.make_node("Gemm", [embedding.name, matrix, offset], [logits], free_name("head", taken)),
            helper.make_node("Softmax", [logits], [output], free_name("softmax", taken), axis=1),
        ]
    )
    del graph.output[:]
    shape = (batch or BATCH, weights.shape[1])
    graph.output.append(helper.make_tensor_value_info(output, TensorProto.FLOAT, shape))
    del model.metadata_props[:]
    model.producer_name, model.producer_version = PRODUCER, VERSION
    onnx.checker.check_model(model)
    return model


def head_of(grafted: bytes) -> bytes:
    """The head of a grafted network alone: float32 [N, D] `embedding` to float32 [N, C] probabilities.

    Args:
        grafted: what `graft` made, with or without a card.
    """
    model = onnx.load_from_string(grafted)
    gemm, softmax = list(model.graph.node)[-_HEAD_NODES:]
    tensors = [tensor for tensor in model.graph.initializer if tensor.name in gemm.input]
    (matrix,) = (tensor for tensor in tensors if tensor.name == gemm.input[1])
    graph = helper.make_graph(
        [gemm, softmax],
        "head",
        [helper.make_tensor_value_info(gemm.input[0], TensorProto.FLOAT, (BATCH, matrix.dims[0]))],
        [helper.make_tensor_value_info(softmax.output[0], TensorProto.FLOAT, (BATCH, matrix.dims[1]))],
        tensors,
    )
    head = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    onnx.checker.check_model(head)
    return bytes(head.SerializeToString())
