from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import taxolens
from taxolens.core.errors import ModelError, UsageError
from taxolens.core.records import Status
from taxolens.inference.predictor import Predictor, open_predictor
from taxolens.modelfile.card import CardOutput, Task
from taxolens.modelfile.read import ModelFile
from taxolens.modelfile.write import write_model
from tests.unit.inference.colour_model import LABELS, SIDE, card, graph, write_colour_model, write_photo


def test_photos_are_named_in_their_order(predictor: Predictor, tmp_path: Path) -> None:
    red, green = write_photo(tmp_path / "a.png", "red"), write_photo(tmp_path / "b.png", "green")
    said = predictor.predict([red, str(green), write_photo(tmp_path / "c.png", "nothing")])
    assert [(one.name, one.label, one.status) for one in said] == [
        (str(red), "red", Status.OK),
        (str(green), "green", Status.OK),
        (str(tmp_path / "c.png"), "nothing", Status.BLANK),
    ]
    assert said[0].top1 == "red"


def test_below_the_models_own_threshold_it_is_unsure_and_the_callers_counts_more(
    predictor: Predictor, tmp_path: Path
) -> None:
    grey = write_photo(tmp_path / "grey.png", "grey")
    assert predictor.predict(grey)[0].label == "unsure"
    assert predictor.predict(grey, threshold=0.0)[0].label == "red"
    assert set(predictor.predict(grey)[0].candidates) == set(LABELS)


def test_arrays_and_files_of_the_same_pixels_get_the_same_answer(
    predictor: Predictor, tmp_path: Path
) -> None:
    path = write_photo(tmp_path / "a.png", "green")
    with Image.open(path) as image:
        pixels, (from_image,) = np.asarray(image), predictor.predict([image])
    (from_path,), (from_array,) = predictor.predict([path]), predictor.predict([pixels])
    assert from_path.ranking == from_array.ranking == from_image.ranking
    assert from_array.name == "0"


def test_a_single_photo_needs_no_list(predictor: Predictor, tmp_path: Path) -> None:
    path = write_photo(tmp_path / "a.png")
    pixels = np.zeros((9, 8, 3), dtype=np.uint8)
    assert (
        len(predictor.predict(path))
        == len(predictor.predict(str(path)))
        == len(predictor.predict(pixels))
        == 1
    )
    assert len(predictor.predict(np.stack([pixels, pixels]))) == 2
    assert predictor.predict([]) == []


def test_a_photo_that_cannot_be_read_says_why_and_the_others_are_answered(
    predictor: Predictor, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no photo")
    said = predictor.predict([tmp_path / "absent.jpg", write_photo(tmp_path / "a.png"), bad])
    assert [one.status for one in said] == [Status.FAILED, Status.OK, Status.FAILED]
    assert said[0].failure is not None
    assert (said[0].failure.code, said[0].failure.name) == ("missing", str(tmp_path / "absent.jpg"))
    assert said[2].failure is not None
    assert said[2].failure.reason


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((8, 8, 3)),
        np.zeros((8, 8), dtype=np.uint8),
        np.zeros((8, 8, 4), dtype=np.uint8),
        np.zeros((0, 8, 3), dtype=np.uint8),
        np.zeros((2, 8, 8, 1), dtype=np.uint8),
    ],
    ids=lambda array: f"{array.dtype} {array.shape}",
)
def test_an_array_of_another_type_or_shape_is_wrong_use(predictor: Predictor, array: np.ndarray) -> None:
    with pytest.raises(
        UsageError, match=r"neither a path nor pixels.*uint8 with the shape \[height, width, 3\]"
    ):
        predictor.predict(array if array.ndim == 4 else [array])


@pytest.mark.parametrize("photo", [None, 7, {"a": 1}])
def test_what_is_no_photo_at_all_is_wrong_use(predictor: Predictor, photo: object) -> None:
    with pytest.raises(UsageError, match="Photo 0 is neither"):
        predictor.predict([photo])
    with pytest.raises(UsageError, match="workers"):
        predictor.predict([], workers=-1)


def test_probabilities_are_a_table_with_gaps_for_photos_that_cannot_be_read(
    predictor: Predictor, tmp_path: Path
) -> None:
    table = predictor.probabilities([write_photo(tmp_path / "a.png", "green"), tmp_path / "absent.jpg"])
    assert table.dtype == np.float32
    assert table.shape == (2, 3)
    assert table[0].argmax() == 1
    assert np.isnan(table[1]).all()


def test_answers_are_the_same_bits_whatever_the_workers_and_the_neighbours(
    predictor: Predictor, tmp_path: Path
) -> None:
    photos = [write_photo(tmp_path / f"{seed}.png", "grey", seed=seed) for seed in range(24)]
    alone = np.concatenate([predictor.probabilities([photo], workers=1) for photo in photos])
    for workers in (1, 2, 5):
        assert predictor.probabilities(photos, workers=workers).tobytes() == alone.tobytes()
    backwards = predictor.probabilities(photos[::-1], workers=3)[::-1]
    assert backwards.tobytes() == alone.tobytes()
    assert len(np.unique(alone, axis=0)) > 12


def test_a_model_that_answers_with_another_number_of_classes_is_told(tmp_path: Path) -> None:
    network = graph(outputs=4)
    network.graph.output[0].type.tensor_type.shape.dim[1].dim_param = "C"
    model = write_model(network, card(), tmp_path / "m.onnx")
    with pytest.raises(ModelError, match="4 scores for 3 classes"):
        Predictor(model).predict(np.zeros((8, 8, 3), dtype=np.uint8))


def test_logits_of_a_foreign_graph_become_probabilities(tmp_path: Path) -> None:
    network = graph()
    del network.graph.node[-1]
    network.graph.output[0].name = "logits"
    foreign = card(output=CardOutput(decoder="logits", tensor="logits", size=3))
    pixels = np.full((SIDE, SIDE, 3), (9, 200, 90), dtype=np.uint8)
    own = Predictor(write_colour_model(tmp_path / "own.onnx")).probabilities(pixels)
    theirs = Predictor(write_model(network, foreign, tmp_path / "theirs.onnx")).probabilities(pixels)
    np.testing.assert_allclose(theirs, own, atol=1e-6)


def test_the_front_door_opens_a_model_file(colour_model: ModelFile, tmp_path: Path) -> None:
    (said,) = taxolens.load(str(colour_model.path)).predict([write_photo(tmp_path / "a.png")], top_k=1)
    assert (said.label, len(said.ranking)) == ("red", 1)


def test_a_model_of_another_task_is_refused(tmp_path: Path) -> None:
    embedder = card(task=Task.EMBED, classes=())
    write_model(graph(), embedder, tmp_path / "m.onnx")
    with pytest.raises(ModelError, match='"embed"'):
        open_predictor(tmp_path / "m.onnx")
