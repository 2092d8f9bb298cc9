from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from taxolens.core.errors import DataError, UsageError
from taxolens.modelfile.card import CardClass
from taxolens.modelfile.fingerprint import data_fingerprint
from taxolens.recipes.evaluate import EvaluateRecipe
from taxolens.recipes.source import SourceRecipe
from taxolens.workflows.evaluate import EvaluateSummary, evaluate
from tests.unit.inference.colour_model import write_colour_model, write_photo
from tests.unit.workflows.test_identify import Listener

LEARNT = "made from these very photos"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Eight photos, four of each class."""
    folder = tmp_path / "photos"
    for number in range(8):
        colour = ("red", "green")[number % 2]
        write_photo(folder / colour / f"{number}.png", colour, seed=number)
    return folder


@pytest.fixture
def recipe(photos: Path, tmp_path: Path) -> EvaluateRecipe:
    return EvaluateRecipe(write_colour_model(tmp_path / "model.onnx").path, SourceRecipe(photos), workers=1)


def run(
    recipe: EvaluateRecipe, tmp_path: Path, listener: Listener | None = None, **fields: Any
) -> EvaluateSummary:
    return evaluate(dataclasses.replace(recipe, **fields), home=tmp_path / "home", progress=listener)


def fingerprint(photos: Path) -> str:
    return data_fingerprint(
        (hashlib.sha256(path.read_bytes()).hexdigest(), path.parent.name) for path in photos.glob("*/*.png")
    )


def table(photos: Path, parts: Sequence[str]) -> Path:
    """A table of the photos with their parts of a split."""
    rows = [
        f"{path.relative_to(photos).as_posix()},{path.parent.name},{part}"
        for path, part in zip(sorted(photos.glob("*/*.png")), parts, strict=True)
    ]
    (photos / "split.csv").write_text("\n".join(["file,label,split", *rows]), encoding="utf-8")
    return photos / "split.csv"


def labelled(folder: Path, labels: Sequence[str]) -> Path:
    """A table that calls red photos by several labels."""
    rows = ["file,label"]
    for number, label in enumerate(labels):
        write_photo(folder / f"{number}.png", "red", seed=number)
        rows.append(f"{number}.png,{label}")
    (folder / "labels.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder / "labels.csv"


# --- where figures and page go


@pytest.mark.parametrize("option", ["json", "report"])
def test_nothing_is_written_over_what_is_read(recipe: EvaluateRecipe, tmp_path: Path, option: str) -> None:
    data = table(recipe.source.data, ["test"] * 8)
    from_table = dataclasses.replace(recipe, source=SourceRecipe(data))
    link = tmp_path / "link"
    link.symlink_to(recipe.model)
    for place in (recipe.model, link, data, data.parent / "red" / ".." / data.name):
        before = place.read_bytes()
        written: dict[str, Any] = {option: place}
        with pytest.raises(UsageError, match="is named twice"):
            run(from_table, tmp_path, **written)
        assert place.read_bytes() == before


def test_figures_and_page_need_a_file_each(recipe: EvaluateRecipe, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is named twice"):
        run(recipe, tmp_path, json=tmp_path / "out", report=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    run(recipe, tmp_path, json=tmp_path / "out.json", report=tmp_path / "out.html")
    assert json.loads((tmp_path / "out.json").read_text())["n"] == 8
    assert (tmp_path / "out.html").exists()


# --- which class a label means


@pytest.fixture
def birds(tmp_path: Path) -> Path:
    classes = (
        CardClass(id="european_robin", names={"en": "Robin", "fr": "Rougegorge"}),
        CardClass(id="robin", names={"en": "American robin", "fr": "Merle"}, scientific="Turdus migratorius"),
        CardClass(id="blackbird", names={"en": "Blackbird", "fr": "Merle"}, scientific="Turdus merula"),
    )
    return write_colour_model(tmp_path / "birds.onnx", classes=classes).path


@pytest.mark.parametrize(
    ("label", "right"),
    [
        # Red photos are named as the first class, european_robin.
        ("european_robin", True),
        ("European_Robin", True),
        ("rougegorge", True),
        ("robin", False),
        ("Robin", False),
        ("TURDUS merula", False),
    ],
)
def test_an_id_wins_over_a_name_of_another_class(
    recipe: EvaluateRecipe, birds: Path, tmp_path: Path, label: str, right: bool
) -> None:
    data = labelled(tmp_path / "red", [label] * 2)
    summary = run(recipe, tmp_path, model=birds, source=SourceRecipe(data))
    assert summary.unknown == {}
    assert summary.result.accuracy.value == float(right)


def test_a_name_of_two_classes_means_neither(recipe: EvaluateRecipe, birds: Path, tmp_path: Path) -> None:
    data = labelled(tmp_path / "red", ["merle", "robin", "Merle"])
    summary = run(recipe, tmp_path, model=birds, source=SourceRecipe(data))
    assert summary.unknown == {"Merle": 1, "merle": 1}
    with pytest.raises(DataError, match="knows none of the classes"):
        run(recipe, tmp_path, model=birds, source=SourceRecipe(labelled(tmp_path / "other", ["merle"] * 2)))


def test_ids_that_differ_in_capitals_alone_stay_two_classes(recipe: EvaluateRecipe, tmp_path: Path) -> None:
    classes = (CardClass(id="Ant"), CardClass(id="ant"), CardClass(id="bee", names={"en": "ANT"}))
    model = write_colour_model(tmp_path / "ants.onnx", classes=classes).path
    data = labelled(tmp_path / "red", ["Ant", "Ant", "Ant", "ant", "ANT"])
    summary = run(recipe, tmp_path, model=model, source=SourceRecipe(data))
    assert summary.unknown == {"ANT": 1}
    assert summary.result.n == 4 and summary.result.accuracy.value == 0.75


# --- photos that the model may have learnt from


def test_only_the_test_part_of_a_split_is_judged(recipe: EvaluateRecipe, tmp_path: Path) -> None:
    data = table(recipe.source.data, ["train", "val", "test", "", "test", "test", "train", "train"])
    listener, page = Listener(), tmp_path / "page.html"
    summary = run(recipe, tmp_path, listener, source=SourceRecipe(data), report=page)
    assert summary.result.n == 3
    note = "Only the 3 photos of the test part are judged; the 5 others are left out."
    assert listener.notes == [note]
    assert note in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("parts", [["test"] * 8, ["train"] * 4 + ["val"] * 4])
def test_data_of_which_all_or_nothing_is_a_test_are_judged_whole(
    recipe: EvaluateRecipe, tmp_path: Path, parts: list[str]
) -> None:
    listener = Listener()
    source = SourceRecipe(table(recipe.source.data, parts))
    assert run(recipe, tmp_path, listener, source=source).result.n == 8
    assert listener.notes == []


def test_photos_that_the_model_was_made_from_are_told(recipe: EvaluateRecipe, tmp_path: Path) -> None:
    photos = recipe.source.data
    model = write_colour_model(tmp_path / "own.onnx", data_fingerprint=fingerprint(photos)).path
    # A training leaves out what it cannot read.
    (photos / "red" / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    listener, page = Listener(), tmp_path / "page.html"
    summary = run(recipe, tmp_path, listener, model=model, report=page)
    assert (summary.result.n, len(summary.failures)) == (8, 1)
    assert len(listener.notes) == 1 and LEARNT in listener.notes[0]
    assert LEARNT in page.read_text(encoding="utf-8")


def test_other_photos_and_the_test_part_are_not_told_to_be_learnt_from(
    recipe: EvaluateRecipe, tmp_path: Path
) -> None:
    photos = recipe.source.data
    model = write_colour_model(tmp_path / "own.onnx", data_fingerprint=fingerprint(photos)).path
    listener = Listener()
    run(recipe, tmp_path, listener, model=model, source=SourceRecipe(table(photos, ["train", "test"] * 4)))
    (photos / "split.csv").unlink()
    write_photo(photos / "red" / "new.png", "red", seed=99)
    run(recipe, tmp_path, listener, model=model)
    run(recipe, tmp_path, listener)
    assert not [note for note in listener.notes if LEARNT in note]
