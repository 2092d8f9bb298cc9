from __future__ import annotations

from pathlib import Path

import pytest

from taxolens.core.errors import UsageError
from taxolens.core.taxonomy import Role
from taxolens.formats.taxonomy_table import described, read_taxonomy


def written(folder: Path, text: str) -> Path:
    (folder / "taxa.csv").write_text(text, encoding="utf-8")
    return folder / "taxa.csv"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_names_in_any_language_scientific_name_rank_and_role_are_read(tmp_path: Path, separator: str) -> None:
    text = "\ufefflabel,en,fr,scientific,rank,gbif_id,role\nlynx,bobcat,lynx roux,Lynx rufus,species,2435246,\nrien,,,,,,blank\n"
    taxa = read_taxonomy(written(tmp_path, text.replace(",", separator)))
    assert taxa["lynx"].name("fr") == "lynx roux"
    assert (taxa["lynx"].scientific, taxa["lynx"].gbif_id, taxa["lynx"].role) == ("Lynx rufus", 2435246, None)
    assert taxa["rien"].role is Role.BLANK


def test_a_label_that_the_table_leaves_out_keeps_its_usual_role(tmp_path: Path) -> None:
    taxa = described(("empty", "lynx"), read_taxonomy(written(tmp_path, "label,en\nlynx,bobcat\n")))
    assert [(taxon.id, taxon.name("en"), taxon.role) for taxon in taxa] == [
        ("empty", "empty", Role.BLANK),
        ("lynx", "bobcat", None),
    ]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("name,en\nlynx,bobcat\n", "no column called label"),
        ("label,en\nlynx,bobcat\n,cat\n", "Line 3"),
        ("label,role\nlynx,king\n", "king"),
        ("label,gbif_id\nlynx,many\n", "Line 2"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        read_taxonomy(written(tmp_path, text))


def test_a_table_about_other_classes_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "taxa.csv"
    table.write_text("label,en\nVulpes vulpes,Fox\n", encoding="utf-8")
    with pytest.raises(UsageError, match="names none of the classes: fox, hare"):
        described(("fox", "hare"), read_taxonomy(table))
    assert [taxon.id for taxon in described(("fox", "Vulpes vulpes"), read_taxonomy(table))] == [
        "fox",
        "Vulpes vulpes",
    ]


def test_an_absent_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_taxonomy(tmp_path / "nowhere.csv")
