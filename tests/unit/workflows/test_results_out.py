from __future__ import annotations

import csv
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from taxolens.core.errors import DataError, UsageError
from taxolens.formats.detections import read_detections
from taxolens.formats.writers import FORMATS
from taxolens.recipes.identify import IdentifyRecipe
from taxolens.recipes.source import SiteBy
from taxolens.workflows.identify import identify
from tests.unit.inference.colour_model import write_colour_model, write_photo

SITES = "site,latitude,longitude,start,end,timezone\n" + "".join(
    f"site {number},43.{number},3.9,2026-01-01,2026-12-31,Europe/Paris\n" for number in range(2)
)


@pytest.fixture
def recipe(tmp_path: Path) -> IdentifyRecipe:
    """Six photos of three colours at two sites, and one that is torn."""
    for number in range(6):
        colour = ("red", "nothing", "grey")[number % 3]
        write_photo(tmp_path / "card" / f"site {number % 2}" / f"IMG_{number}.png", colour, seed=number)
    (tmp_path / "card" / "site 1" / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    (tmp_path / "sites.csv").write_text(SITES)
    return IdentifyRecipe(
        photos=tmp_path / "card",
        model=write_colour_model(tmp_path / "model.onnx").path,
        out=tmp_path / "out.csv",
        site_by=SiteBy.FOLDER,
        deployments=tmp_path / "sites.csv",
    )


def asked(recipe: IdentifyRecipe, name: str, **fields: Any) -> IdentifyRecipe:
    out = recipe.out.with_name(f"{name}{FORMATS[name].suffixes[0]}")
    return replace(recipe, out=out, format=name, **fields)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_written_and_is_the_same_when_it_is_written_anew(
    recipe: IdentifyRecipe, name: str
) -> None:
    recipe = asked(recipe, name)
    first = identify(recipe)
    assert (first.found, first.failed, first.blank) == (7, 1, 2)
    written = recipe.out.read_bytes()
    again = identify(recipe)
    assert again.skipped == 7
    if name != "xlsx":  # a workbook tells when it was saved
        assert recipe.out.read_bytes() == written


def test_a_megadetector_file_holds_what_the_model_said(recipe: IdentifyRecipe) -> None:
    recipe = replace(recipe, out=recipe.out.with_suffix(".json"))
    identify(recipe)
    document = json.loads(recipe.out.read_text())
    assert document["info"]["classifier"] == "colours 1"
    assert [image["file"] for image in document["images"]] == [
        one.prediction.name for one in read_detections(recipe.out)
    ]


def test_a_camtrap_dp_package_takes_places_and_project_from_the_user(
    recipe: IdentifyRecipe, tmp_path: Path
) -> None:
    (tmp_path / "project.json").write_text('{"title": "Colours", "project": {"samplingDesign": "targeted"}}')
    recipe = asked(recipe, "camtrap-dp", project=tmp_path / "project.json")
    identify(recipe)
    with zipfile.ZipFile(recipe.out) as package:
        descriptor = json.loads(package.read("datapackage.json"))
        media = list(csv.DictReader(package.read("media.csv").decode().splitlines()))
    assert (descriptor["title"], descriptor["project"]["samplingDesign"]) == ("Colours", "targeted")
    assert {row["deploymentID"].partition("_")[0] for row in media} == {"site 0", "site 1"}
    assert media[0]["timestamp"].endswith("+01:00")


def test_a_package_may_be_a_folder(recipe: IdentifyRecipe, tmp_path: Path) -> None:
    for _ in range(2):
        identify(replace(recipe, out=tmp_path / "package", format="camtrap-dp"))
    assert sorted(path.name for path in (tmp_path / "package").iterdir()) == [
        "datapackage.json",
        "deployments.csv",
        "media.csv",
        "observations.csv",
    ]


def test_what_a_format_lacks_is_told_before_any_photo_is_looked_at(
    recipe: IdentifyRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taxolens.inference.predictor.Predictor.scores", None)
    with pytest.raises(UsageError, match="--deployments"):
        identify(replace(asked(recipe, "camtrap-dp"), deployments=None))
    (recipe.photos.parent / "sites.csv").write_text("site,latitude\n")
    with pytest.raises(DataError, match="longitude"):
        identify(asked(recipe, "camtrap-dp"))


def test_a_site_that_the_table_lacks_keeps_the_answers(recipe: IdentifyRecipe, tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text("\n".join(SITES.splitlines()[:2]))
    recipe = asked(recipe, "camtrap-dp")
    with pytest.raises(DataError, match="site 1"):
        identify(recipe)
    assert not recipe.out.exists()
    (tmp_path / "sites.csv").write_text(SITES)
    assert identify(recipe).skipped == 7
