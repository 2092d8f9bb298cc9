"""The same network for photos of another size."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from taxolens.core.errors import ModelError
from taxolens.export.fold import folded
from taxolens.export.resized import resized
from taxolens.inference.session import Session
from tests.unit.export.test_quantise import network


def test_a_network_that_averages_over_all_places_takes_smaller_photos() -> None:
    graph = network().SerializeToString()
    small = folded(resized(graph, height=8, width=12, layout="nhwc").SerializeToString())

    answer = Session(small.SerializeToString())(np.full((8, 12, 3), 90, np.uint8))
    wide = Session(graph)(np.full((16, 16, 3), 90, np.uint8))

    assert answer.shape == wide.shape == (5,)
    assert np.abs(answer - wide).max() < np.abs(wide).max(), (
        "one colour is one colour at any size, but for the rim"
    )


def test_its_weights_stay() -> None:
    graph = network()
    small = resized(graph.SerializeToString(), height=8, width=8, layout="nhwc")

    kept = {one.name: numpy_helper.to_array(one) for one in small.graph.initializer}
    for one in graph.graph.initializer:
        assert np.array_equal(kept[one.name], numpy_helper.to_array(one))


def test_a_network_that_looks_at_every_place_for_itself_is_refused_when_it_is_run() -> None:
    weights = numpy_helper.from_array(np.ones((8 * 8 * 3, 2), np.float32), "weights")
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT),
            helper.make_node("Flatten", ["floats"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["answer"]),
        ],
        "fixed",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", 8, 8, 3])],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["N", 2])],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    with pytest.raises(ModelError, match="cannot be run"):
        folded(resized(model.SerializeToString(), height=4, width=4, layout="nhwc").SerializeToString())


def test_an_input_without_height_and_width_is_refused() -> None:
    graph = helper.make_graph(
        [helper.make_node("Identity", ["rows"], ["answer"])],
        "rows",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["N", 8])],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["N", 8])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)

    with pytest.raises(ModelError, match="2 axes"):
        resized(model.SerializeToString(), height=4, width=4, layout="nhwc")
