"""Sets with boxes in every format are inspected and prepared alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from taxolens.compose.trainers import load_backbone_maker
from taxolens.core.records import Part
from taxolens.data.dataset import load_dataset
from taxolens.formats.package import member_of
from taxolens.recipes.convert import ConvertRecipe
from taxolens.recipes.derive import OutputRecipe
from taxolens.recipes.inspect import InspectRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.prepare import PrepareRecipe
from taxolens.recipes.source import SourceRecipe
from taxolens.workflows.convert import convert, converts_set
from taxolens.workflows.convert_set import convert_set
from taxolens.workflows.inspect import inspect
from taxolens.workflows.prepare import prepare
from tests.conftest import write_class_folders

FORMATS = ("yolo", "coco", "voc", "labelme", "megadetector", "csv")
SITES = "site,latitude,longitude,start,end,timezone\neast,43.6,3.9,2026-01-01,2026-12-31,+02:00\n"


@pytest.fixture(scope="module")
def yolo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty photos of stripes, each with a box of one of two classes, the last one twice."""
    root = tmp_path_factory.mktemp("sets") / "yolo"
    write_class_folders(root / "images", per_class=10)
    for number, photo in enumerate(sorted((root / "images").rglob("*.jpg"))):
        text = root / "labels" / photo.relative_to(root / "images").with_suffix(".txt")
        text.parent.mkdir(parents=True, exist_ok=True)
        text.write_text(f"{number % 2} 0.5 0.5 0.25 0.5\n" * (2 if number == 29 else 1))
    (root / "classes.txt").write_text("fox\ncafé crème\n", encoding="utf-8")
    return root


def as_(name: str, yolo: Path, out: Path) -> Path:
    """The set in a format."""
    recipe = ConvertRecipe(yolo, OutputRecipe(out, name))
    convert_set(recipe, home=out.parent / "home")
    return out


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_divided_with_its_labels(name: str, yolo: Path, tmp_path: Path) -> None:
    source, out = as_(name, yolo, tmp_path / name), tmp_path / "ready"
    prepare(parse_recipe(PrepareRecipe, {"source.data": source, "out": out}), home=tmp_path / "home")
    found = load_dataset(SourceRecipe(out), home=tmp_path / "home")
    shares = {part: sum(image.part is part for image in found.images) for part in Part}
    assert shares == {Part.TRAIN: 21, Part.VAL: 6, Part.TEST: 3}
    assert found.classes == ("fox", "café crème")
    assert sum(len(image.annotations or ()) for image in found.images) == 31
    if name != "coco":
        described = yaml.safe_load((out / "data.yaml").read_text(encoding="utf-8"))
        assert [described[key] for key in ("train", "val", "test")] == [
            "images/train",
            "images/val",
            "images/test",
        ]
        assert described["names"] == {0: "fox", 1: "café crème"}
        assert {path.parent.name for path in (out / "labels").rglob("*.txt")} == {"train", "val", "test"}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_inspected_with_its_boxes(name: str, yolo: Path, tmp_path: Path) -> None:
    source = as_(name, yolo, tmp_path / name)
    asked = {
        "source.data": source,
        "json": tmp_path / "found.json",
        "report": tmp_path / "page.html",
        "embed": False,
    }
    inspect(parse_recipe(InspectRecipe, asked), home=tmp_path / "home", maker=load_backbone_maker)
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert found["boxes"] == {"fox": 15, "café crème": 16}
    assert found["box_problems"] == []
    assert [fault["code"] for fault in found["faults"] if fault["code"].startswith("box")] == ["box_twice"]
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    for text in ("Width of boxes", "Boxes per photo", "Boxes of each class", "Boxes drawn twice"):
        assert text in page
    drawn = page.split("Boxes of each class")[-1].split("Examples of each class")[0]
    assert drawn.count("data:image/jpeg") >= 12


def test_boxes_become_observations_of_people(yolo: Path, tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text(SITES)
    output = OutputRecipe(tmp_path / "card.zip", "camtrap-dp", tmp_path / "sites.csv")
    recipe = ConvertRecipe(yolo, output)
    assert not converts_set(recipe)
    counts = convert(recipe, home=tmp_path / "home")
    assert (counts.found, counts.answered, counts.failed) == (30, 30, 0)
    rows = (member_of(tmp_path / "card.zip", "observations.csv") or b"").decode().splitlines()
    assert len(rows) == 32 and sum(",human,people," in row for row in rows) == 31


def test_a_package_of_observations_is_read_back(yolo: Path, tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text(SITES)
    output = OutputRecipe(tmp_path / "dp", "camtrap-dp", tmp_path / "sites.csv")
    convert(ConvertRecipe(yolo, output), home=tmp_path / "home")
    before = load_dataset(SourceRecipe(yolo), home=tmp_path / "home")
    after = load_dataset(SourceRecipe(tmp_path / "dp", photos=yolo), home=tmp_path / "home")
    said = {image.name: image.annotations or () for image in after.images}
    assert set(said) == {image.name for image in before.images} and set(after.classes) == set(before.classes)
    for image in before.images:
        for one, two in zip(image.annotations or (), said[image.name], strict=True):
            assert one.label == two.label
            assert (one.box.x, one.box.y) == pytest.approx((two.box.x, two.box.y), abs=1e-5)


def test_photos_that_nobody_looked_at_are_no_blanks_in_results(yolo: Path, tmp_path: Path) -> None:
    source = as_("yolo", yolo, tmp_path / "copy")
    labels = sorted((source / "labels").rglob("*.txt"))
    labels[0].unlink()
    labels[1].write_text("")
    recipe = ConvertRecipe(source, OutputRecipe(tmp_path / "out.xlsx"))
    pytest.importorskip("openpyxl")
    counts = convert(recipe, home=tmp_path / "home")
    assert (counts.found, counts.blank, counts.failed) == (30, 1, 1)
