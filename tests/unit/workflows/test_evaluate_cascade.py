from __future__ import annotations

import json
from pathlib import Path

import pytest

from taxolens.core.taxonomy import Role
from taxolens.modelfile.card import CardClass
from taxolens.modelfile.pipeline import read_cascade, write_pipeline
from taxolens.recipes.evaluate import EvaluateRecipe
from taxolens.recipes.source import SourceRecipe
from taxolens.workflows.evaluate import EvaluateSummary
from taxolens.workflows.evaluate_any import evaluate_any
from tests.unit.inference.colour_model import write_colour_model, write_photo
from tests.unit.inference.square_detector import write_square_model, write_squares


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Photos of red, of green and of nothing; in one of green there is more red than green, but no red box."""
    folder = tmp_path / "photos"
    write_squares(folder / "red" / "0.png", (0, 0, "red"))
    write_squares(folder / "red" / "1.png", (1, 1, "red"), (2, 0, "red 0.8"))
    dull = [(column, row, "red 0.2") for column in range(3) for row in range(2) if (column, row) != (1, 0)]
    write_squares(folder / "green" / "2.png", (1, 0, "green 0.7"), *dull)
    write_squares(folder / "green" / "3.png", (2, 1, "green"), (0, 0, "red 0.5"))
    for number in (4, 5):
        write_photo(folder / "empty" / f"{number}.png", "nothing", seed=number, size=(96, 64))
    return folder


@pytest.fixture
def recipe(photos: Path, tmp_path: Path) -> EvaluateRecipe:
    model = write_colour_model(tmp_path / "model.onnx").path
    detector = write_square_model(tmp_path / "detector.onnx").path
    return EvaluateRecipe(
        model, SourceRecipe(photos), detector=detector, json=tmp_path / "figures.json", workers=1
    )


def judged(recipe: EvaluateRecipe, tmp_path: Path) -> EvaluateSummary:
    summary = evaluate_any(recipe, home=tmp_path / "home")
    assert isinstance(summary, EvaluateSummary)
    return summary


def test_a_cascade_is_judged_by_its_answer_for_the_whole_photo(
    recipe: EvaluateRecipe, tmp_path: Path
) -> None:
    found = judged(recipe, tmp_path)
    assert (found.result.n, found.unknown) == (6, {})
    assert found.result.accuracy.value == 1
    assert recipe.json is not None
    of_class = json.loads(recipe.json.read_text(encoding="utf-8"))["per_class"]
    assert (of_class["nothing"]["recall"], of_class["nothing"]["precision"]) == (1, 1)
    assert {name for name, said in of_class.items() if said["support"]} == {"red", "green", "nothing"}


def test_the_same_photos_judge_the_classifier_alone(recipe: EvaluateRecipe, tmp_path: Path) -> None:
    alone = EvaluateRecipe(recipe.model, recipe.source, workers=1)
    assert judged(alone, tmp_path).result.n == 6


def test_a_pipeline_is_judged_with_a_page(recipe: EvaluateRecipe, tmp_path: Path) -> None:
    assert recipe.detector is not None
    pipeline, page = tmp_path / "both.toml", tmp_path / "page.html"
    write_pipeline(read_cascade(recipe.detector, recipe.model), pipeline)
    found = judged(EvaluateRecipe(pipeline, recipe.source, report=page, workers=1), tmp_path)
    assert found.result.accuracy.value == 1
    assert "squares" in page.read_text(encoding="utf-8")


def test_blanks_are_known_to_a_cascade_whose_classifier_knows_none(
    recipe: EvaluateRecipe, tmp_path: Path
) -> None:
    classes = (CardClass(id="red"), CardClass(id="green"), CardClass(id="blue"))
    model = write_colour_model(tmp_path / "species.onnx", classes=classes).path
    alone = judged(EvaluateRecipe(model, recipe.source, workers=1), tmp_path)
    assert alone.unknown == {"empty": 2}
    both = judged(EvaluateRecipe(model, recipe.source, detector=recipe.detector, workers=1), tmp_path)
    assert (both.unknown, both.result.accuracy.value) == ({}, 1)


def test_people_that_only_the_detector_knows_are_judged_too(recipe: EvaluateRecipe, tmp_path: Path) -> None:
    kinds = (CardClass(id="animal"), CardClass(id="person", role=Role.PERSON))
    detector = write_square_model(tmp_path / "people.onnx", classes=kinds).path
    folder = tmp_path / "more"
    write_squares(folder / "person" / "0.png", (1, 1, "green"))
    write_squares(folder / "red" / "1.png", (1, 1, "red"))
    asked = EvaluateRecipe(recipe.model, SourceRecipe(folder), detector=detector, workers=1)
    assert judged(asked, tmp_path).result.accuracy.value == 1
