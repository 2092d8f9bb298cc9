from __future__ import annotations

import csv
import dataclasses
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import taxolens
from taxolens.core.errors import ModelError, UsageError
from taxolens.core.taxonomy import Role
from taxolens.imaging.region import CropRule
from taxolens.inference.cascade_predictor import CascadePredictor
from taxolens.inference.detector import DetectorPredictor
from taxolens.modelfile.card import CardClass
from taxolens.modelfile.pipeline import CascadeNumbers, read_cascade, write_pipeline
from taxolens.recipes.derive import DeriveRecipe, MergeRecipe, OutputRecipe
from taxolens.recipes.identify import IdentifyRecipe
from taxolens.recipes.organise import OrganiseRecipe
from taxolens.recipes.source import SequenceBy
from taxolens.workflows.derive import derive
from taxolens.workflows.identify import identify
from taxolens.workflows.merge import merge
from taxolens.workflows.organise import organise
from tests.unit.formats.test_camtrap_dp import faults
from tests.unit.formats.test_megadetector import judged
from tests.unit.imaging.clips import flat, write_clip
from tests.unit.inference.colour_model import COLOURS, write_colour_model, write_photo
from tests.unit.inference.square_detector import squares, write_square_model, write_squares
from tests.unit.workflows.test_identify import Listener

Rows = list[dict[str, str]]
KINDS = (CardClass(id="animal"), CardClass(id="person", role=Role.PERSON))
"""What the detector calls red and green squares."""


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """Photos with two animals, an animal and a person, a faint one, none, one that only the classifier sees; a torn one.

    The detector takes red squares for animals and green ones for people; the classifier names the colour of a crop.
    """
    folder = tmp_path / "card"
    write_squares(folder / "site 0" / "IMG_0000.png", (0, 0, "red"), (2, 1, "red 0.8"))
    write_squares(folder / "site 0" / "IMG_0001.png", (1, 0, "red"), (2, 1, "green 0.9"))
    write_squares(folder / "site 0" / "IMG_0002.png", (1, 1, "red 0.3"))
    write_photo(folder / "site 1" / "IMG_0003.png", "nothing", size=(96, 64))
    faint = [(column, row, "red 0.35") for column in range(3) for row in range(2)]
    write_squares(folder / "site 1" / "IMG_0004.png", *faint)
    (folder / "site 1" / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    return folder


@pytest.fixture
def detector(tmp_path: Path) -> Path:
    return write_square_model(tmp_path / "detector.onnx", classes=KINDS).path


@pytest.fixture
def recipe(card: Path, detector: Path, tmp_path: Path) -> IdentifyRecipe:
    model = write_colour_model(tmp_path / "model.onnx").path
    return IdentifyRecipe(
        photos=card, model=model, detector=detector, out=tmp_path / "out" / "results.csv", workers=2
    )


@pytest.fixture
def pipeline(recipe: IdentifyRecipe, detector: Path, tmp_path: Path) -> Path:
    file = tmp_path / "pipeline.toml"
    write_pipeline(read_cascade(detector, recipe.model), file, name="squares")
    return file


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the photos that are looked at, in no order."""
    names: list[str] = []
    look = CascadePredictor.look

    def watched(self: CascadePredictor, source: Any, **options: Any) -> Any:
        names.append(Path(source).name)
        return look(self, source, **options)

    monkeypatch.setattr(CascadePredictor, "look", watched)
    return names


def rows(table: Path) -> Rows:
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def told(table: Rows) -> list[tuple[str, str, str]]:
    return [(row["file"].rpartition("/")[2], row["label"], row["status"]) for row in table]


def derived(recipe: IdentifyRecipe, name: str = "derived.csv", **fields: Any) -> Path:
    out = recipe.out.with_name(name)
    derive(DeriveRecipe(results=recipe.out, output=OutputRecipe(out=out), **fields))
    return out


ANSWERS = [
    ("IMG_0000.png", "red", "ok"),
    ("IMG_0000.png", "red", "ok"),
    ("IMG_0001.png", "red", "ok"),
    ("IMG_0001.png", "person", "ok"),
    ("IMG_0002.png", "unsure", "ok"),
    ("IMG_0003.png", "nothing", "blank"),
    ("IMG_0004.png", "red", "ok"),
    ("torn.jpg", "", "failed"),
]


def test_each_box_is_named_and_the_whole_photo_where_there_is_none(recipe: IdentifyRecipe) -> None:
    summary = identify(recipe)
    assert (summary.found, summary.answered, summary.blank, summary.failed) == (6, 4, 1, 1)
    table = rows(recipe.out)
    assert told(table) == ANSWERS
    assert [row["count"] for row in table] == ["2", "2", "1", "1", "", "", "", ""]
    second, person, whole = table[1], table[3], table[6]
    edges = [float(second[edge]) for edge in ("x", "y", "width", "height")]
    assert edges == pytest.approx([2 / 3, 1 / 2, 1 / 3, 1 / 2], abs=1e-5)
    assert float(second["detector_score"]) == pytest.approx(0.64, abs=0.01)
    assert float(second["score"]) > 0.99 and second["top2"] in ("green", "nothing")
    assert float(person["score"]) == float(person["detector_score"]) == pytest.approx(0.81, abs=0.01)
    assert whole["x"] == whole["detector_score"] == "" and float(whole["score"]) > 0.8


def test_a_pipeline_says_what_two_models_say(recipe: IdentifyRecipe, pipeline: Path) -> None:
    identify(recipe)
    other = dataclasses.replace(recipe, model=pipeline, detector=None, out=recipe.out.with_name("p.csv"))
    identify(other)
    assert other.out.read_bytes() == recipe.out.read_bytes()


def test_the_numbers_of_a_pipeline_decide_anew_and_other_crops_are_other_work(
    recipe: IdentifyRecipe, pipeline: Path, looked: list[str]
) -> None:
    recipe = dataclasses.replace(recipe, model=pipeline, detector=None)
    identify(recipe)
    assert len(looked) == 6
    files = read_cascade(pipeline.with_name("detector.onnx"), pipeline.with_name("model.onnx"))
    strict = CascadeNumbers(there=0.7, whole=0.999)
    write_pipeline(dataclasses.replace(files, rule=strict), pipeline)
    identify(recipe)
    assert len(looked) == 6
    assert [row["label"] for row in rows(recipe.out)] == [
        "red",
        "red",
        "person",
        "unsure",
        "nothing",
        "unsure",
        "",
    ]
    write_pipeline(dataclasses.replace(files, crop=CropRule(margin=0.5)), pipeline)
    with pytest.raises(UsageError, match="from other crops"):
        identify(recipe)


def test_the_same_command_again_looks_at_nothing_and_new_thresholds_neither(
    recipe: IdentifyRecipe, looked: list[str]
) -> None:
    identify(recipe)
    first = recipe.out.read_bytes()
    assert len(looked) == 6
    assert identify(recipe).skipped == 6 and recipe.out.read_bytes() == first
    identify(dataclasses.replace(recipe, detector_threshold=0.7))
    assert len(rows(recipe.out)) == 7
    identify(dataclasses.replace(recipe, threshold=0.9999))
    assert {row["label"] for row in rows(recipe.out)} == {"unsure", "person", "nothing", ""}
    assert len(looked) == 6


def test_a_run_that_was_stopped_ends_with_the_same_bytes(recipe: IdentifyRecipe) -> None:
    whole = dataclasses.replace(recipe, out=recipe.out.with_name("whole.csv"))
    identify(whole)
    for stop in (1, 2, 4):
        with pytest.raises(KeyboardInterrupt):
            identify(dataclasses.replace(recipe, restart=stop == 1), progress=Listener(stop_after=stop))
    identify(recipe)
    assert recipe.out.read_bytes() == whole.out.read_bytes()


@pytest.mark.slow
def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(recipe: IdentifyRecipe, tmp_path: Path) -> None:
    rng = random.Random(4)
    for number in range(50):
        places = [
            (rng.randrange(3), rng.randrange(2), rng.choice(["red", "green"])) for _ in range(number % 4)
        ]
        write_squares(tmp_path / "many" / f"{number:02d}.png", *places)
    whole = dataclasses.replace(recipe, photos=tmp_path / "many", out=tmp_path / "whole.csv")
    identify(whole)
    out = tmp_path / "killed.csv"
    program = (
        "from pathlib import Path; from taxolens.inference.cascade_predictor import CascadePredictor as C;"
        "import time; look = C.look;"
        "C.look = lambda *a, **k: (time.sleep(0.05), look(*a, **k))[1];"
        "from taxolens.recipes.identify import IdentifyRecipe; from taxolens.workflows.identify import identify;"
        f"identify(IdentifyRecipe(photos=Path({str(tmp_path / 'many')!r}), model=Path({str(recipe.model)!r}),"
        f" detector=Path({str(recipe.detector)!r}), out=Path({str(out)!r}), workers=1))"
    )
    for _ in range(5):
        run = subprocess.Popen([sys.executable, "-c", program])
        time.sleep(rng.uniform(2, 8))
        if run.poll() is None:
            os.kill(run.pid, signal.SIGKILL)
        run.wait()
    identify(dataclasses.replace(whole, out=out))
    assert out.read_bytes() == whole.out.read_bytes()


def test_boxes_are_decided_anew_without_the_photos_and_the_models(recipe: IdentifyRecipe, card: Path) -> None:
    identify(recipe)
    for photo in card.rglob("*.*"):
        photo.unlink()
    recipe.model.unlink()
    assert recipe.detector is not None
    recipe.detector.unlink()
    assert derived(recipe).read_bytes() == recipe.out.read_bytes()
    fewer = rows(derived(recipe, detector_threshold=0.7))
    assert [row["label"] for row in fewer] == ["red", "red", "person", "unsure", "nothing", "red", ""]
    without = rows(derived(recipe, exclude=("red", "person")))
    assert {row["label"] for row in without} <= {"green", "unsure", "nothing", ""}
    with pytest.raises(UsageError, match=r"lower than 0\.1"):
        derived(recipe, detector_threshold=0.05)


def test_an_event_is_named_by_all_its_boxes(recipe: IdentifyRecipe) -> None:
    identify(recipe)
    table = rows(derived(recipe, by_event=True, sequence_by=SequenceBy.FILENAME))
    events = {
        row["file"][:6]: (row["event_label"], row["event_count"])
        for row in table
        if row["status"] != "failed"
    }
    assert events == {"site 0": ("red", "2"), "site 1": ("red", "1")}


def test_what_a_person_says_of_a_photo_counts_for_all_its_boxes(
    recipe: IdentifyRecipe, tmp_path: Path
) -> None:
    identify(recipe)
    table = tmp_path / "corrections.csv"
    table.write_text(
        "file,label,corrected_by\nsite 0/IMG_0000.png,lynx,Ann\nsite 0/IMG_0001.png,nothing,Ann\n"
    )
    found = told(rows(derived(recipe, corrections=table)))
    assert found[:3] == [
        ("IMG_0000.png", "lynx", "ok"),
        ("IMG_0000.png", "lynx", "ok"),
        ("IMG_0001.png", "nothing", "blank"),
    ]


def test_shards_unite_to_what_one_run_gives_and_other_detectors_do_not(
    recipe: IdentifyRecipe, tmp_path: Path
) -> None:
    identify(recipe)
    parts = []
    for number in (1, 2):
        out = recipe.out.with_name(f"part{number}.csv")
        identify(dataclasses.replace(recipe, out=out, shard=f"{number}/2"))
        parts.append(out)
    united = recipe.out.with_name("united.csv")
    merge(MergeRecipe(results=tuple(parts), output=OutputRecipe(out=united)))
    assert united.read_bytes() == recipe.out.read_bytes()
    other = write_square_model(tmp_path / "other.onnx", classes=KINDS, version="2").path
    strange = dataclasses.replace(recipe, detector=other, out=parts[1], restart=True, shard="2/2")
    identify(strange)
    with pytest.raises(UsageError, match="same detector"):
        merge(MergeRecipe(results=tuple(parts), output=OutputRecipe(out=united)))


def test_results_of_another_detector_and_of_none_are_refused(recipe: IdentifyRecipe, tmp_path: Path) -> None:
    identify(recipe)
    other = write_square_model(tmp_path / "other.onnx", classes=KINDS, version="2").path
    with pytest.raises(UsageError, match="another detector"):
        identify(dataclasses.replace(recipe, detector=other))
    with pytest.raises(UsageError, match="another detector"):
        identify(dataclasses.replace(recipe, detector=None))
    alone = dataclasses.replace(recipe, detector=None, out=recipe.out.with_name("alone.csv"))
    identify(alone)
    with pytest.raises(UsageError, match="without a detector"):
        identify(dataclasses.replace(alone, detector=recipe.detector))


def test_megadetector_json_holds_boxes_with_their_classes(recipe: IdentifyRecipe) -> None:
    out = recipe.out.with_suffix(".json")
    identify(dataclasses.replace(recipe, out=out))
    document = json.loads(out.read_text(encoding="utf-8"))
    assert judged(document) == ([], [])
    assert (document["info"]["detector"], document["info"]["classifier"]) == ("squares 1", "colours 1")
    by_file = {image["file"]: image for image in document["images"]}
    kinds = document["detection_categories"]
    classes = document["classification_categories"]
    animal, person = by_file["site 0/IMG_0001.png"]["detections"]
    assert kinds[animal["category"]] == "animal"
    assert classes[animal["classifications"][0][0]] == "red"
    assert kinds[person["category"]] == "person" and "classifications" not in person
    assert by_file["site 1/IMG_0003.png"]["detections"] == []
    (whole,) = by_file["site 1/IMG_0004.png"]["detections"]
    assert whole["bbox"] == [0, 0, 1, 1]
    assert by_file["site 1/torn.jpg"]["failure"]


def test_camtrap_dp_knows_animals_people_blanks_and_failures(recipe: IdentifyRecipe, tmp_path: Path) -> None:
    deployments = tmp_path / "sites.csv"
    deployments.write_text(
        "site,latitude,longitude,start,end,timezone\nsite 0,43.6,3.9,2026-05-01,2026-06-01,+01:00\n"
        "site 1,43.7,3.9,2026-05-01,2026-06-01,+01:00\n"
    )
    out = tmp_path / "package"
    identify(dataclasses.replace(recipe, out=out, format="camtrap-dp", deployments=deployments))
    assert faults(out) == []
    table = rows(out / "observations.csv")
    assert [row["observationType"] for row in table] == [
        *["animal"] * 3,
        "human",
        "unknown",
        "blank",
        "animal",
        "unclassified",
    ]
    assert [row["bboxX"] != "" for row in table] == [True, True, True, True, False, False, False, False]
    assert table[0]["classifiedBy"] == "colours 1"


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("r.json", "coco"),
        ("r.csv", "timelapse"),
        ("r.zip", "dwca"),
        ("r.xlsx", "xlsx"),
        ("r.parquet", "parquet"),
    ],
)
def test_every_format_takes_named_boxes(recipe: IdentifyRecipe, name: str, format: str) -> None:
    if format in ("xlsx", "parquet"):
        pytest.importorskip({"xlsx": "openpyxl", "parquet": "pyarrow"}[format])
    out = recipe.out.with_name(name)
    assert identify(dataclasses.replace(recipe, out=out, format=format)).found == 6
    assert out.stat().st_size > 100
    if format == "timelapse":
        counts = {row["File"]: (row["Species"], row["Count"]) for row in rows(out)}
        assert counts["IMG_0000.png"] == ("red", "2") and counts["IMG_0003.png"] == ("", "0")


def test_photos_are_sorted_by_what_is_in_their_boxes(recipe: IdentifyRecipe, tmp_path: Path) -> None:
    identify(recipe)
    organise(OrganiseRecipe(results=recipe.out, out=tmp_path / "sorted"))
    found = {
        path.relative_to(tmp_path / "sorted").as_posix() for path in (tmp_path / "sorted").rglob("*.png")
    }
    assert any("red" in name for name in found) and any(
        "nothing" in name or "blank" in name for name in found
    )


def test_a_clip_has_the_named_boxes_of_its_best_frame_or_is_named_whole(
    recipe: IdentifyRecipe, tmp_path: Path
) -> None:
    pytest.importorskip("av")
    everywhere = [(column, row, "red 0.38") for column in range(3) for row in range(2)]
    black, weak, faint, full = (
        np.asarray(squares(*places))
        for places in ((), everywhere, [(0, 0, "red 0.7")], [(0, 0, "red"), (2, 1, "green")])
    )
    folder = tmp_path / "clips"
    write_clip(folder / "fox.mp4", [*[black] * 8, *[faint] * 8, *[full] * 8, *[black] * 8])
    write_clip(folder / "nothing.mp4", [flat(COLOURS["nothing"], (96, 64))] * 16)
    write_clip(folder / "whole.mp4", [*[black] * 8, *[weak] * 16])
    identify(dataclasses.replace(recipe, photos=folder))
    table = rows(recipe.out)
    assert sorted(told(table)) == [
        ("fox.mp4", "person", "ok"),
        ("fox.mp4", "red", "ok"),
        ("nothing.mp4", "nothing", "blank"),
        ("whole.mp4", "red", "ok"),
    ]
    assert {row["frame"] for row in table if row["file"] == "fox.mp4"} == {"16"}
    assert derived(recipe).read_bytes() == recipe.out.read_bytes()


def test_the_detector_sees_in_a_cascade_what_it_sees_alone(recipe: IdentifyRecipe, card: Path) -> None:
    both = taxolens.load(recipe.model, detector=recipe.detector)
    alone = taxolens.load(recipe.detector or "")
    assert isinstance(both, CascadePredictor) and isinstance(alone, DetectorPredictor)
    for photo in card.rglob("*.png"):
        boxes, same = both.look(photo).boxes, alone.boxes(photo)
        assert (
            boxes.scores.tobytes() == same.scores.tobytes()
            and boxes.places.tobytes() == same.places.tobytes()
        )


def test_python_gives_boxes_with_names(recipe: IdentifyRecipe, card: Path) -> None:
    model = taxolens.load(recipe.model, detector=recipe.detector)
    assert isinstance(model, CascadePredictor)
    photos = model.predict(
        [card / "site 0" / "IMG_0001.png", card / "site 1" / "IMG_0003.png", card / "site 1" / "torn.jpg"]
    )
    assert [photo.status for photo in photos] == ["ok", "blank", "failed"]
    animal, person = photos[0].detections
    assert (animal.label, person.label) == ("red", "person")
    assert animal.distribution.sum() == pytest.approx(1, abs=1e-5) and animal.margin < 0.1
    (whole,) = model.predict(card / "site 1" / "IMG_0004.png")[0].detections
    assert (whole.label, whole.box.width, whole.box.height) == ("red", 1, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: dataclasses.replace(r, model=r.detector, detector=r.model), "exchanged"),
        (lambda r: dataclasses.replace(r, detector=r.model), "is no detector"),
        (lambda r: dataclasses.replace(r, model=r.detector), "both detectors"),
        (lambda r: dataclasses.replace(r, detector=r.photos / "gone.onnx"), "no model file"),
        (lambda r: dataclasses.replace(r, detector=None, detector_threshold=0.5), "beside a classifier"),
        (lambda r: dataclasses.replace(r, detector_threshold=0.05), "lower than"),
        (lambda r: dataclasses.replace(r, out=r.detector), "is read, so"),
    ],
)
def test_what_cannot_be_meant_is_told_in_a_sentence(
    recipe: IdentifyRecipe, change: Any, message: str
) -> None:
    with pytest.raises((ModelError, UsageError), match=message):
        identify(change(recipe))
