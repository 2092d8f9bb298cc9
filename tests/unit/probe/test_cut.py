"""Which tensor of a foreign network is its embedding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper, numpy_helper

from taxolens.core.errors import ModelError
from taxolens.probe.cut import candidates, check_embedding, cut, find_embedding

FILE = Path("net.onnx")


@pytest.mark.parametrize("head", ["Gemm", "MatMul"])
def test_the_embedding_is_what_the_classifier_sees(networks: Any, head: str) -> None:
    assert find_embedding(networks.classifier(head=head), FILE) == "features"


def test_a_product_of_two_computed_tensors_is_no_classifier(networks: Any) -> None:
    model = networks.classifier()
    model.graph.node.append(helper.make_node("MatMul", ["logits", "logits"], ["mixed"]))
    model.graph.output[0].name = "mixed"
    assert find_embedding(model, FILE) == "features"


def test_a_classifier_whose_weights_are_unpacked_first_is_found(networks: Any) -> None:
    model = networks.classifier(head="MatMul")
    old = next(one for one in model.graph.initializer if one.name == "matrix")
    packed = numpy_helper.from_array(numpy_helper.to_array(old).astype(np.float16), "packed")
    model.graph.initializer.remove(old)
    model.graph.initializer.append(packed)
    model.graph.node.insert(0, helper.make_node("Cast", ["packed"], ["matrix"], to=1))
    assert find_embedding(model, FILE) == "features"


def test_a_branch_that_does_not_lead_to_the_output_does_not_count(networks: Any) -> None:
    model = networks.classifier()
    model.graph.node.append(helper.make_node("Gemm", ["logits", "side_matrix"], ["side"]))
    model.graph.initializer.append(numpy_helper.from_array(np.ones((3, 2), np.float32), "side_matrix"))
    assert find_embedding(model, FILE) == "features"


def test_a_network_without_classifier_names_what_could_serve(networks: Any) -> None:
    with pytest.raises(ModelError, match="--embedding: features, pooled"):
        find_embedding(networks.classifier(head="none"), FILE)


def test_a_wrong_tensor_is_answered_with_near_ones(networks: Any) -> None:
    model = networks.classifier()
    assert check_embedding(model, "pooled", FILE) == "pooled"
    with pytest.raises(ModelError, match="no tensor feature. Likely ones: features"):
        check_embedding(model, "feature", FILE)
    assert candidates(model) == ["features", "pooled", "logits"]


def test_what_lies_behind_the_cut_is_gone(networks: Any) -> None:
    part = cut(networks.classifier(weights_are_inputs=True), "features", FILE)
    assert [node.op_type for node in part.graph.node] == ["Conv", "Relu", "GlobalAveragePool", "Flatten"]
    assert [one.name for one in part.graph.initializer] == ["kernel"]
    assert [one.name for one in part.graph.input] == ["pixels"]
