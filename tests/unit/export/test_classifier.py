"""Logits become probabilities, divided by the temperature."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from taxolens.export.classifier import PROBABILITIES, as_classifier


def passing(classes: int = 3) -> bytes:
    """A graph that answers what it is given."""
    node = helper.make_node("Identity", ["image"], ["logits"])
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", classes])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", classes])
    graph = helper.make_graph([node], "passing", [image], [logits])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def answers(model: Any, logits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    assert [one.name for one in session.get_outputs()] == [PROBABILITIES]
    (found,) = session.run(None, {"image": logits.astype(np.float32)})
    return np.asarray(found)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_answer_is_the_softmax_of_logits_over_the_temperature(temperature: float) -> None:
    logits = np.random.default_rng(0).normal(0, 3, (5, 3))
    powers = np.exp(logits / temperature)
    expected = powers / powers.sum(1, keepdims=True)
    assert np.allclose(answers(as_classifier(passing(), temperature, 3), logits), expected, atol=1e-6)


def test_any_number_of_photos_and_great_logits_are_answered() -> None:
    model = as_classifier(passing(2), 1.0, 2)
    assert answers(model, np.zeros((0, 2))).shape == (0, 2)
    assert answers(model, np.array([[1e4, -1e4]])).tolist() == [[1.0, 0.0]]
