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
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from taxolens.core.errors import UsageError
from taxolens.inference.decision import rule_of
from taxolens.inference.detector import DetectorPredictor
from taxolens.inference.rendering import Rendering, results
from taxolens.inference.stored import open_stored
from taxolens.recipes.derive import DeriveRecipe, MergeRecipe, OutputRecipe
from taxolens.recipes.identify import IdentifyRecipe
from taxolens.recipes.source import SequenceBy
from taxolens.recipes.tile import TileRecipe
from taxolens.workflows.derive import derive
from taxolens.workflows.identify import identify
from taxolens.workflows.merge import merge
from taxolens.workflows.site_book import SiteBook
from tests.unit.formats.test_megadetector import judged
from tests.unit.imaging.clips import write_clip
from tests.unit.inference.square_detector import squares, write_square_model, write_squares
from tests.unit.workflows.test_identify import Listener

Rows = list[dict[str, str]]


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """Photos with two, one, a faint and no square, and a torn one."""
    folder = tmp_path / "card"
    write_squares(folder / "site 0" / "IMG_0000.png", (0, 0, "red"), (2, 1, "green 0.8"))
    write_squares(folder / "site 0" / "IMG_0001.png", (1, 0, "green"))
    write_squares(folder / "site 0" / "IMG_0002.png", (1, 1, "red 0.5"))
    write_squares(folder / "site 1" / "IMG_0003.png")
    (folder / "site 1" / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    return folder


@pytest.fixture
def recipe(card: Path, tmp_path: Path) -> IdentifyRecipe:
    model = write_square_model(tmp_path / "model.onnx").path
    return IdentifyRecipe(photos=card, model=model, out=tmp_path / "out" / "results.csv", workers=2)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the photos that the model is run on, in no order."""
    names: list[str] = []
    boxes = DetectorPredictor.boxes

    def watched(self: DetectorPredictor, source: Any, **options: Any) -> Any:
        names.append(Path(source).name)
        return boxes(self, source, **options)

    monkeypatch.setattr(DetectorPredictor, "boxes", watched)
    return names


def rows(table: Path) -> Rows:
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def told(table: Rows) -> list[tuple[str, str, str]]:
    return [(row["file"], row["label"], row["status"]) for row in table]


def derived(recipe: IdentifyRecipe, name: str = "derived.csv", **fields: Any) -> Path:
    out = recipe.out.with_name(name)
    derive(DeriveRecipe(results=recipe.out, output=OutputRecipe(out=out), **fields))
    return out


def test_each_box_is_a_row_and_a_photo_without_any_is_blank(recipe: IdentifyRecipe) -> None:
    summary = identify(recipe)
    assert (summary.found, summary.answered, summary.blank, summary.failed) == (5, 2, 2, 1)
    table = rows(recipe.out)
    assert told(table) == [
        ("site 0/IMG_0000.png", "red", "ok"),
        ("site 0/IMG_0000.png", "green", "ok"),
        ("site 0/IMG_0001.png", "green", "ok"),
        ("site 0/IMG_0002.png", "blank", "blank"),
        ("site 1/IMG_0003.png", "blank", "blank"),
        ("site 1/torn.jpg", "", "failed"),
    ]
    second = table[1]
    edges = [float(second[edge]) for edge in ("x", "y", "width", "height")]
    assert edges == pytest.approx([2 / 3, 1 / 2, 1 / 3, 1 / 2], abs=1e-5)
    assert float(second["detector_score"]) == pytest.approx(0.64, abs=0.01)
    assert (second["top1"], second["top2"]) == ("green", "red")
    assert all(row["x"] == row["detector_score"] == "" for row in table[3:])


def test_the_same_command_again_looks_at_nothing_and_a_new_threshold_neither(
    recipe: IdentifyRecipe, looked: list[str]
) -> None:
    identify(recipe)
    first = recipe.out.read_bytes()
    assert len(looked) == 5
    summary = identify(recipe)
    assert summary.skipped == 5 and recipe.out.read_bytes() == first
    identify(dataclasses.replace(recipe, threshold=0.2))
    assert len(looked) == 5
    assert ("site 0/IMG_0002.png", "red", "ok") in told(rows(recipe.out))


def test_a_run_that_was_stopped_ends_with_the_same_bytes(recipe: IdentifyRecipe) -> None:
    whole = dataclasses.replace(recipe, out=recipe.out.with_name("whole.csv"))
    identify(whole)
    for stop in (1, 2, 4):
        with pytest.raises(KeyboardInterrupt):
            identify(dataclasses.replace(recipe, restart=stop == 1), progress=Listener(stop_after=stop))
    identify(recipe)
    assert recipe.out.read_bytes() == whole.out.read_bytes()


@pytest.mark.slow
def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(tmp_path: Path) -> None:
    rng = random.Random(4)
    for number in range(60):
        places = [
            (rng.randrange(3), rng.randrange(2), rng.choice(["red", "green"])) for _ in range(number % 4)
        ]
        write_squares(tmp_path / "card" / f"{number:02d}.png", *places)
    model = write_square_model(tmp_path / "model.onnx").path
    whole = IdentifyRecipe(photos=tmp_path / "card", model=model, out=tmp_path / "whole.csv")
    identify(whole)
    out = tmp_path / "killed.csv"
    program = (
        "from pathlib import Path; from taxolens.inference.detector import DetectorPredictor as D;"
        "import time; look = D.boxes;"
        "D.boxes = lambda *a, **k: (time.sleep(0.05), look(*a, **k))[1];"
        "from taxolens.recipes.identify import IdentifyRecipe; from taxolens.workflows.identify import identify;"
        f"identify(IdentifyRecipe(photos=Path({str(tmp_path / 'card')!r}), model=Path({str(model)!r}),"
        f" out=Path({str(out)!r}), workers=1))"
    )
    for _ in range(6):
        run = subprocess.Popen([sys.executable, "-c", program])
        time.sleep(rng.uniform(2, 8))
        if run.poll() is None:
            os.kill(run.pid, signal.SIGKILL)
        run.wait()
    identify(dataclasses.replace(whole, out=out))
    assert out.read_bytes() == whole.out.read_bytes()


def test_boxes_are_decided_anew_without_the_photos(recipe: IdentifyRecipe, card: Path) -> None:
    identify(recipe)
    for photo in card.rglob("*.*"):
        photo.unlink()
    recipe.model.unlink()
    same = derived(recipe)
    assert same.read_bytes() == recipe.out.read_bytes()
    assert len(rows(derived(recipe, threshold=0.2))) == 6
    strict = rows(derived(recipe, threshold=0.9))
    assert [row["label"] for row in strict] == ["red", "green", "blank", "blank", ""]
    without = rows(derived(recipe, exclude=("red",)))
    assert [row["label"] for row in without] == ["green", "green", "blank", "blank", ""]
    with pytest.raises(UsageError, match=r"lower than 0\.1"):
        derived(recipe, threshold=0.05)


def test_an_event_counts_the_boxes_of_its_photos(recipe: IdentifyRecipe) -> None:
    identify(recipe)
    table = rows(derived(recipe, by_event=True, sequence_by=SequenceBy.FILENAME))
    of_first = {(row["event_label"], row["event_count"]) for row in table if row["file"].startswith("site 0")}
    assert len(of_first) == 1
    assert next(iter(of_first))[1] == "2"
    (blank,) = [row for row in table if row["file"].endswith("3.png")]
    assert (blank["event_label"], blank["event_count"]) == ("blank", "0")


def test_sites_are_counted_by_photos_and_not_by_boxes(recipe: IdentifyRecipe) -> None:
    write_squares(recipe.photos / "site 0" / "IMG_0009.png", (0, 0, "red"), (1, 1, "red"), (2, 0, "green"))
    identify(recipe)
    stored = open_stored(recipe.out)
    how = Rendering(rule_of(stored.card, top_k=2, threshold=None), stored.root)
    book = SiteBook(stored.card.taxa, datetime(2026, 1, 1))
    assert len(list(book.counting(results(stored.places, stored, how)))) == 9
    (site,) = book.sites.values()
    assert (site.photos, site.blank, site.failed) == (6, 2, 1)
    assert site.species == {"red": 2, "green": 3}


def test_what_a_person_says_of_a_photo_counts_for_all_its_boxes(
    recipe: IdentifyRecipe, tmp_path: Path
) -> None:
    identify(recipe)
    table = tmp_path / "corrections.csv"
    table.write_text(
        "file,label,corrected_by\nsite 0/IMG_0000.png,lynx,Ann\nsite 0/IMG_0001.png,blank,Ann\n"
        "site 1/IMG_0003.png,hare,Ann\n"
    )
    found = rows(derived(recipe, corrections=table))
    assert told(found)[:5] == [
        ("site 0/IMG_0000.png", "lynx", "ok"),
        ("site 0/IMG_0000.png", "lynx", "ok"),
        ("site 0/IMG_0001.png", "blank", "blank"),
        ("site 0/IMG_0002.png", "blank", "blank"),
        ("site 1/IMG_0003.png", "hare", "ok"),
    ]
    assert found[0]["x"] != "" and found[2]["x"] == "" and found[4]["x"] == ""


def test_shards_unite_to_what_one_run_gives(recipe: IdentifyRecipe) -> None:
    identify(recipe)
    parts = []
    for number in (1, 2):
        out = recipe.out.with_name(f"part{number}.csv")
        identify(dataclasses.replace(recipe, out=out, shard=f"{number}/2"))
        parts.append(out)
    united = recipe.out.with_name("united.csv")
    merge(MergeRecipe(results=tuple(parts), output=OutputRecipe(out=united)))
    assert united.read_bytes() == recipe.out.read_bytes()


def test_megadetector_json_holds_every_box_and_names_the_detector(recipe: IdentifyRecipe) -> None:
    out = recipe.out.with_suffix(".json")
    identify(dataclasses.replace(recipe, out=out))
    document = json.loads(out.read_text(encoding="utf-8"))
    assert judged(document) == ([], [])
    assert document["info"]["detector"] == "squares 1" and "classifier" not in document["info"]
    by_file = {image["file"]: image for image in document["images"]}
    two = by_file["site 0/IMG_0000.png"]["detections"]
    assert [one["conf"] for one in two] == pytest.approx([1, 0.64], abs=0.01)
    assert two[1]["bbox"] == pytest.approx([0.6667, 0.5, 0.3333, 0.5], abs=1e-3)
    assert by_file["site 1/IMG_0003.png"]["detections"] == []
    assert by_file["site 1/torn.jpg"]["failure"]


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
def test_every_format_takes_boxes(recipe: IdentifyRecipe, name: str, format: str) -> None:
    if format in ("xlsx", "parquet"):
        pytest.importorskip({"xlsx": "openpyxl", "parquet": "pyarrow"}[format])
    out = recipe.out.with_name(name)
    assert identify(dataclasses.replace(recipe, out=out, format=format)).found == 5
    assert out.stat().st_size > 100


def test_a_clip_has_the_boxes_of_its_best_frame(recipe: IdentifyRecipe, tmp_path: Path) -> None:
    pytest.importorskip("av")
    black, faint, full = (
        np.asarray(squares(*places)) for places in ((), [(0, 0, "red 0.7")], [(0, 0, "red"), (2, 1, "green")])
    )
    folder = tmp_path / "clips"
    write_clip(folder / "fox.mp4", [*[black] * 8, *[faint] * 8, *[full] * 8, *[black] * 8])
    write_clip(folder / "nothing.mp4", [black] * 16)
    identify(dataclasses.replace(recipe, photos=folder))
    table = rows(recipe.out)
    assert sorted(told(table)) == [
        ("fox.mp4", "green", "ok"),
        ("fox.mp4", "red", "ok"),
        ("nothing.mp4", "blank", "blank"),
    ]
    assert {row["frame"] for row in table if row["file"] == "fox.mp4"} == {"16"}


def test_other_tiles_are_other_work(recipe: IdentifyRecipe) -> None:
    tiled = dataclasses.replace(recipe, tile=TileRecipe(size=64, overlap=0.25))
    identify(tiled)
    before = recipe.out.read_bytes()
    for other in (recipe, dataclasses.replace(recipe, tile=TileRecipe(size=80))):
        with pytest.raises(UsageError, match="made with --tile 64 --tile-overlap 0.25"):
            identify(other)
    assert identify(tiled).skipped == 5
    assert recipe.out.read_bytes() == before


def test_parts_with_other_tiles_are_not_united(recipe: IdentifyRecipe, tmp_path: Path) -> None:
    parts = [tmp_path / f"part{number}.csv" for number in (1, 2)]
    identify(dataclasses.replace(recipe, out=parts[0], shard="1/2"))
    identify(dataclasses.replace(recipe, out=parts[1], shard="2/2", tile=TileRecipe(size=64)))
    with pytest.raises(UsageError, match="tiles"):
        merge(MergeRecipe(tuple(parts), OutputRecipe(tmp_path / "all.csv")))
