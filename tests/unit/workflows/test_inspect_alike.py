"""Photos without labels are inspected for everything that needs none."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from taxolens.compose.trainers import load_backbone_maker
from taxolens.languages.translate import translator
from taxolens.recipes.inspect import InspectRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.workflows.inspect import InspectSummary, inspect
from tests.conftest import write_class_folders


@dataclass(frozen=True)
class Found:
    """What an inspection left."""

    summary: InspectSummary
    document: dict[str, Any]
    page: str
    rows: list[dict[str, str]]


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos of three kinds in one folder, one of them twice."""
    root = tmp_path_factory.mktemp("unlabelled")
    folder = root / "flat"
    folder.mkdir()
    for photo in sorted(write_class_folders(root / "stripes", per_class=12).rglob("*.jpg")):
        shutil.copyfile(photo, folder / photo.name)
    shutil.copyfile(min(folder.iterdir()), folder / "again.jpg")
    return folder


def inspected(data: Path, out: Path, language: str = "en", **given: object) -> Found:
    asked = {"source.data": data, "report": out / "page.html", "json": out / "found.json"}
    recipe = parse_recipe(InspectRecipe, {**asked, "table": out / "list.csv", "language": language, **given})
    out.mkdir()
    summary = inspect(recipe, home=out / "home", maker=load_backbone_maker, say=translator(language))
    with (out / "list.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    document = json.loads((out / "found.json").read_text(encoding="utf-8"))
    return Found(summary, document, (out / "page.html").read_text(encoding="utf-8"), rows)


def test_photos_without_labels_are_grouped_mapped_and_compared(flat: Path, tmp_path: Path) -> None:
    found = inspected(flat, tmp_path / "out")
    assert (found.document["read"], found.document["classes"]) == (37, {})
    assert found.document["background"] is None and found.document["feasibility"] is None
    first = min(photo.name for photo in flat.iterdir() if photo.name != "again.jpg")
    assert any({first, "again.jpg"} <= set(group["files"]) for group in found.document["duplicates"])
    groups = found.document["alike"]
    assert sum(group["photos"] for group in groups) == 37 and len(groups) >= 2
    assert sorted(name for group in groups for name in group["files"]) == sorted(
        photo.name for photo in flat.iterdir()
    )
    assert {row["kind"] for row in found.rows} & {"duplicate", "near_duplicate"}
    assert found.document["advice"][0]["code"] == "unlabelled"
    for anchor in ("alike", "map", "looks", "copies"):
        assert f'id="{anchor}"' in found.page
    for anchor in ("counts", "examples", "means", "labels", "background", "feasibility"):
        assert f'id="{anchor}"' not in found.page
    assert "taxolens train" not in found.page


def test_the_page_of_photos_without_labels_is_good_in_french_too(flat: Path, tmp_path: Path) -> None:
    found = inspected(flat, tmp_path / "out", language="fr")
    assert "Les photos n&#39;ont pas d&#39;étiquettes" in found.page
    assert "Groupe 1" in found.page and "Groups that look alike" not in found.page


def test_without_a_backbone_photos_without_labels_are_looked_at_all_the_same(
    flat: Path, tmp_path: Path
) -> None:
    found = inspected(flat, tmp_path / "out", embed=False)
    assert found.document["alike"] is None and found.document["looks"]["brightness"]
    assert 'id="map"' not in found.page and 'id="looks"' in found.page
