"""What is refused in a model file, wherever it hides."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from taxolens.core.errors import ModelError
from taxolens.modelfile.verify import verified_graph

FILE = Path("some.onnx")


def outside(tensor: TensorProto) -> TensorProto:
    """Makes a tensor point into another file."""
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    return tensor


def small() -> TensorProto:
    return helper.make_tensor("secret", TensorProto.FLOAT, [1], [1.0])


def in_initializer(model: onnx.ModelProto) -> None:
    outside(model.graph.initializer[0])


def in_initializer_without_the_flag(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].external_data.add(key="location", value="*/_ORT_MEM_ADDR_/*")


def in_sparse_initializer(model: onnx.ModelProto) -> None:
    model.graph.sparse_initializer.add().values.CopyFrom(outside(small()))


def in_sparse_indices(model: onnx.ModelProto) -> None:
    model.graph.sparse_initializer.add().indices.CopyFrom(outside(small()))


def in_attribute(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("Constant", [], ["x"], value=outside(small())))


def in_attribute_list(model: onnx.ModelProto) -> None:
    node = model.graph.node.add(op_type="Constant", output=["x"])
    node.attribute.add(name="values", type=onnx.AttributeProto.TENSORS).tensors.append(outside(small()))


def in_sparse_attribute(model: onnx.ModelProto) -> None:
    node = model.graph.node.add(op_type="Constant", output=["x"])
    attribute = node.attribute.add(name="sparse_value", type=onnx.AttributeProto.SPARSE_TENSOR)
    attribute.sparse_tensor.values.CopyFrom(outside(small()))


def in_inner_graph(model: onnx.ModelProto) -> None:
    inner = helper.make_graph([], "then", [], [], [outside(small())])
    model.graph.node.append(helper.make_node("If", ["c"], ["x"], then_branch=inner, else_branch=inner))


def in_function(model: onnx.ModelProto) -> None:
    function = model.functions.add(name="f", domain="")
    function.node.append(helper.make_node("Constant", [], ["x"], value=outside(small())))


def in_training(model: onnx.ModelProto) -> None:
    model.training_info.add().algorithm.initializer.append(outside(small()))


@pytest.mark.parametrize(
    "hide",
    [
        in_initializer,
        in_initializer_without_the_flag,
        in_sparse_initializer,
        in_sparse_indices,
        in_attribute,
        in_attribute_list,
        in_sparse_attribute,
        in_inner_graph,
        in_function,
        in_training,
    ],
)
def test_weights_in_other_files_are_refused_wherever_they_hide(
    networks: Any, hide: Callable[[onnx.ModelProto], None]
) -> None:
    model = networks.classifier()
    hide(model)
    with pytest.raises(ModelError, match="other files"):
        verified_graph(model.SerializeToString(), FILE)


@pytest.mark.parametrize(
    ("domain", "operator"),
    [
        ("com.microsoft", "EPContext"),
        ("com.microsoft.extensions", "PyCustomOp"),
        ("ai.onnx.contrib", "PyOp"),
        ("com.example", "Conv"),
        ("ai.onnx.training", "Adam"),
    ],
)
@pytest.mark.parametrize("deep", [False, True])
def test_operators_that_are_not_onnx_are_refused_and_named(
    networks: Any, domain: str, operator: str, deep: bool
) -> None:
    model = networks.classifier()
    node = helper.make_node(operator, [], ["x"], domain=domain)
    if deep:
        inner = helper.make_graph([node], "then", [], [])
        node = helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)
    model.graph.node.append(node)
    with pytest.raises(ModelError, match=operator):
        verified_graph(model.SerializeToString(), FILE)


def test_operators_of_the_quantiser_are_allowed(networks: Any) -> None:
    model = networks.classifier()
    model.graph.node.append(helper.make_node("QLinearAdd", ["a"], ["x"], domain="com.microsoft"))
    assert verified_graph(model.SerializeToString(), FILE).graph.node[-1].op_type == "QLinearAdd"


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_short_is_called_so(networks: Any, keep: float) -> None:
    data = networks.finished().SerializeToString()
    with pytest.raises(ModelError, match="cut short"):
        verified_graph(data[: int(len(data) * keep)], FILE)


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"\xff\xd8\xff\xe0 a jpeg", b"PK\x03\x04 a zip", b"\x80\x04\x95 a pickle", b"\x00" * 64],
)
def test_other_files_are_called_no_onnx_file(data: bytes) -> None:
    with pytest.raises(ModelError, match="not an ONNX file"):
        verified_graph(data, FILE)


@given(st.binary(max_size=400))
def test_random_bytes_are_never_more_than_a_model_error(data: bytes) -> None:
    with pytest.raises(ModelError):
        verified_graph(data, FILE)


@settings(max_examples=200)
@given(st.data())
def test_a_model_with_spoilt_bytes_is_parsed_or_refused(networks: Any, data: st.DataObject) -> None:
    good = bytearray(networks.finished().SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert verified_graph(bytes(good), FILE).graph.node
    except ModelError as error:
        assert str(FILE) in str(error)


@pytest.mark.parametrize("operator", ["Loop", "Scan", "SequenceMap"])
@pytest.mark.parametrize("domain", ["", "ai.onnx"])
@pytest.mark.parametrize("deep", [False, True])
def test_operators_that_repeat_a_graph_are_refused(
    networks: Any, operator: str, domain: str, deep: bool
) -> None:
    model = networks.classifier()
    step = helper.make_graph([helper.make_node("Identity", ["go"], ["again"])], "step", [], [])
    node = helper.make_node(operator, ["times", "go"], ["x"], domain=domain, body=step)
    if deep:
        inner = helper.make_graph([node], "then", [], [])
        node = helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)
    model.graph.node.append(node)
    with pytest.raises(ModelError, match=f"{operator}, which can run without end"):
        verified_graph(model.SerializeToString(), FILE)
