"""Backbone and head in one network answer as they do apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto

from taxolens.modelfile.card import Card
from taxolens.modelfile.write import write_model
from taxolens.probe.adopt import Reading, adopt
from taxolens.probe.graft import graft, head_of
from taxolens.probe.tensors import opset

PIXELS = np.random.default_rng(1).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)


def backbone(networks: Any, **kind: Any) -> bytes:
    return adopt(
        networks.classifier(**kind).SerializeToString(), name="net", file=Path("n.onnx"), reading=Reading()
    )


def head(networks: Any, classes: int = 4) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    random = np.random.default_rng(2)
    shape = (networks.dimension, classes)
    return random.standard_normal(shape).astype(np.float32), random.standard_normal(classes).astype(
        np.float32
    )


@pytest.mark.parametrize("kind", [{}, {"opset": 12}, {"opset": 13}, {"element": TensorProto.FLOAT16}])
def test_the_grafted_network_says_what_backbone_and_head_say(networks: Any, kind: dict[str, Any]) -> None:
    graph, (weights, bias) = backbone(networks, **kind), head(networks)
    model = graft(graph, weights, bias)
    embeddings = ort.InferenceSession(graph).run(None, {"image": PIXELS})[0]
    logits = embeddings.astype(np.float64) @ weights + bias
    expected = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected /= expected.sum(axis=1, keepdims=True)
    answered = ort.InferenceSession(model.SerializeToString()).run(["probabilities"], {"image": PIXELS})[0]
    np.testing.assert_allclose(answered, expected, atol=1e-5)
    assert opset(model) == opset(onnx.load_from_string(graph))
    assert model.producer_name == "taxolens"


def test_the_graft_can_be_written_as_a_model(networks: Any, tmp_path: Path) -> None:
    card: Card = networks.card()
    written = write_model(graft(backbone(networks), *head(networks, 3)), card, tmp_path / "m.onnx")
    assert written.card == card


def test_a_network_that_uses_the_same_names_is_grafted_all_the_same(networks: Any) -> None:
    model = onnx.load_from_string(backbone(networks))
    for node in model.graph.node:
        for names in (node.input, node.output):
            for position, name in enumerate(names):
                names[position] = {"kernel": "head_weights", "seen": "logits"}.get(name, name)
    next(one for one in model.graph.initializer if one.name == "kernel").name = "head_weights"
    answered = ort.InferenceSession(graft(model.SerializeToString(), *head(networks)).SerializeToString())
    assert answered.run(None, {"image": PIXELS})[0].sum(axis=1) == pytest.approx(1.0)


def test_a_head_that_does_not_fit_is_refused(networks: Any) -> None:
    weights, bias = head(networks)
    graph = backbone(networks)
    for wrong in [(weights[:-1], bias), (weights, bias[:-1]), (weights * np.nan, bias), (weights[0], bias)]:
        with pytest.raises(ValueError, match="head"):
            graft(graph, *wrong)


def test_the_head_of_a_grafted_network_answers_as_the_whole_does(networks: Any) -> None:
    graph, (weights, bias) = backbone(networks), head(networks)
    grafted = graft(graph, weights, bias).SerializeToString()
    (embedding,) = ort.InferenceSession(graph).run(None, {"image": PIXELS})
    (whole,) = ort.InferenceSession(grafted).run(None, {"image": PIXELS})
    alone = ort.InferenceSession(head_of(grafted))
    (answer,) = alone.run(None, {alone.get_inputs()[0].name: embedding})
    np.testing.assert_allclose(answer, whole, atol=1e-6)
