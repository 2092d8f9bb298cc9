"""Faster variants of a detector: which photos judge, what is tried, what is said of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from taxolens.core.errors import DataError, ModelError
from taxolens.evaluation.detection.answers import BoxAnswers
from taxolens.modelfile.card import Card, CardClass, CardInput
from taxolens.modelfile.read import read_model
from taxolens.modelfile.write import write_model
from taxolens.recipes.source import SourceRecipe
from taxolens.recipes.variant import VariantRecipe
from taxolens.report.wording import Wording
from taxolens.workflows.variant import VariantSummary, make_variant
from taxolens.workflows.variant_card import card_of_variant
from taxolens.workflows.variant_facts import Way
from tests.conftest import write_class_folders
from tests.unit.inference.square_detector import (
    SIDE,
    square_card,
    square_graph,
    write_square_model,
    write_squares,
)

PLACES = [(column, row) for column in range(3) for row in range(2)]
COLOURS = ("red", "green")


def write_set(folder: Path, photos: int = 40) -> Path:
    """Photos of squares with their boxes; every eighth shows nothing."""
    (folder / "labels").mkdir(parents=True)
    rng = np.random.default_rng(1)
    for number in range(photos):
        shown = rng.permutation(len(PLACES))[: 0 if number % 8 == 0 else 3]
        kinds = rng.integers(0, 2, len(shown))
        squares = [
            (*PLACES[place], f"{COLOURS[kind]} {0.7 + number / 200:.3f}")
            for place, kind in zip(shown, kinds, strict=True)
        ]
        write_squares(folder / "images" / f"{number}.png", *squares)
        lines = [
            f"{kind} {(column + 0.5) / 3:.6f} {(row + 0.5) / 2:.6f} {1 / 3:.6f} 0.5"
            for kind, (column, row) in zip(kinds, (PLACES[place] for place in shown), strict=True)
        ]
        (folder / "labels" / f"{number}.txt").write_text("\n".join(lines), encoding="utf-8")
    names = "path: .\ntrain: images\nnames: [red, green]\n"
    (folder / "data.yaml").write_text(names, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_set(tmp_path_factory.mktemp("set") / "squares")


def any_size(path: Path) -> Path:
    """The detector as a graph that takes any size, in steps of its cells."""
    card = square_card()
    given = CardInput(width=SIDE, height=SIDE, fit=card.input.fit, multiple=32)
    write_model(square_graph(side=None), Card(**{**dict(card), "input": given}), path)
    return path


def made(model: Path, data: Path, tmp_path: Path, **fields: Any) -> VariantSummary:
    recipe = VariantRecipe(
        model, SourceRecipe(data), tmp_path / "small.onnx", json=tmp_path / "told.json", timed=8, **fields
    )
    return make_variant(recipe, home=tmp_path / "home")


@pytest.mark.parametrize("open_sides", [True, False])
def test_a_smaller_input_that_misses_animals_does_not_take_the_place(
    open_sides: bool, data: Path, tmp_path: Path
) -> None:
    model = any_size(tmp_path / "any.onnx") if open_sides else write_square_model(tmp_path / "m.onnx").path
    summary = made(model, data, tmp_path, smaller=1)
    told = json.loads((tmp_path / "told.json").read_text(encoding="utf-8"))
    original, smaller = told["variants"]
    assert original["map50"][0] == pytest.approx(1.0)
    assert smaller["way"]["input"] == [64, 64]
    assert smaller["verdict"] == "loses" and smaller["map50"][0] < 0.9
    sizes = smaller["boxes_by_size"]
    assert sum(one["n"] for one in sizes.values()) == sum(one["original"] for one in sizes.values()) > 50
    assert summary.facts.chosen is summary.facts.original
    assert (tmp_path / "small.onnx").read_bytes() == model.read_bytes()


def test_what_cannot_be_whole_numbers_is_refused_and_told(data: Path, tmp_path: Path) -> None:
    """The layers of this detector are its last ones."""
    summary = made(write_square_model(tmp_path / "m.onnx").path, data, tmp_path, smaller=0)
    (refused,) = summary.facts.refused
    assert "no layers" in refused.why
    page = (tmp_path / "small.html").read_text(encoding="utf-8")
    assert "mAP50" in page and refused.why in page


def rival_of(model: Path, data: Path, tmp_path: Path) -> VariantSummary:
    """A search in which a detector that answers alike takes the place."""
    rival = any_size(tmp_path / "rival.onnx")
    lenient: dict[str, Any] = {"at_worst_lost": 10.0, "least_faster": 0.01, "integers": False, "smaller": 0}
    return made(model, data, tmp_path, rivals=(rival,), **lenient)


def test_one_that_finds_the_same_takes_the_place_and_its_card_says_so(data: Path, tmp_path: Path) -> None:
    model = write_square_model(tmp_path / "m.onnx")
    summary = rival_of(model.path, data, tmp_path)
    card = read_model(tmp_path / "small.onnx").card
    assert card.variant_of == model.sha256 and card.input.multiple == 32
    assert [one.name for one in card.metrics] == ["map50"] and card.metrics[0].n == summary.facts.n
    lines = " ".join(summary.lines(Wording(str, "en")))
    assert "Use rival" in lines and "points of mAP50" in lines


def test_thresholds_follow_scores_that_were_pushed_down(data: Path, tmp_path: Path) -> None:
    facts = rival_of(write_square_model(tmp_path / "m.onnx").path, data, tmp_path).facts
    found = facts.chosen.candidate
    assert isinstance(found.answers, BoxAnswers)
    lower = replace(found.answers, score=found.answers.score / 2)
    chosen = replace(facts.chosen, candidate=replace(found, way=Way(side=(64, 64)), answers=lower))
    recipe = VariantRecipe(tmp_path / "m.onnx", SourceRecipe(data), tmp_path / "small.onnx")
    card = card_of_variant(recipe, replace(facts, chosen=chosen))
    shown, kept = card.thresholds.typical, card.thresholds.conservative
    assert shown is not None and kept is not None and kept <= shown
    before = facts.original.candidate.answers
    assert isinstance(before, BoxAnswers)
    assert (lower.score >= shown).sum() == (before.score >= 0.4).sum()
    assert any("threshold was moved" in note for note in card.notes)


def test_photos_that_choose_ranges_do_not_judge(data: Path, tmp_path: Path) -> None:
    facts = made(write_square_model(tmp_path / "m.onnx").path, data, tmp_path, smaller=0).facts
    assert facts.n + facts.calibrated == 40 and 0 < facts.calibrated < facts.n


def test_photos_without_boxes_cannot_judge_a_detector(tmp_path: Path) -> None:
    folders = write_class_folders(tmp_path / "classes", 3)
    with pytest.raises(DataError, match="has no boxes"):
        made(write_square_model(tmp_path / "m.onnx").path, folders, tmp_path)


def test_a_rival_of_other_classes_is_refused(data: Path, tmp_path: Path) -> None:
    model = write_square_model(tmp_path / "m.onnx").path
    other = write_square_model(tmp_path / "o.onnx", classes=(CardClass(id="blue"), CardClass(id="green")))
    with pytest.raises(ModelError, match="2 classes of the original"):
        made(model, data, tmp_path, rivals=(other.path,))
