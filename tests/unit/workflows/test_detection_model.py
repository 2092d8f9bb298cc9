"""A detector judged on photos whose boxes are known."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import pytest

from taxolens.core.errors import DataError
from taxolens.modelfile.card import CardClass
from taxolens.recipes.evaluate import EvaluateRecipe
from taxolens.recipes.source import SourceRecipe
from taxolens.recipes.tile import TileRecipe
from taxolens.workflows.detection_evaluate import DetectionSummary
from taxolens.workflows.evaluate_any import evaluate_any
from tests.unit.inference.square_detector import CELL, SIDE, squares, write_square_model, write_squares
from tests.unit.workflows.test_identify import Listener

# A photo is three squares wide and two high; YOLO wants the middle, the width and the height
LEFT_TOP, RIGHT_LOW = "0.1666667 0.25 0.3333333 0.5", "0.8333333 0.75 0.3333333 0.5"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A red and a green square, a red one that is called green, and nothing."""
    folder = tmp_path / "squares"
    labels = {"a": f"0 {LEFT_TOP}\n1 {RIGHT_LOW}", "b": f"1 {LEFT_TOP}", "c": ""}
    write_squares(folder / "images" / "a.png", (0, 0, "red"), (2, 1, "green"))
    write_squares(folder / "images" / "b.png", (0, 0, "red 0.2"))
    write_squares(folder / "images" / "c.png")
    (folder / "labels").mkdir()
    for name, text in labels.items():
        (folder / "labels" / f"{name}.txt").write_text(text, encoding="utf-8")
    (folder / "data.yaml").write_text("path: .\ntrain: images\nnames: [Rouge, green]\n", encoding="utf-8")
    return folder


@pytest.fixture
def recipe(data: Path, tmp_path: Path) -> EvaluateRecipe:
    classes = (CardClass(id="red", names={"fr": "rouge"}), CardClass(id="green"))
    model = write_square_model(tmp_path / "model.onnx", classes=classes).path
    return EvaluateRecipe(model, SourceRecipe(data), workers=1)


def run(recipe: EvaluateRecipe, tmp_path: Path, listener: Listener | None = None) -> DetectionSummary:
    summary = evaluate_any(recipe, home=tmp_path / "home", progress=listener)
    assert isinstance(summary, DetectionSummary)
    return summary


def test_boxes_of_a_detector_are_judged_under_the_names_of_the_data(
    recipe: EvaluateRecipe, tmp_path: Path
) -> None:
    summary = run(dataclasses.replace(recipe, score=0.03), tmp_path)
    result = summary.result
    assert result.labels == ("Rouge", "green")
    assert result.n == 3 and result.true == 3
    # rows: Rouge, green, nothing; the faint red square of b.png is called green by its labels
    assert result.confusion == ((1, 0, 0), (1, 1, 0), (0, 0, 0))


def test_boxes_below_the_thresholds_of_the_card_are_judged_too(
    recipe: EvaluateRecipe, tmp_path: Path
) -> None:
    assert run(recipe, tmp_path).result.found == 3  # the faint one has a score of 0.04


def test_figures_and_page_name_the_model(recipe: EvaluateRecipe, tmp_path: Path) -> None:
    written = dataclasses.replace(recipe, json=tmp_path / "out.json", report=tmp_path / "out.html")
    summary = run(written, tmp_path)
    document = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert document["map50"] == summary.result.map50.value
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "squares" in page and "model.onnx" in page


def test_classes_that_the_detector_cannot_know_are_not_judged(
    recipe: EvaluateRecipe, data: Path, tmp_path: Path
) -> None:
    (data / "data.yaml").write_text("path: .\ntrain: images\nnames: [red, blue]\n", encoding="utf-8")
    listener = Listener()
    summary = run(recipe, tmp_path, listener)
    assert summary.result.labels == ("red",) and summary.result.true == 1
    assert "Boxes of classes that the model does not know, which are not judged: blue (2)." in listener.notes
    (data / "data.yaml").write_text("path: .\ntrain: images\nnames: [cyan, blue]\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"knows none of the classes in .*cyan, blue\. It knows red, green"):
        run(recipe, tmp_path)
    whole = run(dataclasses.replace(recipe, one_class=True), tmp_path)
    assert whole.result.recall.value == 1


def test_a_photo_that_cannot_be_read_is_a_failure(recipe: EvaluateRecipe, data: Path, tmp_path: Path) -> None:
    (data / "images" / "b.png").write_bytes((data / "images" / "b.png").read_bytes()[:60])
    summary = run(recipe, tmp_path)
    assert [one.name for one in summary.failures] == ["images/b.png"]
    assert summary.result.n == 2


def test_a_detector_is_judged_with_the_tiles_that_are_asked_for(tmp_path: Path) -> None:
    """Squares that fill a cell of the network in a tile, and the ninth part of one in the whole photo."""
    folder = tmp_path / "large"
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    squares((0, 0, "red"), (4, 3, "red"), size=(9 * CELL, 9 * CELL)).save(folder / "images" / "a.png")
    side = 1 / 9
    lines = [f"0 {(x + 0.5) * side} {(y + 0.5) * side} {side} {side}" for x, y in ((0, 0), (4, 3))]
    (folder / "labels" / "a.txt").write_text("\n".join(lines), encoding="utf-8")
    (folder / "classes.txt").write_text("red\n", encoding="utf-8")
    model = write_square_model(tmp_path / "model.onnx").path
    whole = EvaluateRecipe(model, SourceRecipe(folder), workers=1)
    tiled = dataclasses.replace(whole, tile=TileRecipe(size=SIDE, overlap=1 / 3, whole=False))
    assert run(whole, tmp_path).result.map50.value == 0
    assert run(tiled, tmp_path).result.map50.value == 1


def test_a_detector_of_a_run_is_known_to_have_learnt_from_a_photo(
    recipe: EvaluateRecipe, data: Path, tmp_path: Path
) -> None:
    in_run = dataclasses.replace(recipe, report=tmp_path / "page.html")
    (tmp_path / "recipe.json").write_text('{"source": {}, "method": "detect"}', encoding="utf-8")
    digest = hashlib.sha256((data / "images" / "a.png").read_bytes()).hexdigest()
    table = tmp_path / "split.csv"
    table.write_text(f"file,split,sha256\na.png,train,{digest}\n", encoding="utf-8")
    listener = Listener()
    run(in_run, tmp_path, listener)
    assert any("learnt from 1 of these 3 photos" in one for one in listener.notes)
    assert "it looks too good" in (tmp_path / "page.html").read_text(encoding="utf-8")
    table.write_text("file,split,sha256\nother.png,train,0123\n", encoding="utf-8")
    run(in_run, tmp_path)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "The detector learnt from none of these photos." in page


def test_nobody_knows_whether_a_detector_learnt_from_a_photo_of_which_it_may_have_seen_tiles(
    recipe: EvaluateRecipe, data: Path, tmp_path: Path
) -> None:
    in_run = dataclasses.replace(recipe, report=tmp_path / "page.html")
    (tmp_path / "recipe.json").write_text('{"source": {}, "method": "detect"}', encoding="utf-8")
    rows = ["file,split,sha256", "x~0-0.png,train,0123"]
    (tmp_path / "split.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (data / "prepare.toml").write_text("[tile]\nsize = 64\noverlap = 0.2\n", encoding="utf-8")
    run(in_run, tmp_path)
    assert "is not known here" in (tmp_path / "page.html").read_text(encoding="utf-8")
    rows += [
        f"{one.name},test,{hashlib.sha256(one.read_bytes()).hexdigest()}"
        for one in (data / "images").iterdir()
    ]
    (tmp_path / "split.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    run(in_run, tmp_path)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "The detector learnt from none of these photos." in page
