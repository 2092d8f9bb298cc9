from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taxolens.core.errors import ModelError, UsageError
from taxolens.probe.families import family, is_detector, told_family
from tests.unit.inference.raw_outputs import BINS, written

FILE = Path("net.onnx")
SIDES = (128, 128)
CORNERS = np.array([[70, 70, 120, 120], [10, 10, 40, 40]], np.float32)


def answer(name: str, classes: int = 4) -> dict[str, np.ndarray]:
    """What a network of a family answers: one output but for PicoDet."""
    scores = np.full((2, classes), 0.5, np.float32)
    raw = written(name, CORNERS, scores, *SIDES)
    if name != "picodet":
        return {"output": raw[np.newaxis]}
    raw[:, classes:] -= 1
    found, start = {}, 0
    for step in (8, 16, 32):
        count = (128 // step) ** 2
        found[f"scores{step}"] = raw[np.newaxis, start : start + count, :classes]
        found[f"sides{step}"] = raw[np.newaxis, start : start + count, classes:]
        start += count
    return found


@pytest.mark.parametrize("name", ["yolov5", "yolov8", "yolox", "picodet"])
def test_a_family_and_its_classes_are_seen_by_what_it_answers(name: str) -> None:
    found = family(answer(name), SIDES, classes=None, file=FILE)
    assert (found.decoder, found.classes, found.fed) == (name, 4, name)


def test_boxes_that_are_thinned_do_not_tell_how_many_classes_there_are() -> None:
    found = family(answer("end-to-end"), SIDES, classes=None, file=FILE)
    assert (found.decoder, found.classes) == ("end-to-end", None)


def test_the_maps_of_picodet_are_paired_whatever_their_order() -> None:
    maps = answer("picodet")
    for names in (sorted(maps), sorted(maps, reverse=True)):
        found = family({name: maps[name] for name in names}, SIDES, classes=None, file=FILE)
        assert found.tensors == ("scores8", "scores16", "scores32", "sides8", "sides16", "sides32")
    assert maps["sides8"].shape[2] == 4 * BINS


def test_further_outputs_are_left_out() -> None:
    raw = {**answer("yolov5"), "map": np.zeros((1, 3, 16, 16, 9), np.float32)}
    assert family(raw, SIDES, classes=None, file=FILE).tensors == ("output",)


def test_a_table_of_cells_in_pixels_is_told_by_the_number_of_classes_or_asked_for() -> None:
    turned = {"output": answer("yolov8")["output"].transpose(0, 2, 1)}
    assert family(turned, SIDES, classes=4, file=FILE).decoder == "yolov8"
    found = family(turned, SIDES, classes=3, file=FILE)
    assert (found.decoder, found.fed) == ("yolov5", "yolox")
    assert told_family("yolov5", turned, SIDES, file=FILE) == found
    with pytest.raises(UsageError, match=r"4 classes, or 3 and .* --decoder yolov8 or --decoder yolov5"):
        family(turned, SIDES, classes=None, file=FILE)


def test_a_table_that_fits_nothing_is_told_with_its_shape() -> None:
    strange = {"output": np.zeros((1, 337, 9), np.float32)}
    with pytest.raises(ModelError, match=r"\[1, 337, 9\].*--decoder"):
        family(strange, SIDES, classes=None, file=FILE)
    assert told_family("yolov5", strange, SIDES, file=FILE).classes == 4


def test_a_decoder_that_does_not_read_the_output_is_refused() -> None:
    with pytest.raises(ModelError, match="picodet does not read"):
        told_family("picodet", answer("yolov5"), SIDES, file=FILE)
    with pytest.raises(ModelError, match="does not read"):
        told_family("yolox", {"output": np.zeros((1, 5), np.float32)}, SIDES, file=FILE)
    with pytest.raises(UsageError, match="no decoder called yolov0"):
        told_family("yolov0", answer("yolov5"), SIDES, file=FILE)


def test_scores_of_a_classifier_are_no_boxes() -> None:
    assert not is_detector({"logits": np.zeros((1, 1000), np.float32)})
    assert not is_detector({"map": np.zeros((1, 6, 7, 7), np.float32)})
    assert is_detector(answer("yolov8"))
