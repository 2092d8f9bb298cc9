"""Judging the boxes that any program found, from files to figures and a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from typer.testing import CliRunner

from taxolens.cli.main import app
from taxolens.core.errors import DataError, UsageError
from taxolens.evaluation.detection.result import ErrorKind
from taxolens.recipes.evaluate import EvaluateRecipe
from taxolens.recipes.source import SourceRecipe
from taxolens.report.wording import Wording
from taxolens.workflows.detection_evaluate import DetectionSummary, evaluate_found
from tests.unit.workflows.test_identify import Listener

SIDES = (200, 100)
CAT, DOG = (0, 0.25, 0.5, 0.3, 0.4), (1, 0.75, 0.5, 0.2, 0.4)
"""Class, middle, width and height, as YOLO has them."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Four photos: a cat and a dog, a cat, a dog, nothing."""
    folder = tmp_path / "boxes"
    rng = np.random.default_rng(0)
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    for name, boxes in (("a", (CAT, DOG)), ("b", (CAT,)), ("c", (DOG,)), ("d", ())):
        pixels = rng.integers(0, 255, (SIDES[1], SIDES[0], 3), dtype=np.uint8)
        Pillow.fromarray(pixels).save(folder / "images" / f"{name}.jpg")
        lines = [" ".join(map(str, box)) for box in boxes]
        (folder / "labels" / f"{name}.txt").write_text("\n".join(lines), encoding="utf-8")
    (folder / "data.yaml").write_text("path: .\ntrain: images\nnames: [cat, dog]\n", encoding="utf-8")
    return folder


def corner(box: tuple[float, ...]) -> list[float]:
    _, x, y, width, height = box
    return [x - width / 2, y - height / 2, width, height]


def megadetector(path: Path, photos: dict[str, Any], categories: tuple[str, ...] = ("cat", "dog")) -> Path:
    document = {
        "info": {"format_version": "1.4", "detector": "made_v1.pt"},
        "detection_categories": {str(number): name for number, name in enumerate(categories)},
        "images": [
            {"file": name, "failure": found}
            if isinstance(found, str)
            else {
                "file": name,
                "detections": [
                    {"category": str(kind), "conf": score, "bbox": corner(box)} for kind, box, score in found
                ],
            }
            for name, found in photos.items()
        ],
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


PERFECT: dict[str, Any] = {
    "images/a.jpg": [(0, CAT, 0.9), (1, DOG, 0.8)],
    "images/b.jpg": [(0, CAT, 0.9)],
    "images/c.jpg": [(1, DOG, 0.9)],
    "images/d.jpg": [],
}


def run(
    found: Path, data: Path, tmp_path: Path, listener: Listener | None = None, **fields: Any
) -> DetectionSummary:
    recipe = EvaluateRecipe(found, SourceRecipe(data), workers=1, **fields)
    return evaluate_found(recipe, home=tmp_path / "home", progress=listener)


def test_boxes_at_their_place_are_right(data: Path, tmp_path: Path) -> None:
    listener = Listener()
    summary = run(megadetector(tmp_path / "found.json", PERFECT), data, tmp_path, listener)
    assert summary.result.n == 4 and summary.result.map50_95.value == 1
    assert summary.result.counting[0].exact == 1
    assert listener.notes == []
    assert "mAP50 1.000" in summary.lines(Wording())[0]


def test_coco_results_and_megadetector_give_the_same_figures(data: Path, tmp_path: Path) -> None:
    photos = {**PERFECT, "images/b.jpg": [(1, CAT, 0.7)]}
    rows = [
        {
            "image_id": Path(name).stem,
            "category_id": kind + 1,
            "bbox": [edge * side for edge, side in zip(corner(box), SIDES * 2, strict=True)],
            "score": score,
        }
        for name, found in photos.items()
        for kind, box, score in found
    ]
    (tmp_path / "coco.json").write_text(json.dumps(rows), encoding="utf-8")
    listener = Listener()
    coco = run(tmp_path / "coco.json", data, tmp_path, listener, score=0.5)
    own = run(megadetector(tmp_path / "found.json", photos), data, tmp_path, score=0.5)
    assert coco.result.map50 == own.result.map50
    assert coco.result.confusion == own.result.confusion == ((1, 1, 0), (0, 2, 0), (0, 0, 0))
    assert listener.notes == [
        "Photos of the data that coco.json has no box for, which count as looked at: 1."
    ]


def test_photos_that_one_side_does_not_name_are_told(data: Path, tmp_path: Path) -> None:
    photos = {"images/a.jpg": PERFECT["images/a.jpg"], "images/d.jpg": [], "images/x.jpg": []}
    listener = Listener()
    summary = run(megadetector(tmp_path / "found.json", photos), data, tmp_path, listener)
    assert summary.result.n == 2 and summary.result.recall.value == 1
    assert listener.notes == [
        "Photos that found.json names and the data do not hold, which are left out: 1 (images/x.jpg).",
        "Photos of the data that found.json does not name, which are not judged: 2 (images/b.jpg, images/c.jpg).",
    ]


def test_classes_that_one_side_does_not_have_are_told(data: Path, tmp_path: Path) -> None:
    photos = {**PERFECT, "images/a.jpg": [(0, CAT, 0.9), (1, DOG, 0.8)]}
    listener = Listener()
    found = megadetector(tmp_path / "found.json", photos, categories=("Cat", "person"))
    summary = run(found, data, tmp_path, listener)
    assert summary.result.classes[0].recall.value == 1 and summary.result.classes[1].recall.value == 0
    assert listener.notes == [
        "Found boxes of classes that the data do not have, which are left out: person (2).",
        "Classes of the data that found.json never names, all of whose boxes count as missed: dog (2).",
    ]


def test_boxes_can_be_judged_whatever_they_are_called(data: Path, tmp_path: Path) -> None:
    photos = {**PERFECT, "images/d.jpg": [(1, DOG, 0.9)]}
    found = megadetector(tmp_path / "found.json", photos, categories=("animal", "vehicle"))
    with pytest.raises(DataError, match="says animal, vehicle, and the data say cat, dog"):
        run(found, data, tmp_path)
    listener = Listener()
    summary = run(found, data, tmp_path, listener, one_class=True)
    assert summary.result.labels == ("anything",)
    assert summary.result.recall.value == 0.5  # what is a vehicle is none of the animals
    assert summary.result.precision.value == 1
    assert "vehicle (3)" in listener.notes[0]


def test_the_name_of_a_classifier_counts_where_the_data_know_it(data: Path, tmp_path: Path) -> None:
    document = {
        "detection_categories": {"1": "animal"},
        "classification_categories": {"5": "dog"},
        "images": [
            {
                "file": "c.jpg",
                "detections": [
                    {"category": "1", "conf": 0.8, "bbox": corner(DOG), "classifications": [["5", 0.5]]}
                ],
            }
        ],
    }
    (tmp_path / "found.json").write_text(json.dumps(document), encoding="utf-8")
    summary = run(tmp_path / "found.json", data, tmp_path)
    assert summary.result.classes[1].recall.value == 1
    assert summary.result.work.score == pytest.approx(0.4)


def test_a_photo_that_the_detector_could_not_read_is_a_failure(data: Path, tmp_path: Path) -> None:
    photos = {**PERFECT, "images/b.jpg": "torn"}
    summary = run(megadetector(tmp_path / "found.json", photos), data, tmp_path)
    assert [one.name for one in summary.failures] == ["images/b.jpg"]
    assert summary.result.n == 3


def test_a_score_can_be_asked_for(data: Path, tmp_path: Path) -> None:
    summary = run(megadetector(tmp_path / "found.json", PERFECT), data, tmp_path, score=0.85)
    assert not summary.result.chosen and summary.result.recall.value == 0.75
    missed = {one.kind: one.count for one in summary.result.errors}[ErrorKind.MISSED]
    assert missed == 1


def test_only_the_test_part_is_judged(data: Path, tmp_path: Path) -> None:
    (data / "test" / "images").mkdir(parents=True)
    (data / "test" / "labels").mkdir()
    for part, suffix in (("images", "jpg"), ("labels", "txt")):
        (data / part / f"c.{suffix}").rename(data / "test" / part / f"c.{suffix}")
    yaml = "path: .\ntrain: images\ntest: test/images\nnames: [cat, dog]\n"
    (data / "data.yaml").write_text(yaml, encoding="utf-8")
    found = megadetector(tmp_path / "found.json", {**PERFECT, "test/images/c.jpg": [(1, DOG, 0.9)]})
    listener = Listener()
    summary = run(found, data, tmp_path, listener)
    assert summary.result.n == 1 and summary.result.true == 1
    assert "Only the 1 photos of the test part" in listener.notes[0]


# --- what cannot be meant


def test_data_without_boxes_are_refused(tmp_path: Path) -> None:
    for kind in ("cat", "dog"):
        (tmp_path / "photos" / kind).mkdir(parents=True)
        Pillow.new("RGB", (8, 8)).save(tmp_path / "photos" / kind / "1.png")
    with pytest.raises(DataError, match="has no boxes"):
        run(megadetector(tmp_path / "found.json", PERFECT), tmp_path / "photos", tmp_path)


def test_a_file_about_other_photos_is_refused(data: Path, tmp_path: Path) -> None:
    found = megadetector(tmp_path / "found.json", {"one.jpg": [], "two.jpg": []})
    with pytest.raises(DataError, match=r"one\.jpg, two\.jpg; the data hold images/a\.jpg"):
        run(found, data, tmp_path)


def test_a_file_that_is_not_there_is_told(data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"found\.json is not there"):
        run(tmp_path / "found.json", data, tmp_path)


def test_nothing_is_written_over_what_is_read(data: Path, tmp_path: Path) -> None:
    found = megadetector(tmp_path / "found.json", PERFECT)
    with pytest.raises(UsageError, match="is named twice"):
        run(found, data, tmp_path, json=found)


@pytest.mark.parametrize("found", [PERFECT, {name: [] for name in PERFECT}])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_figures_and_page_are_written(
    data: Path, tmp_path: Path, found: dict[str, Any], language: str
) -> None:
    summary = run(
        megadetector(
            tmp_path / "found.json",
            {**found, "images/c.jpg": [(0, CAT, 0.9)] if found["images/a.jpg"] else []},
        ),
        data,
        tmp_path,
        json=tmp_path / "out.json",
        report=tmp_path / "out.html",
        language=language,
    )
    document = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert document["n"] == 4 and set(document["per_class"]) == {"cat", "dog"}
    assert document["map50"] == summary.result.map50.value
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "made_v1.pt" in page and page.count("data:image/jpeg") >= 1
    assert "images/c.jpg" in page


def test_the_command_takes_a_file_of_boxes_in_place_of_a_model(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAXOLENS_HOME", str(tmp_path / "home"))
    found = megadetector(tmp_path / "found.json", PERFECT)
    figures = tmp_path / "figures.json"
    outcome = CliRunner().invoke(
        app, ["evaluate", str(found), str(data), "--json", str(figures), "--score", "0.5"]
    )
    assert outcome.exit_code == 0, outcome.output
    assert json.loads(figures.read_text(encoding="utf-8"))["score"] == 0.5
