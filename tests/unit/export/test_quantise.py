"""Networks of whole numbers: as good as their float originals where they should be, and why where they are not."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from taxolens.core.errors import ModelError
from taxolens.export.correction import corrected, noise_of
from taxolens.export.fold import folded
from taxolens.export.integers import Integers, integers_for, integers_here
from taxolens.export.quantise import OF_DETECTORS, layers_of, named, quantised, tail_of

U8S8 = Integers(signed=False, seven_bits=False)


def network(photos: str | int = "N", seed: int = 0) -> onnx.ModelProto:
    """Pixels, convolution with padding that depends on the shape, ReLU, convolution in groups, mean, dense."""
    rng = np.random.default_rng(seed)
    weights = {
        "first": rng.normal(0, 0.4, (8, 3, 3, 3)),
        "first_bias": rng.normal(0, 0.2, 8),
        "second": rng.normal(0, 0.4, (8, 4, 3, 3)),
        "second_bias": rng.normal(0, 0.2, 8),
        "dense": rng.normal(0, 0.4, (5, 8)),
        "dense_bias": rng.normal(0, 0.2, 5),
    }
    constants = [numpy_helper.from_array(values.astype(np.float32), name) for name, values in weights.items()]
    constants += [
        numpy_helper.from_array(np.array(1 / 255, np.float32), "scale"),
        numpy_helper.from_array(np.array([0, 0, 1, 1], np.int64), "before"),
    ]
    nodes = [
        helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["floats", "scale"], ["unit"]),
        helper.make_node("Transpose", ["unit"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Shape", ["planes"], ["shape"]),
        helper.make_node("Div", ["shape", "shape"], ["ones"]),
        helper.make_node("Mul", ["ones", "before"], ["margin"]),
        helper.make_node("Concat", ["margin", "margin"], ["margins"], axis=0),
        helper.make_node("Pad", ["planes", "margins"], ["padded"]),
        helper.make_node("Conv", ["padded", "first", "first_bias"], ["c1"], name="one"),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "second", "second_bias"], ["c2"], name="two", group=2),
        helper.make_node("Relu", ["c2"], ["r2"]),
        helper.make_node("GlobalAveragePool", ["r2"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "dense", "dense_bias"], ["logits"], name="three", transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, [photos, 16, 16, 3])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [photos, 5])],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def pictures(count: int, seed: int = 1) -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (16, 16, 3), dtype=np.uint8) for _ in range(count)]


def answers(model: onnx.ModelProto, photos: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, {"image": one[np.newaxis]})[0] for one in photos])


@pytest.mark.parametrize("photos", ["N", "batch", 1])
def test_a_folded_network_answers_the_same_with_nothing_about_shapes_left(photos: str | int) -> None:
    model = network(photos)
    small = folded(model.SerializeToString())
    kinds = {node.op_type for node in small.graph.node}
    assert not kinds & {"Shape", "Pad", "Concat", "Div"}
    assert answers(small, pictures(4)) == pytest.approx(answers(model, pictures(4)), abs=1e-4)


def test_a_folded_network_still_takes_any_number_of_photos() -> None:
    small = folded(network().SerializeToString())
    session = ort.InferenceSession(small.SerializeToString(), providers=["CPUExecutionProvider"])
    together = session.run(None, {"image": np.stack(pictures(3))})[0]
    assert together == pytest.approx(answers(small, pictures(3)), abs=1e-4)


def test_a_graph_that_cannot_run_is_told_as_such() -> None:
    model = network()
    model.graph.node[0].op_type = "NoSuchThing"
    with pytest.raises(ModelError, match="cannot be run"):
        folded(model.SerializeToString())


@pytest.mark.parametrize("integers", [U8S8, Integers(signed=True, seven_bits=False), Integers(False, True)])
def test_whole_numbers_answer_nearly_as_floats_do(integers: Integers) -> None:
    model = named(folded(network().SerializeToString()))
    made = quantised(model, pictures(24), integers)
    true, said = answers(model, pictures(40, 9)), answers(made, pictures(40, 9))
    assert np.abs(true - said).max() < 0.05 * np.ptp(true)
    assert "QuantizeLinear" in {node.op_type for node in made.graph.node}
    assert made.graph.input[0] == model.graph.input[0]


def test_a_layer_that_is_kept_stays_float() -> None:
    model = named(folded(network().SerializeToString()))
    kinds = {
        keep: sum(
            one.data_type == TensorProto.INT8
            for one in quantised(model, pictures(4), U8S8, keep=keep).graph.initializer
        )
        for keep in ((), ("one",), ("one", "two", "three"))
    }
    assert kinds[()] > kinds[("one",)] > kinds[("one", "two", "three")]


def test_noise_names_the_layer_that_lost_most() -> None:
    model = named(folded(network().SerializeToString()))
    made = quantised(model, pictures(24), U8S8)
    spoilt = next(one for one in made.graph.initializer if one.name == "second_quantized")
    whole = numpy_helper.to_array(spoilt)
    spoilt.CopyFrom(numpy_helper.from_array((whole // 32 * 32).astype(whole.dtype), spoilt.name))
    noise = noise_of(model, made, pictures(8))
    assert [one.layer for one in noise][-1] == "one"
    assert noise[-1].decibels > 25 > noise[0].decibels
    assert {one.layer for one in noise} == {layer.name for layer in layers_of(model)}


def test_correction_takes_out_the_shift_that_rounded_weights_bring() -> None:
    model = named(folded(network().SerializeToString()))
    made = quantised(model, pictures(24), U8S8)
    # Weights of five bits: a shift that can be seen.
    for name in ("first_quantized", "second_quantized"):
        rough = next(one for one in made.graph.initializer if one.name == name)
        whole = numpy_helper.to_array(rough)
        rough.CopyFrom(numpy_helper.from_array((whole // 8 * 8).astype(whole.dtype), name))
    before = made.SerializeToString()
    better = corrected(model, made, pictures(24))
    assert made.SerializeToString() == before
    true = answers(model, pictures(60, 9)).mean(0)
    shift = [np.abs(answers(one, pictures(60, 9)).mean(0) - true).max() for one in (made, better)]
    assert shift[1] < 0.3 * shift[0]


@pytest.mark.parametrize(
    ("machine", "features", "name"),
    [
        ("x86_64", ("X86_V3", "X86_V4", "AVX512_ICL"), "U8S8"),
        ("AMD64", ("AVX2", "FMA3"), "U8S7"),
        ("arm64", ("NEON", "ASIMDDP"), "S8S8"),
        ("aarch64", (), "S8S8"),
    ],
)
def test_the_kind_of_numbers_follows_the_processor(
    machine: str, features: tuple[str, ...], name: str
) -> None:
    assert integers_for(machine, features).name == name
    assert integers_here().name in ("U8S8", "U8S7", "S8S8")


def detector() -> onnx.ModelProto:
    """Two layers, and behind them scores and boxes whose sizes are put together of 16 bins, as YOLOv8 does."""
    rng = np.random.default_rng(3)
    weights = {
        "first": rng.normal(0, 0.4, (16, 3, 3, 3)),
        "last": rng.normal(0, 0.4, (20, 16, 1, 1)),
        "bins": np.arange(16).reshape(1, 16, 1, 1),
    }
    nodes = [
        helper.make_node("Conv", ["image", "first"], ["c1"], name="first", pads=[1, 1, 1, 1]),
        helper.make_node("Sigmoid", ["c1"], ["s1"], name="gate"),
        helper.make_node("Mul", ["c1", "s1"], ["m1"], name="silu"),
        helper.make_node("Conv", ["m1", "last"], ["c2"], name="last"),
        helper.make_node("Split", ["c2", "parts"], ["raw", "classes"], axis=1, name="apart"),
        helper.make_node("Softmax", ["raw"], ["shares"], axis=1, name="shares"),
        helper.make_node("Conv", ["shares", "bins"], ["sides"], name="bins"),
        helper.make_node("Mul", ["sides", "pixels"], ["far"], name="far"),
        helper.make_node("Sigmoid", ["classes"], ["scores"], name="scores"),
        helper.make_node("Concat", ["far", "scores"], ["boxes"], axis=1, name="boxes"),
    ]
    constants = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()]
    constants += [
        numpy_helper.from_array(np.array([16, 4], np.int64), "parts"),
        numpy_helper.from_array(np.array(32, np.float32), "pixels"),
    ]
    graph = helper.make_graph(
        nodes,
        "detector",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 16, 16])],
        [helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, 5, 16, 16])],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_the_last_layers_and_what_makes_boxes_of_them_are_the_tail() -> None:
    assert set(tail_of(detector())) == {"last", "apart", "shares", "bins", "far", "scores", "boxes"}


def test_the_tail_of_a_detector_stays_float_so_that_scores_keep_their_digits() -> None:
    photos = [np.random.default_rng(seed).random((3, 16, 16), np.float32) for seed in range(4)]
    made = quantised(detector(), photos, U8S8, keep=tail_of(detector()), operators=OF_DETECTORS)
    whole = {node.name for node in made.graph.node if node.op_type == "QuantizeLinear"}
    assert any("image" in name or "m1" in name for name in whole)
    assert not any(word in name for name in whole for word in ("shares", "sides", "far", "boxes", "scores"))
    session = ort.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    (boxes,) = session.run(None, {"image": photos[0][np.newaxis]})
    assert len(np.unique(boxes[0, 1:])) > 256  # in eight bits there could be no more
