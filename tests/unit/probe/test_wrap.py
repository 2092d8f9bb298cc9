"""What is put before a network: bytes in, what it was taught on out, and nothing for nothing."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from taxolens.core.backbone import Triple
from taxolens.inference.session import Session
from taxolens.probe.entrance import Entrance, Layout
from taxolens.probe.wrap import IMAGE, put_before

SIDE = 8


def plain(layout: Layout) -> onnx.ModelProto:
    """Gives what it takes."""
    shape = ["N", 3, SIDE, SIDE] if layout is Layout.NCHW else ["N", SIDE, SIDE, 3]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("in", "out")]
    graph = helper.make_graph([helper.make_node("Identity", ["in"], ["out"])], "plain", ends[:1], ends[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize(
    ("mean", "std", "steps"),
    [
        ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), {"Mul", "Add"}),
        ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), {"Mul"}),
        ((0.0, 0.0, 0.0), (1 / 255, 1 / 255, 1 / 255), set()),
        ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5), {"Mul", "Add"}),
    ],
)
def test_pixels_arrive_as_the_network_was_taught_and_in_as_few_steps(
    layout: Layout, mean: Triple, std: Triple, steps: set[str]
) -> None:
    model = plain(layout)
    put_before(model, Entrance("in", TensorProto.FLOAT, layout, SIDE, SIDE, True), mean, std)
    onnx.checker.check_model(model, full_check=True)
    pixels = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    told = Session(model.SerializeToString(), output="out")(pixels)
    wanted = (pixels / 255 - np.array(mean)) / np.array(std)
    wanted = wanted.transpose(2, 0, 1) if layout is Layout.NCHW else wanted
    assert np.allclose(told, wanted.ravel(), rtol=1e-5, atol=1e-5)
    assert {node.op_type for node in model.graph.node} & {"Mul", "Add"} == steps
    assert model.graph.input[0].name == IMAGE
