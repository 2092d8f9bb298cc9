from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto

from taxolens.core.errors import ModelError, UsageError
from taxolens.core.taxonomy import Role
from taxolens.modelfile.read import read_model
from taxolens.probe.foreign import Activation
from taxolens.workflows.describe import Description, describe, read_labels
from tests.unit.conftest import Networks


@pytest.fixture
def exported(networks: Networks, tmp_path: Path) -> Path:
    """A classifier that gives logits, and labels beside it."""
    onnx.save(networks.classifier(), tmp_path / "net.onnx")
    (tmp_path / "labels.txt").write_text("lynx\nhare\nvide\n", encoding="utf-8")
    return tmp_path / "net.onnx"


def softmax(logits: np.ndarray) -> np.ndarray:
    """The plain formula."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def test_an_exported_classifier_answers_as_before_with_pixels_in_and_probabilities_out(
    exported: Path,
) -> None:
    said = Description(
        out=exported.with_name("model.onnx"),
        labels=exported.with_name("labels.txt"),
        mean=(0.5, 0.4, 0.3),
        std=(0.2, 0.3, 0.4),
    )
    model = describe(exported, said)
    assert model.card.labels == ("lynx", "hare", "vide")
    assert model.card.taxa[2].role is Role.BLANK
    pixels = np.random.default_rng(1).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    ours = onnxruntime.InferenceSession(read_model(said.out).graph).run(["probabilities"], {"image": pixels})[
        0
    ]
    taken = ((pixels / 255 - said.mean) / said.std).transpose(0, 3, 1, 2).astype(np.float32)
    theirs = onnxruntime.InferenceSession(exported).run(None, {"pixels": taken})[0]
    np.testing.assert_allclose(ours, softmax(theirs), atol=1e-5)


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("element", [TensorProto.FLOAT, TensorProto.FLOAT16])
def test_classifiers_of_any_layout_and_precision_can_be_described(
    networks: Networks, exported: Path, layout: str, element: int
) -> None:
    onnx.save(networks.classifier(layout=layout, element=element), exported)
    said = Description(out=exported.with_name("model.onnx"), labels=exported.with_name("labels.txt"))
    assert describe(exported, said).card.output.size == 3


def test_probabilities_are_recognised_and_left_alone(networks: Networks, exported: Path) -> None:
    network = networks.classifier()
    network.graph.node.append(onnx.helper.make_node("Softmax", ["logits"], ["p"], axis=1))
    network.graph.output[0].name = "p"
    onnx.save(network, exported)
    said = Description(out=exported.with_name("model.onnx"), labels=exported.with_name("labels.txt"))
    graph = onnx.load_from_string(describe(exported, said).graph)
    assert sum(node.op_type == "Softmax" for node in graph.graph.node) == 1
    forced = Description(out=said.out, labels=said.labels, activation=Activation.SOFTMAX)
    graph = onnx.load_from_string(describe(exported, forced).graph)
    assert sum(node.op_type == "Softmax" for node in graph.graph.node) == 2


def test_the_labels_must_be_as_many_as_the_network_has_classes(exported: Path) -> None:
    exported.with_name("labels.txt").write_text("lynx\nhare\n", encoding="utf-8")
    said = Description(out=exported.with_name("model.onnx"), labels=exported.with_name("labels.txt"))
    with pytest.raises(ModelError, match="has 3 classes, but 2 are named"):
        describe(exported, said)
    assert not said.out.exists()


def test_without_labels_the_user_is_asked_for_them(exported: Path) -> None:
    with pytest.raises(UsageError, match="--labels"):
        describe(exported, Description(out=exported.with_name("model.onnx")))


def test_a_network_that_gives_no_score_per_class_is_refused(networks: Networks, exported: Path) -> None:
    onnx.save(networks.classifier(pooled=False), exported)
    with pytest.raises(ModelError, match="neither a score per class nor boxes"):
        describe(
            exported, Description(out=exported.with_name("m.onnx"), labels=exported.with_name("labels.txt"))
        )


def test_a_model_of_ours_gets_new_names_and_keeps_its_answers(exported: Path) -> None:
    said = Description(out=exported.with_name("model.onnx"), labels=exported.with_name("labels.txt"))
    first = describe(exported, said)
    table = exported.with_name("taxa.csv")
    table.write_text("label,en,fr,scientific\nlynx,bobcat,lynx roux,Lynx rufus\n", encoding="utf-8")
    second = describe(first.path, Description(out=exported.with_name("named.onnx"), taxonomy=table))
    assert second.card.taxa[0].name("fr") == "lynx roux"
    assert second.card.labels == first.card.labels
    assert onnx.load_from_string(second.graph).graph == onnx.load_from_string(first.graph).graph


def test_a_taxonomy_that_names_a_class_the_model_has_not_is_refused(exported: Path) -> None:
    first = describe(
        exported, Description(out=exported.with_name("model.onnx"), labels=exported.with_name("labels.txt"))
    )
    table = exported.with_name("taxa.csv")
    table.write_text("label,en\nlinx,bobcat\n", encoding="utf-8")
    with pytest.raises(UsageError, match="linx"):
        describe(first.path, Description(out=exported.with_name("named.onnx"), taxonomy=table))


@pytest.mark.parametrize("text", ["lynx\n\nhare\n", "lynx\nlynx\n"])
def test_labels_must_be_there_and_differ(tmp_path: Path, text: str) -> None:
    (tmp_path / "labels.txt").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="twice or"):
        read_labels(tmp_path / "labels.txt")


def test_scores_that_are_said_to_be_probabilities_and_are_not_are_refused(exported: Path) -> None:
    said = Description(
        out=exported.with_name("model.onnx"),
        labels=exported.with_name("labels.txt"),
        activation=Activation.NONE,
    )
    with pytest.raises(ModelError, match="no probabilities"):
        describe(exported, said)
    assert not said.out.exists()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"std": (0.0, 0.0, 0.0)}, "std"),
        ({"licence": "x" * 1100}, "licence"),
        ({"name": "n\x1b[2J"}, "name"),
    ],
)
def test_values_that_no_card_holds_are_told_by_name(
    exported: Path, change: dict[str, object], named: str
) -> None:
    said = Description(out=exported.with_name("model.onnx"), labels=exported.with_name("labels.txt"))
    with pytest.raises(UsageError, match=f"this {named}"):
        describe(exported, replace(said, **change))  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [-1, 0, 4, 5000])
def test_an_input_of_an_unusable_size_is_told(networks: Networks, exported: Path, size: int) -> None:
    onnx.save(networks.classifier(side=None), exported)
    said = Description(
        out=exported.with_name("model.onnx"), labels=exported.with_name("labels.txt"), size=size
    )
    with pytest.raises(UsageError, match=f"{size} pixels"):
        describe(exported, said)


def test_a_label_that_could_command_a_terminal_is_named(exported: Path) -> None:
    labels = exported.with_name("labels.txt")
    labels.write_text("lynx\nha\x1b[2Jre\nvide\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"ha.x1b\[2Jre"):
        describe(exported, Description(out=exported.with_name("model.onnx"), labels=labels))
