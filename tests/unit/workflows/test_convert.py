from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from taxolens.core.errors import DataError, UsageError
from taxolens.formats.megadetector import write_megadetector
from taxolens.formats.writers import FORMATS
from taxolens.recipes.convert import ConvertRecipe
from taxolens.recipes.derive import OutputRecipe
from taxolens.recipes.source import SiteBy
from taxolens.workflows.convert import convert as convert_at
from taxolens.workflows.tally import Counts
from tests.unit.formats.answers import ABOUT, every_kind
from tests.unit.formats.test_detections import SPECIESNET

SITES = "site,latitude,longitude,start,end,timezone\neast,43.6,3.9,2026-01-01,2026-12-31,+02:00\n"


def convert(recipe: ConvertRecipe) -> Counts:
    return convert_at(recipe, home=recipe.output.out.parent / "home")


@pytest.fixture
def recipe(tmp_path: Path) -> ConvertRecipe:
    """A MegaDetector file with results of every kind."""
    write_megadetector(every_kind(), tmp_path / "md.json", ABOUT)
    (tmp_path / "sites.csv").write_text(SITES)
    return ConvertRecipe(
        tmp_path / "md.json", OutputRecipe(tmp_path / "out.csv", deployments=tmp_path / "sites.csv")
    )


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_of_detections_is_written_in_every_format(
    recipe: ConvertRecipe, tmp_path: Path, name: str
) -> None:
    out = tmp_path / f"out{FORMATS[name].suffixes[0]}"
    output = OutputRecipe(out, name, tmp_path / "sites.csv")
    counts = convert(ConvertRecipe(recipe.source, output))
    assert (counts.found, counts.answered, counts.blank, counts.failed) == (9, 7, 1, 1)
    assert FORMATS[name].recognises(out)


def test_a_table_of_detections_has_a_row_for_each(recipe: ConvertRecipe) -> None:
    convert(recipe)
    pair = [row for row in rows(recipe.output.out) if row["file"] == "east/pair.jpg"]
    assert [(row["label"], row["x"], row["detector_score"]) for row in pair] == [
        ("red fox", "0.100000", "0.930000"),
        ("roe deer", "0.500000", "0.880000"),
    ]


def test_a_threshold_makes_photos_blank(recipe: ConvertRecipe) -> None:
    counts = convert(ConvertRecipe(recipe.source, recipe.output, threshold=0.95))
    assert counts.blank == 3


def test_the_first_folder_is_the_site_where_that_is_asked(recipe: ConvertRecipe) -> None:
    convert(ConvertRecipe(recipe.source, recipe.output, site_by=SiteBy.FOLDER))
    assert {row["site"] for row in rows(recipe.output.out)} == {"east"}


def test_speciesnet_brings_its_scientific_names(tmp_path: Path) -> None:
    (tmp_path / "sn.json").write_text(json.dumps(SPECIESNET))
    (tmp_path / "sites.csv").write_text(SITES)
    output = OutputRecipe(tmp_path / "dp", "camtrap-dp", tmp_path / "sites.csv")
    convert(ConvertRecipe(tmp_path / "sn.json", output))
    names = [row["scientificName"] for row in rows(tmp_path / "dp" / "observations.csv")]
    assert names == ["Vulpes vulpes", "", "", "", "", "Vulpes vulpes"]


def test_a_taxonomy_table_gives_scientific_names(recipe: ConvertRecipe, tmp_path: Path) -> None:
    (tmp_path / "taxa.csv").write_text("label,scientific,rank\nred fox,Vulpes vulpes,species\n")
    output = OutputRecipe(tmp_path / "dp", "camtrap-dp", tmp_path / "sites.csv")
    convert(ConvertRecipe(recipe.source, output, taxonomy=tmp_path / "taxa.csv"))
    names = {row["scientificName"] for row in rows(tmp_path / "dp" / "observations.csv")}
    assert names == {"Vulpes vulpes", ""}


def test_what_is_read_is_never_written_over(recipe: ConvertRecipe) -> None:
    before = recipe.source.read_bytes()
    with pytest.raises(UsageError, match="is read"):
        convert(ConvertRecipe(recipe.source, OutputRecipe(recipe.source)))
    assert recipe.source.read_bytes() == before


def test_a_file_that_is_none_of_the_formats_is_told(recipe: ConvertRecipe, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(DataError, match=r"other\.json"):
        convert(ConvertRecipe(tmp_path / "other.json", recipe.output))
    assert not recipe.output.out.exists()


@pytest.mark.parametrize("fields", [{"threshold": 1.5}, {"top_k": 0}])
def test_values_that_cannot_be_meant_are_refused(recipe: ConvertRecipe, fields: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        ConvertRecipe(recipe.source, recipe.output, **fields)  # type: ignore[arg-type]
