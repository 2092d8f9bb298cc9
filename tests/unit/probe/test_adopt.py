"""Any ONNX network becomes a backbone that takes pixels as they are, and says the same as before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from taxolens.core.errors import ModelError
from taxolens.modelfile.card import CARD_KEY, CardInput, Task
from taxolens.modelfile.read import model_from_bytes
from taxolens.probe.adopt import IMAGENET_MEAN, IMAGENET_STD, Reading, adopt
from taxolens.probe.tensors import dimensions

FILE = Path("net.onnx")
HALF = (0.5, 0.5, 0.5)


def pixels(count: int = 1, height: int = 16, width: int = 16) -> np.ndarray[Any, Any]:
    return np.random.default_rng(3).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def run(data: bytes, values: np.ndarray[Any, Any], output: str | None = None) -> np.ndarray[Any, Any]:
    session = ort.InferenceSession(data)
    return session.run([output] if output else None, {session.get_inputs()[0].name: values})[0]


def features(
    model: onnx.ModelProto, values: np.ndarray[Any, Any], tensor: str = "features"
) -> np.ndarray[Any, Any]:
    """What the network itself computes for that tensor."""
    shown = onnx.ModelProto()
    shown.CopyFrom(model)
    shown.graph.output.append(onnx.ValueInfoProto(name=tensor))
    return run(shown.SerializeToString(), values, tensor)


def normalised(
    values: np.ndarray[Any, Any], mean: Any, std: Any, *, layout: str = "nchw"
) -> np.ndarray[Any, Any]:
    floats = ((values / 255.0 - mean) / std).astype(np.float32)
    return floats.transpose(0, 3, 1, 2) if layout == "nchw" else floats


@pytest.mark.parametrize(
    "kind",
    [
        {},
        {"head": "MatMul"},
        {"layout": "nhwc"},
        {"batch": 1},
        {"opset": 9},
        {"opset": 12},
        {"opset": 20},
        {"weights_are_inputs": True},
        {"image": "image"},
        {"image": "embedding"},
    ],
)
def test_the_embedding_is_what_the_network_computed(networks: Any, kind: dict[str, Any]) -> None:
    model = networks.classifier(**kind)
    data = adopt(model.SerializeToString(), name="net", file=FILE, reading=Reading(mean=HALF, std=HALF))
    found = model_from_bytes(data, FILE, task=Task.EMBED)
    expected = features(model, normalised(pixels(), HALF, HALF, layout=kind.get("layout", "nchw")))
    np.testing.assert_allclose(run(found.graph, pixels()), expected, rtol=1e-4, atol=1e-5)
    assert found.card.output.size == networks.dimension
    assert found.card.input.mean == HALF
    assert found.card.preprocess.width == 16


def test_half_precision_networks_answer_in_full_precision(networks: Any) -> None:
    model = networks.classifier(element=TensorProto.FLOAT16)
    data = adopt(model.SerializeToString(), name="net", file=FILE, reading=Reading(mean=HALF, std=HALF))
    answer = run(data, pixels())
    assert answer.dtype == np.float32
    expected = features(model, normalised(pixels(), HALF, HALF).astype(np.float16))
    np.testing.assert_allclose(answer, expected, rtol=2e-2, atol=2e-2)


def test_feature_maps_are_averaged(networks: Any) -> None:
    model = networks.classifier()
    reading = Reading(mean=HALF, std=HALF, embedding="seen")
    data = adopt(model.SerializeToString(), name="net", file=FILE, reading=reading)
    expected = features(model, normalised(pixels(), HALF, HALF), "seen").mean(axis=(2, 3))
    np.testing.assert_allclose(run(data, pixels()), expected, rtol=1e-4)


def sequence(networks: Any, opset: int = 17) -> onnx.ModelProto:
    """A network that ends in tokens [N, 16, 6 * 16]."""
    model = networks.classifier(pooled=False, opset=opset)
    model.graph.node.append(helper.make_node("Transpose", ["seen"], ["turned"], perm=[0, 2, 1, 3]))
    model.graph.node.append(helper.make_node("Flatten", ["turned"], ["flat"], axis=2))
    shape = helper.make_tensor("shape", TensorProto.INT64, [3], [0, 16, -1])
    model.graph.initializer.append(shape)
    model.graph.node.append(helper.make_node("Reshape", ["turned", "shape"], ["tokens"]))
    model.graph.output[0].name = "tokens"
    return model


@pytest.mark.parametrize("opset", [13, 18])
@pytest.mark.parametrize(("token", "expected"), [(None, "mean"), (0, "first")])
def test_of_a_sequence_one_token_or_the_mean_is_taken(
    networks: Any, token: int | None, expected: str, opset: int
) -> None:
    model = sequence(networks, opset)
    reading = Reading(mean=HALF, std=HALF, embedding="tokens", token=token)
    data = adopt(model.SerializeToString(), name="net", file=FILE, reading=reading)
    tokens = features(model, normalised(pixels(), HALF, HALF), "turned").reshape(1, 16, -1)
    wanted = tokens.mean(axis=1) if expected == "mean" else tokens[:, 0]
    np.testing.assert_allclose(run(data, pixels()), wanted, rtol=1e-4, atol=1e-5)


def test_a_sequence_is_refused_unless_it_was_named(networks: Any) -> None:
    model = sequence(networks)
    model.graph.initializer.append(helper.make_tensor("w", TensorProto.FLOAT, [96, 2], [0.1] * 192))
    model.graph.node.append(helper.make_node("MatMul", ["tokens", "w"], ["answers"]))
    model.graph.output[0].name = "answers"
    with pytest.raises(ModelError, match="sequence.*--embedding: tokens"):
        adopt(model.SerializeToString(), name="net", file=FILE, reading=Reading())


def test_each_photo_is_answered_alike_alone_and_in_company(networks: Any) -> None:
    data = adopt(networks.classifier().SerializeToString(), name="net", file=FILE, reading=Reading())
    together = run(data, pixels(3))
    alone = np.concatenate([run(data, pixels(3)[i : i + 1]) for i in range(3)])
    np.testing.assert_allclose(together, alone, rtol=1e-5)


def test_a_network_that_works_on_one_photo_only_stays_so(networks: Any) -> None:
    model = networks.classifier(batch=1, reshape=True)
    data = adopt(model.SerializeToString(), name="net", file=FILE, reading=Reading())
    shown = onnx.load_from_string(data)
    assert dimensions(shown.graph.input[0]) == [1, 16, 16, 3]
    assert dimensions(shown.graph.output[0]) == [1, networks.dimension]
    assert run(data, pixels()).shape == (1, networks.dimension)


def test_what_the_file_does_not_say_is_assumed_and_noted(networks: Any) -> None:
    data = adopt(networks.classifier(side=None).SerializeToString(), name="net", file=FILE, reading=Reading())
    card = model_from_bytes(data, FILE).card
    assert (card.input.width, card.input.height) == (224, 224)
    assert (card.input.mean, card.input.std) == (IMAGENET_MEAN, IMAGENET_STD)
    assert any("normalised" in note for note in card.notes)
    assert any("224" in note for note in card.notes)


def test_a_backbone_of_ours_is_taken_as_it_is(networks: Any) -> None:
    data = adopt(networks.classifier().SerializeToString(), name="net", file=FILE, reading=Reading())
    assert adopt(data, name="other", file=FILE, reading=Reading(mean=HALF)) == data


def test_a_finished_model_of_ours_can_be_learnt_from_again(networks: Any) -> None:
    model = networks.finished()
    rule = CardInput(width=16, height=16, fit="crop", mean=HALF, std=HALF)
    model.metadata_props.add(key=CARD_KEY, value=networks.card(input=rule, licence="MIT").to_json())
    found = model_from_bytes(
        adopt(model.SerializeToString(), name="again", file=FILE, reading=Reading()), FILE
    )
    np.testing.assert_allclose(run(found.graph, pixels()), features(networks.finished(), pixels()), rtol=1e-5)
    assert found.card.task is Task.EMBED
    assert found.card.input == rule
    assert found.card.licence == "MIT"


def test_a_network_that_takes_no_colour_image_is_refused(networks: Any) -> None:
    grey = networks.classifier()
    grey.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 1
    words = networks.classifier()
    words.graph.input[0].type.tensor_type.elem_type = TensorProto.INT64
    two = networks.classifier()
    two.graph.input.append(helper.make_tensor_value_info("text", TensorProto.FLOAT, [1, 5]))
    huge = networks.classifier(side=100_000)
    for model, why in [
        (grey, "one colour image"),
        (words, "one colour"),
        (two, "one colour"),
        (huge, "unusable size"),
    ]:
        with pytest.raises(ModelError, match=why):
            adopt(model.SerializeToString(), name="net", file=FILE, reading=Reading())


def test_a_network_that_cannot_run_is_refused_in_one_sentence(networks: Any) -> None:
    model = networks.classifier()
    model.graph.node[1].op_type = "Nonsense"
    with pytest.raises(ModelError, match="cannot be run"):
        adopt(model.SerializeToString(), name="net", file=FILE, reading=Reading())


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["picodet_s_320_coco", "yolov5n", "yolov8n_int8", "yolox_nano"])
def test_a_detector_is_no_backbone_and_is_told_so(shared_weights: Path, name: str) -> None:
    file = shared_weights / f"{name}.onnx"
    with pytest.raises(ModelError, match="does not end in a classifier"):
        adopt(file.read_bytes(), name=name, file=file, reading=Reading())


@pytest.mark.shared_data
def test_a_named_layer_of_a_detector_serves_as_embedding(shared_weights: Path) -> None:
    file = shared_weights / "picodet_s_320_coco.onnx"
    reading = Reading(embedding="pool2d_13.tmp_0")
    found = model_from_bytes(adopt(file.read_bytes(), name="picodet", file=file, reading=reading), file)
    assert run(found.graph, pixels(1, 320, 320)).shape == (1, found.card.output.size)
