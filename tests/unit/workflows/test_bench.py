"""Ways of naming photos measured in turns: equal answers, honest ratios, and what is said where a way is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from taxolens.compose.trainers import load_peer_maker
from taxolens.core.errors import DataError, ModelError, UsageError
from taxolens.recipes.bench import BenchRecipe
from taxolens.workflows.bench import bench
from taxolens.workflows.bench_ways import Way
from tests.unit.inference.colour_model import write_colour_model, write_photo
from tests.unit.workflows.test_identify import Listener


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model and eight photos, one of them broken."""
    folder = tmp_path_factory.mktemp("bench")
    write_colour_model(folder / "model.onnx")
    for number in range(7):
        write_photo(folder / "photos" / f"{number}.png", ("red", "green")[number % 2])
    (folder / "photos" / "broken.jpg").write_bytes(b"no photo")
    return folder


def test_ways_answer_the_same_and_are_set_against_the_plainest(place: Path) -> None:
    listener = Listener()
    recipe = BenchRecipe(
        place / "photos",
        place / "model.onnx",
        rounds=2,
        workers=2,
        json=place / "figures.json",
        markdown=place / "speed.md",
    )
    found = bench(recipe, peers=load_peer_maker, progress=listener)
    assert [one.way for one in found.ways] == [Way.ONNX, Way.OURS]
    assert any("PyTorch's own way is left out" in note for note in listener.notes)
    plainest, ours = found.ways
    assert plainest.times == 1 and plainest.agreement == ours.agreement == 1
    assert found.photos == 7 and found.workers == 2
    assert ours.slowest <= ours.rate <= ours.fastest and ours.times_low <= ours.times <= ours.times_high
    assert found.bound == pytest.approx(2000 / (found.stages.whole - found.stages.read - found.stages.write))
    figures = json.loads((place / "figures.json").read_text(encoding="utf-8"))
    assert [one["way"] for one in figures["ways"]] == ["onnx", "ours"]
    table = (place / "speed.md").read_text(encoding="utf-8")
    assert table.count("\n| ") == 2 and "7 photos" in table


def test_what_cannot_be_measured_is_told(place: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        bench(BenchRecipe(place / "nowhere", place / "model.onnx"), peers=load_peer_maker)
    with pytest.raises(DataError, match="7 photos that can be read"):
        bench(BenchRecipe(place / "photos", place / "model.onnx", rounds=9), peers=load_peer_maker)
    with pytest.raises(ModelError):
        bench(BenchRecipe(place / "photos", place / "no.onnx"), peers=load_peer_maker)
    with pytest.raises(UsageError, match="Rounds"):
        BenchRecipe(place / "photos", place / "model.onnx", most=3, rounds=4)
