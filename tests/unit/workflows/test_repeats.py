from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from taxolens.core.errors import DataError, UsageError
from taxolens.formats.detections import read_detections
from taxolens.recipes.repeats import RepeatsRecipe, SetAsideRecipe
from taxolens.recipes.source import SiteBy
from taxolens.workflows.repeats import AsideSummary, camera_of, repeats, set_aside
from tests.unit.formats.test_megadetector import judged

START = datetime(2026, 5, 1, 6, 0)
STUMP, DEER = (0.3, 0.4, 0.15, 0.2), (0.6, 0.5, 0.2, 0.25)


def box(rng: np.random.Generator, place: tuple[float, ...]) -> list[float]:
    return [round(edge + float(rng.normal(0, 0.001)), 4) for edge in place]


def images() -> Iterator[dict[str, Any]]:
    """Two cameras: a stump over five days and a deer that rests for an hour; then passing animals."""
    rng = np.random.default_rng(0)
    for number in range(40):
        taken = START + timedelta(hours=3 * number)
        found = [{"category": "1", "conf": 0.6, "bbox": box(rng, STUMP)}]
        if number % 4 == 0:
            passing = [float(rng.uniform(0, 0.5)), float(rng.uniform(0, 0.5)), 0.2, 0.3]
            found.append({"category": "1", "conf": 1, "bbox": passing})
        yield {
            "file": f"north/{100 + number // 20}RECNX/IMG_{number:04d}.JPG",
            "datetime": f"{taken:%Y:%m:%d %H:%M:%S}",
            "max_detection_conf": 1.0,
            "detections": found,
        }
    for number in range(30):
        taken = START + timedelta(minutes=2 * number)
        found = [{"category": "1", "conf": 0.9, "bbox": box(rng, DEER)}]
        name = f"south/IMG_{number:04d}.JPG"
        yield {"file": name, "datetime": f"{taken:%Y:%m:%d %H:%M:%S}", "detections": found}
    yield {"file": "south/torn.JPG", "failure": "image access failure"}
    yield {
        "file": "south/old.mp4",
        "detections": [{"category": "2", "conf": 0.5, "bbox": [0.1, 0.1, 0.2, 0.2]}],
    }


@pytest.fixture
def detections(tmp_path: Path) -> Path:
    """As version 1.3 wrote it."""
    document = {
        "info": {"format_version": "1.3", "detector": "md_v5a.0.0.pt"},
        "detection_categories": {"1": "animal", "2": "person", "3": "vehicle"},
        "images": list(images()),
    }
    path = tmp_path / "detections.json"
    path.write_text(json.dumps(document))
    return path


@pytest.fixture
def recipe(detections: Path, tmp_path: Path) -> RepeatsRecipe:
    return RepeatsRecipe(detections, tmp_path / "review")


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "repeats.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def decide(folder: Path, **keep: str) -> None:
    """Fills in the column as a person does; `o1="yes"` is about object 1."""
    rows = table(folder)
    for row in rows:
        row["keep"] = keep.get(f"o{row['object']}", "")
    with (folder / "repeats.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), delimiter=";")  # as a spreadsheet in France saves it
        writer.writeheader()
        writer.writerows(rows)


def cleaned(recipe: RepeatsRecipe) -> tuple[AsideSummary, dict[str, Any]]:
    out = recipe.out.with_name("clean.json")
    summary = set_aside(SetAsideRecipe(recipe.results, recipe.out, out))
    document: dict[str, Any] = json.loads(out.read_text())
    return summary, document


def test_a_stump_is_found_and_a_resting_deer_is_not(recipe: RepeatsRecipe) -> None:
    summary = repeats(recipe)
    assert (summary.objects, summary.boxes, summary.brief, summary.undated) == (1, 40, 1, 0)
    (row,) = table(recipe.out)
    assert (row["site"], row["n"], row["label"], row["keep"]) == ("north", "40", "animal", "")
    assert (row["first"], row["last"]) == ("2026-05-01 06:00:00", "2026-05-06 03:00:00")
    assert np.allclose([float(edge) for edge in row["box"].split()], STUMP, atol=0.002)


def test_with_no_least_time_the_deer_is_one_too(recipe: RepeatsRecipe) -> None:
    repeats(replace(recipe, hours=0.0))
    assert [(row["site"], row["n"]) for row in table(recipe.out)] == [("north", "40"), ("south", "30")]


def test_what_nobody_keeps_gets_a_negative_confidence_and_the_rest_stays(recipe: RepeatsRecipe) -> None:
    repeats(recipe)
    summary, document = cleaned(recipe)
    assert (summary.done.boxes, summary.done.photos, summary.done.emptied) == (40, 40, 30)
    before = json.loads(recipe.results.read_text())
    for old, new in zip(before["images"], document["images"], strict=True):
        assert new["file"] == old["file"]
        for one, other in zip(old.get("detections") or [], new["detections"] or [], strict=True):
            stump = old["file"].startswith("north") and one["conf"] == 0.6
            assert other["conf"] == (-0.6 if stump else one["conf"])
            assert other["bbox"] == one["bbox"]
    assert document["info"] == {"format_version": "1.6", "detector": "md_v5a.0.0.pt"}
    assert document["images"][1]["max_detection_conf"] == 0.0


def test_the_formats_own_validator_finds_nothing_in_what_is_written(recipe: RepeatsRecipe) -> None:
    repeats(recipe)
    assert judged(cleaned(recipe)[1]) == ([], [])


def test_what_is_set_aside_is_blank_wherever_it_is_read_again(recipe: RepeatsRecipe) -> None:
    repeats(recipe)
    cleaned(recipe)
    read = list(read_detections(recipe.out.with_name("clean.json"), threshold=0.0))
    north = [one for one in read if one.prediction.name.startswith("north")]
    assert sum(one.prediction.status == "blank" for one in north) == 30
    assert len(north) == 40


def test_what_a_person_keeps_stays(recipe: RepeatsRecipe) -> None:
    repeats(replace(recipe, hours=0.0))
    decide(recipe.out, o2="Yes")
    summary, document = cleaned(recipe)
    assert (summary.reviewed.objects, summary.reviewed.kept, summary.done.boxes) == (1, 1, 40)
    assert all(one["conf"] > 0 for image in document["images"][40:70] for one in image["detections"])


def test_setting_aside_twice_changes_nothing_more(recipe: RepeatsRecipe, tmp_path: Path) -> None:
    repeats(recipe)
    cleaned(recipe)
    again = RepeatsRecipe(tmp_path / "clean.json", tmp_path / "again")
    assert repeats(again).objects == 0


def test_a_cell_that_cannot_be_meant_is_told_with_its_line(recipe: RepeatsRecipe) -> None:
    repeats(recipe)
    decide(recipe.out, o1="perhaps")
    with pytest.raises(DataError, match="Line 2 of .*keep perhaps"):
        cleaned(recipe)


def test_other_detections_than_those_looked_through_are_refused(recipe: RepeatsRecipe) -> None:
    repeats(recipe)
    recipe.results.write_text(recipe.results.read_text().replace("0.9", "0.8"))
    with pytest.raises(DataError, match="other detections"):
        cleaned(recipe)


def test_a_folder_that_somebody_may_have_looked_through_is_not_replaced(recipe: RepeatsRecipe) -> None:
    repeats(recipe)
    with pytest.raises(UsageError, match="perhaps what somebody decided"):
        repeats(recipe)


def test_speciesnet_is_converted_first(recipe: RepeatsRecipe, tmp_path: Path) -> None:
    from tests.unit.formats.test_detections import SPECIESNET

    (tmp_path / "sn.json").write_text(json.dumps(SPECIESNET))
    with pytest.raises(DataError, match="taxolens convert"):
        repeats(replace(recipe, results=tmp_path / "sn.json"))


def test_boxes_over_the_whole_photo_are_no_objects(recipe: RepeatsRecipe) -> None:
    document = json.loads(recipe.results.read_text())
    for image in document["images"][:40]:
        image["detections"] = [{"category": "1", "conf": 0.9, "bbox": [0.0, 0.0, 1.0, 1.0]}]
    recipe.results.write_text(json.dumps(document))
    assert repeats(recipe).objects == 0


def test_pages_show_what_is_in_the_box_and_times_come_from_photos(
    recipe: RepeatsRecipe, tmp_path: Path
) -> None:
    document = json.loads(recipe.results.read_text())
    rng = np.random.default_rng(0)
    for number, image in enumerate(document["images"][:40]):
        image.pop("datetime")
        path = tmp_path / "card" / image["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        exif = Image.Exif()
        exif[0x0132] = f"{START + timedelta(hours=3 * number):%Y:%m:%d %H:%M:%S}"
        Image.fromarray(rng.integers(0, 255, (120, 160, 3), dtype=np.uint8)).save(path, exif=exif)
    recipe.results.write_text(json.dumps(document))
    summary = repeats(replace(recipe, photos=tmp_path / "card"))
    assert (summary.objects, summary.undated) == (1, 0)
    assert table(recipe.out)[0]["last"] == "2026-05-06 03:00:00"
    page = (recipe.out / "object-1.html").read_text()
    assert page.count("data:image/jpeg") >= 13
    assert "data:image/jpeg" in (recipe.out / "index.html").read_text()


def test_objects_without_times_are_told(recipe: RepeatsRecipe) -> None:
    document = json.loads(recipe.results.read_text())
    for image in document["images"]:
        image.pop("datetime", None)
    recipe.results.write_text(json.dumps(document))
    assert repeats(recipe).undated == 2
    assert table(recipe.out)[0]["first"] == "north/100RECNX/IMG_0000.JPG"


@pytest.mark.parametrize(
    ("name", "by", "camera"),
    [
        ("a/b/1.jpg", SiteBy.NONE, "a/b"),
        ("a/b/1.jpg", SiteBy.FOLDER, "a"),
        ("a/DCIM/100RECNX/1.jpg", SiteBy.NONE, "a"),
        ("a/101_BTCF/1.jpg", SiteBy.NONE, "a"),
        ("1.jpg", SiteBy.FOLDER, ""),
    ],
)
def test_a_camera_is_its_folder_whatever_the_card_made(name: str, by: SiteBy, camera: str) -> None:
    assert camera_of(name, by) == camera


@pytest.mark.slow
def test_a_hundred_thousand_detections_take_seconds(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    lines = []
    for number in range(100_000):
        place = (
            [0.1 + 0.08 * (number % 9), 0.3, 0.06, 0.1] if number % 2 else [*rng.uniform(0, 0.5, 2), 0.1, 0.2]
        )
        taken = f"{START + timedelta(minutes=number):%Y:%m:%d %H:%M:%S}"
        found = [{"category": "1", "conf": 0.7, "bbox": box(rng, tuple(place))}]
        lines.append({"file": f"site {number % 20}/{number}.jpg", "datetime": taken, "detections": found})
    document = {"info": {"format_version": "1.6"}, "detection_categories": {"1": "animal"}, "images": lines}
    (tmp_path / "md.json").write_text(json.dumps(document))
    began = time.process_time()
    summary = repeats(RepeatsRecipe(tmp_path / "md.json", tmp_path / "review"))
    set_aside(SetAsideRecipe(tmp_path / "md.json", tmp_path / "review", tmp_path / "clean.json"))
    took = time.process_time() - began
    assert summary.objects >= 90
    assert took < 60, took


def test_a_table_is_refused_with_the_command_that_makes_detections_of_it(tmp_path: Path) -> None:
    table = tmp_path / "results.csv"
    table.write_text("file,label\n", encoding="utf-8")
    with pytest.raises(UsageError, match="is a table.*taxolens derive"):
        repeats(RepeatsRecipe(table, tmp_path / "review"))
    assert not (tmp_path / "review").exists()
