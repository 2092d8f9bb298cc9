from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxolens.core.errors import DataError, UsageError
from taxolens.formats.about import About
from taxolens.formats.dwca import COLUMNS, is_dwca, write_dwca
from taxolens.formats.result import Result
from tests.unit.formats.answers import ABOUT, NOON, every_kind, said

PLACELESS = replace(ABOUT, deployments=())


def written(results: list[Result], folder: Path, about: About = ABOUT) -> list[dict[str, Any]]:
    """The occurrences as an independent reader sees them."""
    write_dwca(results, folder / "a.zip", about)
    read = pytest.importorskip("dwca.read")
    with read.DwCAReader(str(folder / "a.zip")) as archive:
        assert archive.core_contains_term("http://rs.tdwg.org/dwc/terms/scientificName")
        return [{term.rpartition("/")[2]: cell for term, cell in row.data.items()} for row in archive]


def test_another_reader_finds_the_organisms_and_nothing_else(tmp_path: Path) -> None:
    rows = written(every_kind(), tmp_path)
    assert [(row["associatedMedia"], row["scientificName"]) for row in rows] == [
        ("east/fox.jpg", "Vulpes vulpes"),
        ("east/pair.jpg", "Vulpes vulpes"),
        ("east/pair.jpg", "Capreolus capreolus"),
        ("east/unnamed.jpg", ""),
        ("east/clip.mp4", "Vulpes vulpes"),
    ]
    assert set(rows[0]) == set(COLUMNS)


def test_an_occurrence_tells_what_was_seen_where_and_by_what(tmp_path: Path) -> None:
    fox = written(every_kind(), tmp_path)[0]
    assert fox["basisOfRecord"] == "MachineObservation"
    assert fox["eventDate"] == "2026-05-31T12:00:00+02:00"
    assert (fox["decimalLatitude"], fox["decimalLongitude"]) == ("43.6", "3.9")
    assert (fox["taxonRank"], fox["taxonID"]) == ("species", "https://www.gbif.org/species/5219243")
    assert (fox["vernacularName"], fox["verbatimIdentification"]) == ("red fox", "fox")
    assert fox["identifiedBy"] == "woods 3"
    assert fox["identificationVerificationStatus"] == "unverified by a person"
    assert (fox["individualCount"], fox["eventID"]) == ("", "e1")


def test_identifiers_are_unique_and_stay_when_other_photos_go(tmp_path: Path) -> None:
    (tmp_path / "less").mkdir()
    all_ids = [row["occurrenceID"] for row in written(every_kind(), tmp_path)]
    later = [row["occurrenceID"] for row in written(every_kind()[1:], tmp_path / "less")]
    assert len(set(all_ids)) == len(all_ids)
    assert later == all_ids[1:]


def test_without_deployments_no_place_and_no_zone_is_invented(tmp_path: Path) -> None:
    fox = written(every_kind(), tmp_path, PLACELESS)[0]
    assert (fox["eventDate"], fox["locality"]) == ("2026-05-31T12:00:00", "east")
    assert (fox["decimalLatitude"], fox["geodeticDatum"]) == ("", "")


def test_a_photo_without_a_time_is_of_the_time_of_its_deployment(tmp_path: Path) -> None:
    (row,) = written([Result(said("east/a.jpg", "fox"), site="east")], tmp_path)
    assert row["eventDate"] == "2026-05-01/2026-06-30"


def test_what_a_person_said_is_verified(tmp_path: Path) -> None:
    (row,) = written([Result(said("a.jpg", "fox"), NOON, "east", corrected_by="Ada")], tmp_path)
    assert (row["identifiedBy"], row["identificationVerificationStatus"]) == ("Ada", "verified by a person")
    assert row["identificationRemarks"] == ""


def test_a_detection_that_nobody_named_is_no_occurrence(tmp_path: Path) -> None:
    animal = Result(said("a.jpg", "animal"), NOON, "east", detector_score=0.9, category="animal")
    assert written([animal], tmp_path) == []


def test_a_taxon_above_several_classes_has_its_rank(tmp_path: Path) -> None:
    (row,) = written([Result(said("a.jpg", "Canidae"), NOON, "east", rank="family")], tmp_path)
    assert (row["scientificName"], row["taxonRank"]) == ("Canidae", "family")


@settings(max_examples=40)
@given(
    name=st.text(min_size=1).filter(lambda text: "\0" not in text),
    label=st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf"]), min_size=1).filter(str.strip),
    site=st.sampled_from(["east", 'ea"st', "e,a\tst", "caf\udce9"]),
)
def test_any_name_is_one_row(
    tmp_path_factory: pytest.TempPathFactory, name: str, label: str, site: str
) -> None:
    folder = tmp_path_factory.mktemp("dwca")
    (row,) = written([Result(said("x" + name, "l" + label), NOON, site)], folder, PLACELESS)
    assert row["verbatimIdentification"].strip() == ("l" + label).strip()


def test_the_metadata_is_well_formed_and_names_who_the_user_names(tmp_path: Path) -> None:
    about = replace(ABOUT, project={"title": "Woods & <hills>", "contributors": [{"title": "Ada"}]})
    write_dwca([], tmp_path / "folder", about)
    eml = Xml.parse(tmp_path / "folder" / "eml.xml").getroot()
    assert eml.findtext("dataset/title") == "Woods & <hills>"
    assert eml.findtext("dataset/contact/organizationName") == "Ada"


def test_a_site_that_the_table_does_not_know_leaves_no_archive(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="west"):
        write_dwca([Result(said("a.jpg", "fox"), NOON, "west")], tmp_path / "a.zip", ABOUT)
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_archive_is_replaced_and_other_things_are_not(tmp_path: Path) -> None:
    written(every_kind(), tmp_path)
    assert is_dwca(tmp_path / "a.zip")
    assert written([], tmp_path) == []
    (tmp_path / "b.zip").write_bytes(b"PK mine")
    with pytest.raises(UsageError, match=r"b\.zip"):
        write_dwca([], tmp_path / "b.zip", ABOUT)
