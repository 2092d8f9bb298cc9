"""Names taught for boxes, from the boxes to a cascade."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from taxolens.core.errors import DataError, UsageError
from taxolens.core.geometry import Box
from taxolens.core.progress import Silent
from taxolens.data.crops import crops_of, looked_at
from taxolens.data.dataset import load_dataset
from taxolens.demo.dataset import write_detection
from taxolens.imaging.preprocess import Fit
from taxolens.imaging.region import CropRule
from taxolens.inference.cascade_predictor import CascadePredictor
from taxolens.inference.predictor import open_predictor
from taxolens.modelfile.card import Card, CardClass, CardInput, CardOutput, Task, Thresholds
from taxolens.modelfile.pipeline import read_cascade, read_pipeline, write_pipeline
from taxolens.modelfile.read import read_model
from taxolens.modelfile.write import write_model
from taxolens.probe import embeddings
from taxolens.recipes.evaluate import EvaluateRecipe
from taxolens.recipes.identify import IdentifyRecipe
from taxolens.recipes.source import SourceRecipe
from taxolens.recipes.train import TrainRecipe, Views
from taxolens.report.wording import Wording
from taxolens.workflows.evaluate import EvaluateSummary
from taxolens.workflows.evaluate_any import evaluate_any
from taxolens.workflows.identify import identify
from taxolens.workflows.lesson import load_photos
from taxolens.workflows.runs_compare import read_answers
from taxolens.workflows.train import train
from taxolens.workflows.trained import TrainSummary
from tests.unit.inference.colour_model import write_photo
from tests.unit.inference.square_detector import CELL, SIDE, squares, write_square_model, write_squares

NAMES = {"red": "ladybird", "green": "mantis"}


def no_maker(name: str) -> Any:
    raise AssertionError("the backbone in the package needs no maker")


def taught(data: Path, out: Path, home: Path, **fields: Any) -> TrainSummary:
    asked = TrainRecipe(SourceRecipe(data), out, crops=True, saliency=False, workers=2, **fields)
    return train(asked, home=home, maker=no_maker)


def rows_of(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_boxes(folder: Path, photos: int = 24, names: dict[str, str] = NAMES) -> Path:
    """Photos with a red and a green square each, some dim, and a table that says what they are."""
    rng, rows = np.random.default_rng(5), ["file,label,x,y,width,height"]
    for number in range(photos):
        places = rng.permutation(6)[:2]
        colours = [
            f"{name} {strength:.2f}" for name, strength in zip(names, rng.uniform(0.6, 1, 2), strict=True)
        ]
        cells = [
            (int(place) % 3, int(place) // 3, colour) for place, colour in zip(places, colours, strict=True)
        ]
        write_squares(folder / f"{number:02}.png", *cells)
        for (column, row, _), name in zip(cells, names.values(), strict=True):
            rows.append(f"{number:02}.png,{name},{column / 3!r},{row / 2!r},{1 / 3!r},0.5")
    (folder / "boxes.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder / "boxes.csv"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("crops")


@pytest.fixture(scope="module")
def data(place: Path) -> Path:
    return write_boxes(place / "data")


@pytest.fixture(scope="module")
def run(place: Path, data: Path) -> TrainSummary:
    return taught(data, place / "run", place / "home")


@pytest.fixture(scope="module")
def detector(place: Path) -> Path:
    return write_square_model(place / "detector.onnx").path


def test_a_training_tells_boxes_and_photos(run: TrainSummary) -> None:
    assert (run.photos, run.boxes, run.failures) == (24, 48, ())
    assert run.result.labels == ("ladybird", "mantis")
    assert run.result.accuracy.value == 1
    lines = run.lines(Wording(str, "en"))
    assert "from 48 boxes in 24 photos" in lines[0]
    assert lines[1].startswith(f"On {run.result.n} boxes it had never seen")


def test_what_is_left_names_photo_and_box(run: TrainSummary) -> None:
    split = rows_of(run.run / "split.csv")
    assert len(split) == 48
    parts: dict[str, set[str]] = {}
    for row in split:
        parts.setdefault(row["file"], set()).add(row["split"])
    assert all(len(some) == 1 for some in parts.values())
    told = rows_of(run.run / "test_predictions.csv")
    held_back = {file.rsplit("/", 1)[-1] for file, some in parts.items() if some == {"test"}}
    assert {(row["file"], row["number"]) for row in told} == {
        (file, number) for file in held_back for number in "12"
    }
    assert all(float(row["width"]) == pytest.approx(1 / 3, abs=1e-5) for row in told)
    assert set(read_answers(run.run).names) == {f"{row['file']}#{row['number']}" for row in told}
    page = run.report.read_text(encoding="utf-8")
    assert "All boxes of one photo are on the same side of the split." in page
    assert f"{told[0]['file']}#1" in page


def test_the_card_says_what_is_cut_out_and_a_cascade_obeys(
    run: TrainSummary, detector: Path, tmp_path: Path
) -> None:
    card = read_model(run.model).card
    assert card.input.crop is not None
    assert card.input.crop.rule == CropRule()
    assert card.recipe["crops"] is True
    assert read_cascade(detector, run.model).crop == CropRule()
    wide = card.changed(input=card.input.changed(crop=card.input.crop.changed(margin=0.4)))
    other = write_model(onnx.load_from_string(read_model(run.model).graph), wide, tmp_path / "wide.onnx")
    files = read_cascade(detector, other.path)
    assert files.crop == CropRule(margin=0.4)
    pipeline = tmp_path / "both.toml"
    write_pipeline(files, pipeline)
    head = pipeline.read_text(encoding="utf-8").split("[crop]")[0]
    pipeline.write_text(head, encoding="utf-8")
    assert read_pipeline(pipeline).crop == CropRule(margin=0.4)
    pipeline.write_text(head + "[crop]\npixels = 64\n", encoding="utf-8")
    assert read_pipeline(pipeline).crop == CropRule(margin=0.4, pixels=64)


def test_training_and_use_see_the_same_pixels(
    run: TrainSummary, data: Path, detector: Path, place: Path
) -> None:
    dataset = load_dataset(SourceRecipe(data), home=place / "home")
    crops = crops_of(dataset.images, CropRule()).crops
    model = open_predictor(run.model)
    said = list(looked_at(crops, model.named, model.card.preprocess, workers=1, max_megapixels=150))
    both = CascadePredictor(read_cascade(detector, run.model))
    names = [one.photo.path for one in crops[::2]]
    for number, found in enumerate(both.predict(names)):
        for one in found.detections:
            pair = crops[2 * number : 2 * number + 2]
            (row,) = [k for k, crop in enumerate(pair) if close(crop.box, one.box)]
            assert np.allclose(one.distribution[:2], said[2 * number + row], atol=1e-3)


def close(one: Box, other: Box) -> bool:
    return abs(one.x - other.x) < 0.01 and abs(one.y - other.y) < 0.01


def test_a_model_of_boxes_names_what_a_detector_finds(
    run: TrainSummary, detector: Path, place: Path, tmp_path: Path
) -> None:
    (tmp_path / "card").mkdir()
    squares((0, 0, "red"), (2, 1, "green")).save(tmp_path / "card" / "new.png")
    out = tmp_path / "results.csv"
    asked = IdentifyRecipe(photos=tmp_path / "card", model=run.model, detector=detector, out=out, workers=1)
    identify(asked)
    found = {(round(float(row["x"]) * SIDE / CELL), row["top1"]) for row in rows_of(out)}
    assert found == {(0, "ladybird"), (2, "mantis")}


def test_corrected_names_are_learnt_without_looking_at_a_photo_again(
    run: TrainSummary, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrected = place / "corrected.csv"
    text = (run.run / "split.csv").read_text(encoding="utf-8")
    corrected.write_text(text.replace("mantis", "grasshopper"), encoding="utf-8")
    seen: list[int] = []
    plain: Callable[..., Any] = embeddings.looked_at

    def watched(images: Any, *args: Any, **kwargs: Any) -> Any:
        seen.extend(range(len(images)))
        return plain(images, *args, **kwargs)

    monkeypatch.setattr(embeddings, "looked_at", watched)
    again = taught(corrected, place / "again", place / "home")
    assert again.result.labels == ("grasshopper", "ladybird")
    assert seen == []
    assert rows_of(again.run / "split.csv") == [
        {**row, "label": row["label"].replace("mantis", "grasshopper")}
        for row in rows_of(run.run / "split.csv")
    ]


def test_boxes_of_another_set_judge_it(run: TrainSummary, place: Path, tmp_path: Path) -> None:
    asked = EvaluateRecipe(
        run.model,
        SourceRecipe(write_boxes(tmp_path / "more", photos=6)),
        crops=True,
        json=tmp_path / "figures.json",
        report=tmp_path / "page.html",
    )
    found = evaluate_any(asked, home=place / "home")
    assert isinstance(found, EvaluateSummary)
    assert (found.result.n, found.result.groups, found.result.accuracy.value) == (12, 6, 1)
    assert found.lines(Wording(str, "en"))[0].startswith("12 boxes judged: 100.0%")
    assert json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))["n"] == 12
    assert "On these 12 boxes" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_unknown_classes_and_torn_photos_are_told_once(
    run: TrainSummary, place: Path, tmp_path: Path
) -> None:
    table = write_boxes(tmp_path / "more", photos=6, names={"red": "ladybird", "green": "cricket"})
    (tmp_path / "more" / "03.png").write_bytes(b"torn")
    found = evaluate_any(EvaluateRecipe(run.model, SourceRecipe(table), crops=True), home=place / "home")
    assert isinstance(found, EvaluateSummary)
    assert (found.result.n, found.unknown) == (5, {"cricket": 6})
    assert [failure.name for failure in found.failures] == ["03.png"]


@pytest.mark.parametrize("views", list(Views))
def test_views_are_taken_of_boxes(views: Views, data: Path, place: Path) -> None:
    assert taught(data, place / f"run-{views}", place / "home", views=views).result.accuracy.value == 1


def test_what_cannot_be_meant_is_refused_in_a_sentence(
    run: TrainSummary, data: Path, detector: Path, place: Path, tmp_path: Path
) -> None:
    home = place / "home"
    with pytest.raises(UsageError, match="--crops is for --method head"):
        taught(data, tmp_path / "run", home, method="finetune")
    with pytest.raises(UsageError, match="not for scratch"):
        searched = TrainRecipe(SourceRecipe(data), tmp_path / "run", crops=True, method="scratch")
        load_photos(searched, home=home, progress=Silent(), say=str)
    with pytest.raises(DataError, match="has no boxes, which --crops is about"):
        for colour in NAMES:
            write_photo(tmp_path / "photos" / colour / "0.png", colour)
        taught(tmp_path / "photos", tmp_path / "run", home)
    with pytest.raises(DataError, match="are called animal, so there is nothing to tell apart"):
        taught(
            write_boxes(tmp_path / "one", names={"red": "animal", "green": "animal"}), tmp_path / "run", home
        )
    with pytest.raises(DataError, match="taxolens train --crops"):
        train(TrainRecipe(SourceRecipe(data), tmp_path / "run"), home=home, maker=no_maker)
    with pytest.raises(UsageError, match="Leave out --detector"):
        asked = EvaluateRecipe(run.model, SourceRecipe(data), detector=detector, crops=True)
        evaluate_any(asked, home=home)
    with pytest.raises(UsageError, match="finds boxes itself"):
        evaluate_any(EvaluateRecipe(detector, SourceRecipe(data), crops=True), home=home)
    assert not (tmp_path / "run").exists()


def write_pointer(path: Path, boxes: Sequence[Box], size: tuple[int, int]) -> Path:
    """A detector that finds the same boxes in every photo, surely."""
    wide, high = size
    corners = [
        [one.x * wide, one.y * high, (one.x + one.width) * wide, (one.y + one.height) * high] for one in boxes
    ]
    found = np.array([[*corner, 0.9, 0] for corner in corners], np.float32)[None]
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMin", ["pixels"], ["least"], keepdims=0),
            helper.make_node("Mul", ["least", "nought"], ["nothing"]),
            helper.make_node("Add", ["found", "nothing"], ["boxes"]),
        ],
        "pointer",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", high, wide, 3])],
        [helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["N", len(boxes), 6])],
        [numpy_helper.from_array(found, "found"), numpy_helper.from_array(np.float32(0), "nought")],
    )
    card = Card(
        name="pointer",
        task=Task.DETECT,
        classes=(CardClass(id="animal"),),
        input=CardInput(width=wide, height=high, fit=Fit.CORNER),
        output=CardOutput(decoder="end-to-end", tensor="boxes"),
        thresholds=Thresholds(typical=0.4, conservative=0.1),
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return write_model(made, card, path).path


@pytest.mark.slow
def test_drawn_springtails_are_named_in_new_photos_as_they_were_when_judged(tmp_path: Path) -> None:
    size = (416, 320)
    taxa = ("sminthurus_viridis", "protaphorura_armata", "tomocerus_vulgaris")
    drawn = write_detection(tmp_path / "drawn", count=36, seed=4, size=size, taxa=taxa, workers=1)
    summary = taught(tmp_path / "drawn", tmp_path / "run", tmp_path / "home")
    assert summary.boxes == sum(len(record.boxes) for record in drawn.records)
    assert summary.result.accuracy.value > 1 / 2
    told: dict[str, list[dict[str, str]]] = {}
    for row in rows_of(summary.run / "test_predictions.csv"):
        told.setdefault(row["file"], []).append(row)
    name, rows = max(told.items(), key=lambda one: len(one[1]))
    boxes = [Box(*(float(row[side]) for side in ("x", "y", "width", "height"))) for row in rows]
    detector = write_pointer(tmp_path / "pointer.onnx", boxes, size)
    (tmp_path / "card").mkdir()
    shutil.copy(tmp_path / "drawn" / name, tmp_path / "card" / "new.jpg")
    out = tmp_path / "results.csv"
    identify(
        IdentifyRecipe(photos=tmp_path / "card", model=summary.model, detector=detector, out=out, workers=1)
    )
    found = {(round(float(row["x"]), 2), row["top1"]) for row in rows_of(out)}
    assert found == {(round(float(row["x"]), 2), row["predicted"]) for row in rows}
