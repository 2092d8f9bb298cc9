"""Detectors compared on the same photos with boxes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from onnx import numpy_helper

from taxolens.core.errors import DataError, UsageError
from taxolens.core.texts import plain
from taxolens.evaluation.rivals import Finding
from taxolens.modelfile.card import CardClass
from taxolens.modelfile.write import write_model
from taxolens.recipes.compare import CompareRecipe
from taxolens.recipes.source import SourceRecipe
from taxolens.workflows.compare_any import compare_any
from taxolens.workflows.compare_boxes import BoxCompareSummary
from tests.unit.conftest import Networks
from tests.unit.inference.square_detector import square_card, square_graph, write_square_model
from tests.unit.workflows.test_variant_boxes import write_set


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_set(tmp_path_factory.mktemp("set") / "squares", photos=64)


def colour_blind(path: Path) -> Path:
    """The detector without its look at green."""
    graph = square_graph()
    for one in graph.graph.initializer:
        if one.name == "seen":
            weights = numpy_helper.to_array(one).copy()
            weights[4:, 1] = 0
            one.CopyFrom(numpy_helper.from_array(weights, "seen"))
    return write_model(graph, square_card(), path).path


def compared(*models: Path, data: Path, tmp_path: Path) -> BoxCompareSummary:
    recipe = CompareRecipe(
        models, SourceRecipe(data), timed=2, json=tmp_path / "told.json", report=tmp_path / "page.html"
    )
    summary = compare_any(recipe, home=tmp_path / "home")
    assert isinstance(summary, BoxCompareSummary)
    return summary


def test_one_that_misses_a_colour_is_worse_and_the_boxes_are_counted(data: Path, tmp_path: Path) -> None:
    good, poor = write_square_model(tmp_path / "good.onnx").path, colour_blind(tmp_path / "poor.onnx")
    summary = compared(good, poor, data=data, tmp_path=tmp_path)
    (rivalry,) = summary.comparison.rivalries
    assert rivalry.finding is Finding.WORSE
    outcomes = rivalry.paired.sizes[0].outcomes
    assert outcomes.only_second == 0 and outcomes.only_first > 20 and outcomes.both > 20
    told = json.loads((tmp_path / "told.json").read_text(encoding="utf-8"))
    assert told["differences"][0]["map50"][0] == pytest.approx(
        told["models"][1]["map50"] - told["models"][0]["map50"]
    )
    assert [one["name"] for one in told["models"]] == ["good", "poor"]
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "poor is worse than good" in page and "poor is worse than good" in summary.lines(plain, "en")[0]


def test_turned_round_it_is_better(data: Path, tmp_path: Path) -> None:
    good, poor = write_square_model(tmp_path / "good.onnx").path, colour_blind(tmp_path / "poor.onnx")
    assert (
        compared(poor, good, data=data, tmp_path=tmp_path).comparison.rivalries[0].finding is Finding.BETTER
    )


def test_between_equals_no_difference_is_shown(data: Path, tmp_path: Path) -> None:
    models = [write_square_model(tmp_path / f"{name}.onnx").path for name in "ab"]
    summary = compared(*models, data=data, tmp_path=tmp_path)
    (rivalry,) = summary.comparison.rivalries
    assert rivalry.finding is Finding.NO_DIFFERENCE
    assert np.isclose(rivalry.paired.difference.value, 0)


def test_a_class_that_one_does_not_know_is_left_out_and_told(data: Path, tmp_path: Path) -> None:
    knows = write_square_model(tmp_path / "knows.onnx").path
    other = (CardClass(id="red"), CardClass(id="violet"))
    strange = write_square_model(tmp_path / "strange.onnx", classes=other).path
    found = compared(knows, strange, data=data, tmp_path=tmp_path).comparison
    assert found.models[0].result.labels == ("red",)
    assert any("green" in note for note in found.notes)


def test_a_class_in_common_is_needed(data: Path, tmp_path: Path) -> None:
    knows = write_square_model(tmp_path / "knows.onnx").path
    other = (CardClass(id="cyan"), CardClass(id="violet"))
    with pytest.raises(DataError, match="known to all"):
        compared(
            knows, write_square_model(tmp_path / "o.onnx", classes=other).path, data=data, tmp_path=tmp_path
        )


def test_a_detector_and_a_classifier_are_not_compared(data: Path, networks: Networks, tmp_path: Path) -> None:
    detector = write_square_model(tmp_path / "d.onnx").path
    classifier = write_model(networks.finished(), networks.card(), tmp_path / "c.onnx").path
    with pytest.raises(UsageError, match="finds boxes and"):
        compared(detector, classifier, data=data, tmp_path=tmp_path)
