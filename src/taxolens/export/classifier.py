"""From a graph that ends in logits to one that ends in probabilities."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

PROBABILITIES = "probabilities"


def as_classifier(graph: bytes, temperature: float, classes: int) -> onnx.ModelProto:
    """Divides logits by the temperature and makes them probabilities.

    Args:
        graph: serialised ONNX with one output, float32 [N, c].

    Returns:
        A checked network with the output `probabilities`, float32 [N, c].
    """
    model = onnx.load_from_string(graph)
    inner = model.graph
    logits = inner.output[0].name
    inner.initializer.append(numpy_helper.from_array(np.array(temperature, np.float32), "temperature"))
    inner.node.extend(
        [
            helper.make_node("Div", [logits, "temperature"], ["calibrated"], "calibrate"),
            helper.make_node("Softmax", ["calibrated"], [PROBABILITIES], "softmax", axis=1),
        ]
    )
    del inner.output[:]
    inner.output.append(helper.make_tensor_value_info(PROBABILITIES, TensorProto.FLOAT, ("N", classes)))
    onnx.checker.check_model(model)
    return model
