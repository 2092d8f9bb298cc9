from __future__ import annotations

import contextlib
import csv
import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxolens.core.errors import DataError, UsageError
from taxolens.core.records import Status
from taxolens.formats.about import About
from taxolens.formats.camtrap_descriptor import SCHEMAS
from taxolens.formats.camtrap_dp import file_path, is_camtrap_dp, write_camtrap_dp
from taxolens.formats.result import Event, Result
from tests.unit.formats.answers import ABOUT, EAST, NOON, SUMMER, every_kind, failed, said

OFFICIAL = Path(__file__).parent / "camtrap_dp"
Row = dict[str, str]


def written(results: list[Result], folder: Path, about: About = ABOUT) -> dict[str, list[Row]]:
    out = folder / "package"
    write_camtrap_dp(results, out, about)
    return {name: rows(out / f"{name}.csv") for name in ("deployments", "media", "observations")}


def rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def faults(package: Path) -> list[list[Any]]:
    """What frictionless finds, with the schemas of Camtrap DP 1.0.2 beside the package."""
    frictionless = pytest.importorskip("frictionless")
    judged = package.with_name("judged")
    shutil.copytree(package, judged)
    for schema in OFFICIAL.glob("*.json"):
        shutil.copy(schema, judged)
    descriptor = json.loads((judged / "datapackage.json").read_text(encoding="utf-8"))
    for part in (descriptor, *descriptor["resources"]):
        key = "schema" if "schema" in part else "profile"
        part[key] = part[key].removeprefix(SCHEMAS)
    (judged / "datapackage.json").write_text(json.dumps(descriptor))
    with contextlib.chdir(judged):
        report = frictionless.validate("datapackage.json")
    assert len(report.tasks) == 3 or not report.valid
    found: list[list[Any]] = report.flatten(["type", "title", "message"])
    return found


def by_file(tables: dict[str, list[Row]]) -> dict[str, Row]:
    """The last observation at media level of each file."""
    names = {row["mediaID"]: row["filePath"] for row in tables["media"]}
    return {names[row["mediaID"]]: row for row in tables["observations"] if row["mediaID"]}


def test_frictionless_finds_nothing_in_results_of_every_kind(tmp_path: Path) -> None:
    written(every_kind(), tmp_path)
    assert faults(tmp_path / "package") == []


def test_frictionless_would_find_a_fault(tmp_path: Path) -> None:
    written(every_kind(), tmp_path)
    media = tmp_path / "package" / "media.csv"
    media.write_text(media.read_text().replace("+02:00", "", 1))
    assert faults(tmp_path / "package")


def test_the_profile_would_find_a_fault(tmp_path: Path) -> None:
    written(every_kind(), tmp_path, replace(ABOUT, project={"project": {"samplingDesign": "random"}}))
    assert faults(tmp_path / "package")


def test_frictionless_finds_nothing_in_no_results(tmp_path: Path) -> None:
    written([], tmp_path)
    assert faults(tmp_path / "package") == []


def test_what_is_seen_decides_the_type_of_an_observation(tmp_path: Path) -> None:
    found = by_file(written(every_kind(), tmp_path))
    assert {name: row["observationType"] for name, row in found.items()} == {
        "east/fox.jpg": "animal",
        "east/pair.jpg": "animal",
        "east/blank.jpg": "blank",
        "east/unsure.jpg": "unknown",
        "east/me.jpg": "human",
        "east/car.jpg": "vehicle",
        "east/unnamed.jpg": "animal",
        "east/torn.jpg": "unclassified",
        "east/clip.mp4": "animal",
    }


def test_an_answer_is_the_models_with_its_probability_and_the_cards_name(tmp_path: Path) -> None:
    fox = by_file(written(every_kind(), tmp_path))["east/fox.jpg"]
    told = ("scientificName", "classificationMethod", "classifiedBy", "classificationProbability", "eventID")
    assert [fox[column] for column in told] == ["Vulpes vulpes", "machine", "woods 3", "0.9", "e1"]
    assert fox["classificationTimestamp"] == "2026-07-01T08:30:00+00:00"


def test_a_class_without_a_scientific_name_gets_none(tmp_path: Path) -> None:
    unnamed = by_file(written(every_kind(), tmp_path))["east/unnamed.jpg"]
    assert (unnamed["scientificName"], unnamed["observationTags"]) == ("", "label:unnamed")


def test_a_taxon_above_several_classes_is_named_as_such(tmp_path: Path) -> None:
    dog = Result(said("east/a.jpg", "Canidae"), NOON, "east", rank="family")
    assert by_file(written([dog], tmp_path))["east/a.jpg"]["scientificName"] == "Canidae"
    descriptor = json.loads((tmp_path / "package" / "datapackage.json").read_text())
    assert descriptor["taxonomic"] == [{"scientificName": "Canidae", "taxonRank": "family"}]


def test_what_a_person_said_is_a_persons_classification(tmp_path: Path) -> None:
    corrected = Result(said("east/a.jpg", "deer"), NOON, "east", corrected_by="Ada")
    row = by_file(written([corrected], tmp_path))["east/a.jpg"]
    assert (row["classificationMethod"], row["classifiedBy"]) == ("human", "Ada")
    assert row["classificationProbability"] == ""


def test_boxes_are_rows_of_their_own_and_count_one(tmp_path: Path) -> None:
    tables = written(every_kind(), tmp_path)
    pair = [row for row in tables["observations"] if row["bboxX"] and row["scientificName"]][:2]
    assert [(row["bboxX"], row["bboxHeight"], row["count"]) for row in pair] == [
        ("0.1", "0.4", "1"),
        ("0.5", "0.75", "1"),
    ]
    assert len(tables["media"]) == 9


def test_the_zone_comes_from_the_table_of_deployments(tmp_path: Path) -> None:
    media = written(every_kind(), tmp_path)["media"]
    assert media[0]["timestamp"] == "2026-05-31T12:00:00+02:00"


def test_a_photo_without_a_time_spans_its_deployment_and_says_so(tmp_path: Path) -> None:
    tables = written([failed("east/torn.jpg")], tmp_path)
    (medium,), (observation,), (deployment,) = (
        tables[name] for name in ("media", "observations", "deployments")
    )
    assert medium["timestamp"] == EAST.start.isoformat()
    assert medium["mediaComments"] == "The file tells no time; this is the start of its deployment."
    assert (observation["eventStart"], observation["eventEnd"]) == (
        EAST.start.isoformat(),
        EAST.end.isoformat(),
    )
    assert observation["observationComments"] == "damaged: The photo is damaged."
    assert deployment["timestampIssues"] == "true"


def test_a_clock_that_was_reset_is_told_and_its_time_is_kept(tmp_path: Path) -> None:
    reset = Result(said("east/a.jpg", "fox"), datetime(1970, 1, 1, 0, 5), "east")
    tables = written([reset], tmp_path)
    assert tables["media"][0]["timestamp"] == "1970-01-01T00:05:00+02:00"
    assert tables["media"][0]["mediaComments"] == "This time lies outside the deployment."
    assert tables["deployments"][0]["timestampIssues"] == "true"


def test_good_times_are_no_issue(tmp_path: Path) -> None:
    assert written([every_kind()[0]], tmp_path)["deployments"][0]["timestampIssues"] == ""


def test_an_event_is_one_observation_with_its_count(tmp_path: Path) -> None:
    tables = written(every_kind(), tmp_path)
    (event,) = [row for row in tables["observations"] if row["observationLevel"] == "event"]
    assert (event["eventID"], event["count"], event["mediaID"]) == ("e1", "2", "")
    assert (event["eventStart"], event["eventEnd"]) == (
        "2026-05-31T12:00:00+02:00",
        "2026-05-31T12:00:05+02:00",
    )
    descriptor = json.loads((tmp_path / "package" / "datapackage.json").read_text())
    assert descriptor["project"]["observationLevel"] == ["media", "event"]


def test_events_of_every_kind_pass_frictionless(tmp_path: Path) -> None:
    events = [
        Event("blank", "nothing", 0.9, Status.BLANK, 0, NOON, NOON),
        Event("unsure", "unsure", 0.3, Status.OK, 1),
        Event("torn", "", 0.0, Status.FAILED, 0),
        Event("people", "human", 0.9, Status.OK, 3, NOON, NOON),
    ]
    results = [Result(said(f"east/{event.name}.jpg", "fox"), NOON, "east", event=event) for event in events]
    tables = written(results, tmp_path)
    found = [row for row in tables["observations"] if row["observationLevel"] == "event"]
    assert [(row["observationType"], row["count"]) for row in found] == [
        ("blank", ""),
        ("unknown", ""),
        ("unclassified", ""),
        ("human", ""),
    ]
    assert faults(tmp_path / "package") == []


def test_a_box_in_a_video_is_at_its_frame(tmp_path: Path) -> None:
    clip = by_file(written(every_kind(), tmp_path))["east/clip.mp4"]
    assert clip["eventStart"] == clip["eventEnd"] == "2026-05-31T12:00:01+02:00"


def test_no_file_is_said_to_be_public(tmp_path: Path) -> None:
    assert {row["filePublic"] for row in written(every_kind(), tmp_path)["media"]} == {"false"}


def test_the_descriptor_tells_place_time_and_taxa(tmp_path: Path) -> None:
    written(every_kind(), tmp_path)
    descriptor = json.loads((tmp_path / "package" / "datapackage.json").read_text())
    assert descriptor["profile"] == f"{SCHEMAS}camtrap-dp-profile.json"
    assert descriptor["spatial"] == {"type": "MultiPoint", "coordinates": [[3.9, 43.6]]}
    assert descriptor["temporal"] == {"start": "2026-05-01", "end": "2026-06-30"}
    assert descriptor["taxonomic"][1] == {
        "scientificName": "Vulpes vulpes",
        "taxonID": "https://www.gbif.org/species/5219243",
        "taxonRank": "species",
        "vernacularNames": {"eng": "red fox", "fra": "renard roux"},
    }
    assert "Nobody told" in descriptor["description"]


def test_what_the_user_says_of_the_project_counts(tmp_path: Path) -> None:
    project = {
        "title": "Woods 2026",
        "contributors": [{"title": "Ada", "role": "contact"}],
        "project": {"samplingDesign": "targeted"},
        "profile": "mine",
    }
    written(every_kind(), tmp_path, replace(ABOUT, project=project))
    descriptor = json.loads((tmp_path / "package" / "datapackage.json").read_text())
    assert descriptor["contributors"] == [{"title": "Ada", "role": "contact"}]
    assert descriptor["project"]["samplingDesign"] == "targeted"
    assert descriptor["project"]["title"] == "Woods 2026"
    assert descriptor["profile"].startswith(SCHEMAS)
    assert faults(tmp_path / "package") == []


def test_further_columns_of_the_table_are_handed_on(tmp_path: Path) -> None:
    more = {"cameraModel": "Reconyx", "baitUse": "True", "cameraHeight": "1.2", "mine": "x"}
    tables = written([], tmp_path, replace(ABOUT, deployments=(replace(EAST, more=more),)))
    (row,) = tables["deployments"]
    assert (row["cameraModel"], row["baitUse"], row["cameraHeight"]) == ("Reconyx", "true", "1.2")
    assert row["locationName"] == "east"
    assert faults(tmp_path / "package") == []


@pytest.mark.parametrize(
    ("column", "text"),
    [("baitUse", "meat"), ("cameraHeading", "361"), ("cameraDelay", "1.5"), ("featureType", "river")],
)
def test_a_cell_that_camtrap_dp_does_not_take_is_told(tmp_path: Path, column: str, text: str) -> None:
    about = replace(ABOUT, deployments=(replace(EAST, more={column: text}),))
    with pytest.raises(DataError, match=column):
        written([], tmp_path, about)


def test_without_deployments_the_table_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--deployments sites.csv"):
        write_camtrap_dp(every_kind(), tmp_path / "p", About())
    assert list(tmp_path.iterdir()) == []


def test_a_site_that_the_table_does_not_know_leaves_no_package(tmp_path: Path) -> None:
    west = Result(said("west/a.jpg", "fox"), NOON, "west")
    with pytest.raises(DataError, match="west"):
        write_camtrap_dp([west], tmp_path / "p.zip", ABOUT)
    assert list(tmp_path.iterdir()) == []


def test_a_zip_holds_the_same_files_and_is_the_same_each_time(tmp_path: Path) -> None:
    written(every_kind(), tmp_path)
    for name in ("one.zip", "two.zip"):
        write_camtrap_dp(every_kind(), tmp_path / name, ABOUT)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            path.name: path.read_bytes() for path in (tmp_path / "package").iterdir()
        }
    assert is_camtrap_dp(tmp_path / "one.zip") and is_camtrap_dp(tmp_path / "package")


def test_an_earlier_package_is_replaced_and_other_things_are_not(tmp_path: Path) -> None:
    written(every_kind(), tmp_path)
    assert len(written([every_kind()[0]], tmp_path)["media"]) == 1
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").touch()
    with pytest.raises(UsageError, match="photos"):
        write_camtrap_dp([], tmp_path / "photos", ABOUT)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["package", "photos"]


def test_photos_that_were_put_into_a_package_are_never_taken_away(tmp_path: Path) -> None:
    written([], tmp_path)
    (tmp_path / "package" / "media").mkdir()
    (tmp_path / "package" / "media" / "a.jpg").touch()
    with pytest.raises(UsageError, match="media"):
        written(every_kind(), tmp_path)
    assert (tmp_path / "package" / "media" / "a.jpg").exists()


def test_a_stop_in_the_middle_leaves_the_earlier_package(tmp_path: Path) -> None:
    written([], tmp_path)

    def torn() -> Iterator[Result]:
        yield every_kind()[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_camtrap_dp(torn(), tmp_path / "package", ABOUT)
    assert [path.name for path in tmp_path.iterdir()] == ["package"]
    assert rows(tmp_path / "package" / "media.csv") == []


NAMES = st.text(min_size=1, max_size=20).filter(lambda text: "\0" not in text)


@settings(max_examples=20)
@given(names=st.lists(NAMES, min_size=1, max_size=5, unique=True), label=NAMES, comma=st.booleans())
def test_any_name_and_label_passes_frictionless(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], label: str, comma: bool
) -> None:
    folder = tmp_path_factory.mktemp("dp")
    tail = ',"x"\r\n.jpg' if comma else ".jpg"
    written([Result(said(name + tail, label), NOON, "east") for name in names], folder)
    assert faults(folder / "package") == []


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a/b.jpg", "a/b.jpg"),
        ("é t/b.jpg", "é t/b.jpg"),
        (".a/b.jpg", "%2Ea/b.jpg"),
        ("~b.jpg", "%7Eb.jpg"),
        ("/b.jpg", "%2Fb.jpg"),
        ("a..b.jpg", "a%2E%2Eb.jpg"),
        ("a\nb.jpg", "a%0Ab.jpg"),
        ("caf\udce9.jpg", "caf\\udce9.jpg"),
    ],
)
def test_a_path_that_the_format_forbids_is_written_as_a_url(name: str, path: str) -> None:
    assert file_path(name) == path


def test_times_keep_the_zone_of_each_deployment(tmp_path: Path) -> None:
    winter = replace(EAST, id="west_1", site="west", zone=SUMMER, start=EAST.start - timedelta(days=90))
    results = [Result(said(f"{site}/a.jpg", "fox"), NOON, site) for site in ("east", "west")]
    tables = written(results, tmp_path, replace(ABOUT, deployments=(EAST, winter)))
    assert [row["deploymentID"] for row in tables["media"]] == ["east_1", "west_1"]
    assert faults(tmp_path / "package") == []
