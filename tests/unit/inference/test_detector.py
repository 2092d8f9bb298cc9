from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper, numpy_helper
from PIL import Image

import taxolens
from taxolens.core.engine import Engine
from taxolens.core.errors import ModelError, UsageError
from taxolens.core.geometry import Box
from taxolens.core.records import Status
from taxolens.imaging.preprocess import Fit
from taxolens.inference.detector import DetectorPredictor
from taxolens.inference.opened import open_model
from taxolens.modelfile.card import CardInput, CardOutput
from taxolens.modelfile.read import ModelFile
from taxolens.modelfile.write import write_model
from tests.unit.inference.square_detector import (
    SIDE,
    square_card,
    square_graph,
    squares,
    write_square_model,
    write_squares,
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> DetectorPredictor:
    path = tmp_path_factory.mktemp("model") / "squares.onnx"
    return DetectorPredictor(write_square_model(path))


def places(box: Box) -> tuple[float, ...]:
    return (box.x, box.y, box.width, box.height)


def test_the_boxes_of_a_photo_are_where_its_things_are(model: DetectorPredictor) -> None:
    photo = np.asarray(squares((0, 0, "red"), (2, 1, "green 0.8")))
    (answer,) = model.predict(photo)
    assert answer.status is Status.OK
    red, green = answer.detections
    assert (red.label, green.label) == ("red", "green")
    assert places(red.box) == pytest.approx((0, 0, 1 / 3, 1 / 2))
    assert places(green.box) == pytest.approx((2 / 3, 1 / 2, 1 / 3, 1 / 2))
    # Objectness x class: 0.8 x 0.8.
    assert (red.score, green.score) == (pytest.approx(1), pytest.approx(0.64, abs=0.01))
    assert red.distribution.tolist() == pytest.approx([1, 0])


def test_a_box_between_two_classes_tells_both(model: DetectorPredictor) -> None:
    (answer,) = model.predict(np.asarray(squares((1, 0, "both"))))
    (one,) = answer.detections
    assert one.distribution.tolist() == pytest.approx([0.5, 0.5])
    assert one.margin == pytest.approx(1)


def test_photos_without_things_are_blank_and_broken_ones_failures(
    model: DetectorPredictor, tmp_path: Path
) -> None:
    (tmp_path / "torn.jpg").write_bytes(b"\xff\xd8\xff torn")
    black = write_squares(tmp_path / "black.png")
    full = write_squares(tmp_path / "full.png", (0, 0, "red"))
    blank, failed, found = model.predict([black, tmp_path / "torn.jpg", str(full)])
    assert (blank.status, blank.detections) == (Status.BLANK, ())
    assert failed.status is Status.FAILED and failed.failure is not None and failed.failure.code == "damaged"
    assert found.name == str(full) and len(found.detections) == 1


def test_the_threshold_decides_which_boxes_are_shown(model: DetectorPredictor) -> None:
    photo = np.asarray(squares((0, 0, "red"), (1, 1, "green 0.5")))
    assert [len(one.detections) for one in model.predict([photo])] == [1]
    assert [len(one.detections) for one in model.predict([photo], threshold=0.2)] == [2]
    with pytest.raises(UsageError, match="lower than"):
        model.predict([photo], threshold=0.01)


@given(
    cells=st.sets(st.tuples(st.integers(0, 4), st.integers(0, 2)), max_size=6),
    fit=st.sampled_from([Fit.LETTERBOX, Fit.CORNER]),
    wide=st.booleans(),
)
def test_an_input_with_open_sides_is_only_as_large_as_the_photo(
    tmp_path_factory: pytest.TempPathFactory, cells: set[tuple[int, int]], fit: Fit, wide: bool
) -> None:
    path = tmp_path_factory.mktemp("open") / "open.onnx"
    rule = CardInput(width=160, height=160, fit=fit, multiple=32)
    model = DetectorPredictor(write_model(square_graph(side=None), square_card(input=rule), path))
    photo = np.asarray(squares(*((*cell, "red") for cell in cells), size=(160, 96)))
    photo = photo if wide else photo.transpose(1, 0, 2)
    (answer,) = model.predict(photo)
    found = {
        (round(one.box.x * photo.shape[1] / 32), round(one.box.y * photo.shape[0] / 32))
        for one in answer.detections
    }
    assert found == (cells if wide else {(row, column) for column, row in cells})


@pytest.mark.parametrize("size", [(96, 64), (960, 640), (960, 634), (48, 96), (31, 17)])
@pytest.mark.parametrize("fit", [Fit.LETTERBOX, Fit.CORNER, Fit.SQUASH])
def test_no_box_leaves_the_photo_whatever_its_shape(tmp_path: Path, size: tuple[int, int], fit: Fit) -> None:
    rule = CardInput(width=SIDE, height=SIDE, fit=fit)
    model = DetectorPredictor(write_square_model(tmp_path / "model.onnx", input=rule))
    photo = np.asarray(Image.new("RGB", size, (255, 0, 0)))
    (answer,) = model.predict(photo)
    assert answer.detections
    for one in answer.detections:
        assert min(places(one.box)) >= 0 and one.box.x + one.box.width <= 1 + 1e-6


def test_an_answer_does_not_depend_on_neighbours_or_workers(model: DetectorPredictor) -> None:
    photos = [np.asarray(squares((n % 3, n % 2, "red 0.8"), (n % 2, 1, "green"))) for n in range(8)]
    together = model.predict(photos, workers=4)
    for photo, several in zip(photos, together, strict=True):
        (alone,) = model.predict(photo, workers=1)
        assert [one.box for one in alone.detections] == [one.box for one in several.detections]
        for one, other in zip(alone.detections, several.detections, strict=True):
            assert one.distribution.tobytes() == other.distribution.tobytes()


def test_an_answer_that_is_no_number_is_told_in_one_sentence(tmp_path: Path) -> None:
    graph = square_graph()
    graph.graph.node[-1].output[0] = "raw"
    graph.graph.node.append(helper.make_node("Add", ["raw", "nothing"], ["boxes"]))
    graph.graph.initializer.append(numpy_helper.from_array(np.asarray(np.nan, np.float32), "nothing"))
    path = tmp_path / "nan.onnx"
    model = DetectorPredictor(write_model(graph, square_card(), path))
    with pytest.raises(ModelError, match="no number"):
        model.predict(np.zeros((9, 9, 3), np.uint8))


def test_a_decoder_that_is_not_known_is_told_before_anything_is_run(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    file = write_square_model(path, output=CardOutput(decoder="crystal ball", tensor="boxes"))
    with pytest.raises(ModelError, match="crystal ball"):
        DetectorPredictor(file)


def test_load_opens_detectors_and_classifiers(tmp_path: Path, colour_model: ModelFile) -> None:
    path = write_square_model(tmp_path / "squares.onnx").path
    assert isinstance(taxolens.load(path), taxolens.DetectorPredictor)
    assert isinstance(open_model(colour_model.path), taxolens.Predictor)


def test_openvino_finds_the_same_boxes(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    file = write_square_model(tmp_path / "squares.onnx")
    photo = np.asarray(squares((0, 0, "red"), (2, 1, "green")))
    (ours,) = DetectorPredictor(file).predict(photo)
    (theirs,) = DetectorPredictor(file, Engine.OPENVINO).predict(photo)
    assert [one.label for one in ours.detections] == [one.label for one in theirs.detections]
    for one, other in zip(ours.detections, theirs.detections, strict=True):
        assert places(one.box) == pytest.approx(places(other.box), abs=1e-4)
