from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from taxolens.core.errors import ModelError, TaxolensError, UsageError
from taxolens.core.taxonomy import Role
from taxolens.imaging.preprocess import Colours, Fit
from taxolens.inference.detector import DetectorPredictor
from taxolens.modelfile.card import Task
from taxolens.modelfile.read import read_model
from taxolens.workflows.describe import COCO, Description, describe
from tests.unit.inference.raw_outputs import written
from tests.unit.inference.square_detector import SIDE, square_graph, squares

FAMILIES = ("yolov5", "yolov8", "yolox", "picodet", "end-to-end", "rt-detr")
CORNERS = np.array([[16, 32, 80, 96], [64, 8, 112, 40]], np.float32)
SCORES = np.array([[0.1, 0.7, 0.05], [0.6, 0.3, 0.0]], np.float32)


def always(outputs: dict[str, np.ndarray], *, side: int | str = 128) -> onnx.ModelProto:
    """A network that answers every image with the same."""
    nodes = [
        helper.make_node("ReduceMean", ["pixels"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        *(helper.make_node("Add", [f"fixed {name}", "nothing"], [name]) for name in outputs),
    ]
    weights = {f"fixed {name}": value for name, value in outputs.items()} | {"zero": np.float32(0)}
    graph = helper.make_graph(
        nodes,
        "always",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [1, 3, side, side])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, value.shape)
            for name, value in outputs.items()
        ],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def answers(family: str) -> dict[str, np.ndarray]:
    """The outputs of a network of this family that has found two things."""
    raw = written(family, CORNERS, SCORES, 128, 128)
    if family != "picodet":
        return {"output0": raw[np.newaxis]}
    maps, start = {}, 0
    for step in (8, 16, 32):
        count = (128 // step) ** 2
        maps[f"scores{step}"] = raw[np.newaxis, start : start + count, :3]
        # Where nothing is, any distances will do; a softmax never minds a constant.
        maps[f"sides{step}"] = raw[np.newaxis, start : start + count, 3:] - np.float32(1)
        start += count
    return maps


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    file = tmp_path / "labels.txt"
    file.write_text("lynx\nhare\nperson\n", encoding="utf-8")
    return file


@pytest.mark.parametrize("family", FAMILIES)
def test_a_detector_of_any_family_gets_a_card_and_finds_what_it_found(
    family: str, labels: Path, tmp_path: Path
) -> None:
    onnx.save(always(answers(family)), tmp_path / "net.onnx")
    model = describe(tmp_path / "net.onnx", Description(out=tmp_path / "model.onnx", labels=labels))
    card = read_model(tmp_path / "model.onnx").card
    assert (card.task, card.output.decoder, card.labels) == (Task.DETECT, family, ("lynx", "hare", "person"))
    assert card.taxa[2].role is Role.PERSON
    (answer,) = DetectorPredictor(model).predict(np.zeros((128, 128, 3), np.uint8))
    assert [one.label for one in answer.detections] == ["hare", "lynx"]
    assert [one.score for one in answer.detections] == pytest.approx([0.7, 0.6], abs=1e-5)
    for one, corners, scores in zip(answer.detections, CORNERS / 128, SCORES, strict=True):
        box = (one.box.x, one.box.y, one.box.x + one.box.width, one.box.y + one.box.height)
        assert box == pytest.approx(tuple(corners), abs=1e-4)
        if family != "end-to-end":
            assert one.distribution == pytest.approx(scores / scores.sum(), abs=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_cannot_be_seen_is_asked_for_by_name(family: str, tmp_path: Path) -> None:
    onnx.save(always(answers(family)), tmp_path / "net.onnx")
    with pytest.raises(UsageError, match="--labels FILE"):
        describe(tmp_path / "net.onnx", Description(out=tmp_path / "model.onnx"))
    assert not (tmp_path / "model.onnx").exists()


@pytest.mark.parametrize("family", FAMILIES[:4])
def test_labels_that_are_too_few_are_told_in_one_sentence(family: str, labels: Path, tmp_path: Path) -> None:
    labels.write_text("lynx\nhare\n", encoding="utf-8")
    onnx.save(always(answers(family)), tmp_path / "net.onnx")
    with pytest.raises(ModelError, match="has 3 classes, but 2 are named"):
        describe(tmp_path / "net.onnx", Description(out=tmp_path / "model.onnx", labels=labels))


def test_what_the_exporter_wrote_is_used(tmp_path: Path) -> None:
    network = always(answers("yolov8"))
    for key, value in {
        "task": "detect",
        "names": "{0: 'lynx', 1: 'hare', 2: 'fox'}",
        "license": "AGPL-3.0",
    }.items():
        network.metadata_props.add(key=key, value=value)
    onnx.save(network, tmp_path / "net.onnx")
    card = describe(tmp_path / "net.onnx", Description(out=tmp_path / "model.onnx")).card
    assert (card.labels, card.licence, card.notes) == (("lynx", "hare", "fox"), "AGPL-3.0", ())
    assert (card.input.fit, card.input.order, card.output.overlap) == (Fit.LETTERBOX, "rgb", 0.7)


def test_a_network_for_masks_is_refused(tmp_path: Path) -> None:
    network = always(answers("yolov8"))
    network.metadata_props.add(key="task", value="segment")
    onnx.save(network, tmp_path / "net.onnx")
    with pytest.raises(ModelError, match='task "segment"'):
        describe(tmp_path / "net.onnx", Description(out=tmp_path / "model.onnx"))


def test_eighty_classes_without_names_may_be_those_of_coco(tmp_path: Path) -> None:
    scores = np.zeros((2, 80), np.float32)
    scores[0, 20] = 0.9
    onnx.save(always({"o": written("yolov8", CORNERS, scores, 128, 128)[np.newaxis]}), tmp_path / "net.onnx")
    with pytest.raises(UsageError, match="--labels coco"):
        describe(tmp_path / "net.onnx", Description(out=tmp_path / "model.onnx"))
    card = describe(tmp_path / "net.onnx", Description(out=tmp_path / "model.onnx", labels=COCO)).card
    roles = {taxon.id: taxon.role for taxon in card.taxa}
    assert len(card.labels) == 80 and card.labels[20] == "elephant"
    assert (roles["elephant"], roles["person"], roles["car"], roles["chair"]) == (
        None,
        Role.PERSON,
        Role.VEHICLE,
        Role.OTHER,
    )


def test_a_form_that_is_not_known_is_told_with_its_shape(labels: Path, tmp_path: Path) -> None:
    onnx.save(always({"o": np.zeros((1, 500, 9), np.float32)}), tmp_path / "net.onnx")
    said = Description(out=tmp_path / "model.onnx", labels=labels)
    with pytest.raises(ModelError, match=r"\[1, 500, 9\]"):
        describe(tmp_path / "net.onnx", said)


def test_the_photo_of_a_foreign_detector_is_scaled_ordered_and_padded_as_its_family_is_used(
    tmp_path: Path,
) -> None:
    (tmp_path / "labels.txt").write_text("blue\ngreen\n", encoding="utf-8")
    onnx.save(square_graph(exported=True), tmp_path / "net.onnx")
    model = describe(
        tmp_path / "net.onnx", Description(out=tmp_path / "model.onnx", labels=tmp_path / "labels.txt")
    )
    assert (model.card.input.order, model.card.input.fit) == ("bgr", Fit.CORNER)
    photo = np.asarray(squares((0, 0, "red"), (2, 1, "green")))
    (answer,) = DetectorPredictor(model).predict(photo[..., ::-1])
    assert {one.label for one in answer.detections} == {"blue", "green"}
    assert sorted(round(one.box.x, 3) for one in answer.detections) == [0, 0.667]
    said = Description(
        out=tmp_path / "rgb.onnx", labels=tmp_path / "labels.txt", order=Colours.RGB, fit=Fit.LETTERBOX
    )
    card = describe(tmp_path / "net.onnx", said).card
    assert (card.input.order, card.input.fit) == ("rgb", Fit.LETTERBOX)


def test_a_detector_with_open_sides_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("blue\ngreen\n", encoding="utf-8")
    onnx.save(square_graph(side=None, exported=True), tmp_path / "net.onnx")
    said = Description(out=tmp_path / "model.onnx", labels=tmp_path / "labels.txt", size=160)
    model = describe(tmp_path / "net.onnx", said)
    assert (model.card.input.width, model.card.input.multiple) == (160, 32)
    photo = np.asarray(squares((4, 1, "green"), size=(160, 64)))
    (answer,) = DetectorPredictor(model).predict(photo)
    (one,) = answer.detections
    assert (one.box.x, one.box.width) == (pytest.approx(0.8), pytest.approx(0.2))
    fixed = Description(out=tmp_path / "fixed.onnx", labels=tmp_path / "labels.txt")
    onnx.save(square_graph(side=SIDE, exported=True), tmp_path / "net.onnx")
    assert describe(tmp_path / "net.onnx", fixed).card.input.multiple is None


def test_a_decoder_that_the_user_names_counts(labels: Path, tmp_path: Path) -> None:
    turned = answers("yolov8")["output0"].transpose(0, 2, 1)
    onnx.save(always({"o": np.ascontiguousarray(turned)}), tmp_path / "net.onnx")
    said = Description(out=tmp_path / "model.onnx", labels=labels, decoder="yolov8")
    assert describe(tmp_path / "net.onnx", said).card.output.decoder == "yolov8"
    wrong = Description(out=tmp_path / "wrong.onnx", labels=labels, decoder="yolov5")
    with pytest.raises(TaxolensError, match="has 2 classes, but 3"):
        describe(tmp_path / "net.onnx", wrong)
