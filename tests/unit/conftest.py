"""Small ONNX networks, made on the spot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from taxolens.modelfile.card import Card, CardClass, CardInput, CardOutput, Task


@dataclass(frozen=True)
class Networks:
    """Networks with random weights; the same arguments always give the same network."""

    side: int = 16
    dimension: int = 6
    classes: int = 3

    def classifier(
        self,
        *,
        layout: str = "nchw",
        head: str = "Gemm",
        batch: int | str = "batch",
        side: int | None = 16,
        element: int = TensorProto.FLOAT,
        opset: int = 17,
        pooled: bool = True,
        image: str = "pixels",
        weights_are_inputs: bool = False,
        reshape: bool = False,
    ) -> onnx.ModelProto:
        """Convolution, pooling, matrix product: what an exported classifier looks like."""
        kind = np.float16 if element == TensorProto.FLOAT16 else np.float32
        random = np.random.default_rng(7)
        weights = {
            "kernel": random.standard_normal((self.dimension, 3, 3, 3)).astype(kind),
            "matrix": random.standard_normal((self.dimension, self.classes)).astype(kind),
            "offset": random.standard_normal(self.classes).astype(kind),
            "flat": np.asarray([1, self.dimension], dtype=np.int64),
        }
        nodes = (
            [helper.make_node("Transpose", [image], ["first"], perm=[0, 3, 1, 2])] if layout == "nhwc" else []
        )
        nodes.append(
            helper.make_node("Conv", ["first" if nodes else image, "kernel"], ["map"], pads=[1, 1, 1, 1])
        )
        nodes.append(helper.make_node("Relu", ["map"], ["seen"]))
        if pooled:
            nodes.append(helper.make_node("GlobalAveragePool", ["seen"], ["pooled"]))
            flatten = ("Reshape", ["pooled", "flat"]) if reshape else ("Flatten", ["pooled"])
            nodes.append(helper.make_node(*flatten, ["features"]))
        if pooled and head == "Gemm":
            nodes.append(helper.make_node("Gemm", ["features", "matrix", "offset"], ["logits"]))
        elif pooled and head == "MatMul":
            nodes.append(helper.make_node("MatMul", ["features", "matrix"], ["product"]))
            nodes.append(helper.make_node("Add", ["product", "offset"], ["logits"]))
        output = nodes[-1].output[0]
        shape = [batch, 3, side or "h", side or "w"]
        shape = [shape[0], shape[2], shape[3], 3] if layout == "nhwc" else shape
        used = {name for node in nodes for name in node.input}
        tensors = [numpy_helper.from_array(value, name) for name, value in weights.items() if name in used]
        inputs = [helper.make_tensor_value_info(image, element, shape)]
        if weights_are_inputs:
            inputs += [helper.make_tensor_value_info(one.name, one.data_type, one.dims) for one in tensors]
        graph = helper.make_graph(
            nodes, "net", inputs, [helper.make_tensor_value_info(output, element, None)], tensors
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)

    def finished(self, *, classes: int | None = None, image: str = "image") -> onnx.ModelProto:
        """uint8 pixels to probabilities, as Taxolens writes it."""
        random = np.random.default_rng(8)
        count = self.classes if classes is None else classes
        weights = {
            "kernel": random.standard_normal((self.dimension, 3, 3, 3)).astype(np.float32) / 100,
            "matrix": random.standard_normal((self.dimension, count)).astype(np.float32),
        }
        nodes = [
            helper.make_node("Cast", [image], ["float"], to=TensorProto.FLOAT),
            helper.make_node("Transpose", ["float"], ["first"], perm=[0, 3, 1, 2]),
            helper.make_node("Conv", ["first", "kernel"], ["map"]),
            helper.make_node("GlobalAveragePool", ["map"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["features"]),
            helper.make_node("MatMul", ["features", "matrix"], ["logits"]),
            helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        ]
        graph = helper.make_graph(
            nodes,
            "net",
            [helper.make_tensor_value_info(image, TensorProto.UINT8, ["N", self.side, self.side, 3])],
            [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", count])],
            [numpy_helper.from_array(value, name) for name, value in weights.items()],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    def card(self, **fields: Any) -> Card:
        """The card of `finished`."""
        usual = {
            "name": "traps",
            "task": Task.CLASSIFY,
            "classes": tuple(CardClass(id=f"kind {number}") for number in range(self.classes)),
            "input": CardInput(width=self.side, height=self.side),
            "output": CardOutput(decoder="probabilities", tensor="probabilities", size=self.classes),
        }
        return Card(**{**usual, **fields})


@pytest.fixture(scope="session")
def networks() -> Networks:
    """Maker of small networks."""
    return Networks()
