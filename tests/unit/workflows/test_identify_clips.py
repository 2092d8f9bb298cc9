from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from taxolens.core.errors import MissingExtra, UsageError
from taxolens.recipes.derive import DeriveRecipe, OutputRecipe
from taxolens.recipes.identify import IdentifyRecipe
from taxolens.workflows.derive import derive
from taxolens.workflows.identify import identify
from tests.unit.formats.test_camtrap_dp import faults
from tests.unit.formats.test_megadetector import judged
from tests.unit.imaging.clips import flat, write_clip
from tests.unit.inference.colour_model import COLOURS, write_colour_model, write_photo
from tests.unit.workflows.test_identify import Listener

pytest.importorskip("av")
RED, GREEN, BLUE = (COLOURS[name] for name in ("red", "green", "nothing"))


def filmed(path: Path, *colours: tuple[int, int, int], **asked: Any) -> Path:
    """A clip with a second of each colour, and some noise."""
    rng = np.random.default_rng(len(path.name))
    pictures = [
        flat(colour) + rng.integers(0, 8, (48, 64, 3), dtype=np.uint8) for colour in colours for _ in range(8)
    ]
    return write_clip(path, pictures, **asked)


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """Two photos and five clips at two sites; one clip is torn, one holds nothing but text."""
    folder = tmp_path / "card"
    write_photo(folder / "north" / "IMG_1.png", "red")
    write_photo(folder / "south" / "IMG_2.png", "nothing")
    filmed(folder / "north" / "fox.mp4", BLUE, RED, RED, tags={"creation_time": "2026-05-01T06:15:00Z"})
    filmed(folder / "north" / "PIR_20260502_070000.avi", GREEN, GREEN)
    filmed(folder / "south" / "blank.mkv", BLUE, BLUE)
    torn = filmed(folder / "south" / "torn.mov", RED, RED)
    torn.write_bytes(torn.read_bytes()[:-400])
    (folder / "south" / "text.webm").write_text("no clip")
    return folder


@pytest.fixture
def recipe(card: Path, tmp_path: Path) -> IdentifyRecipe:
    model = write_colour_model(tmp_path / "model.onnx").path
    return IdentifyRecipe(photos=card, model=model, out=tmp_path / "out" / "results.csv", workers=1)


def rows(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def test_clips_are_answered_beside_photos_and_torn_ones_are_failures(recipe: IdentifyRecipe) -> None:
    summary = identify(recipe)
    assert (summary.found, summary.answered, summary.blank, summary.failed) == (7, 3, 2, 2)
    table = rows(recipe.out)
    fox = table["north/fox.mp4"]
    assert (fox["label"], fox["datetime"], fox["status"]) == ("red", "2026-05-01T06:15:00", "ok")
    assert fox["frame"] in ("8", "16")
    assert float(fox["frame_seconds"]) == int(fox["frame"]) / 8
    assert table["north/PIR_20260502_070000.avi"]["datetime"] == "2026-05-02T07:00:00"
    assert table["south/blank.mkv"]["status"] == "blank"
    assert table["south/torn.mov"]["failure"].startswith("damaged: ")
    assert table["south/text.webm"]["failure"].startswith("not_an_image: ")
    assert table["north/IMG_1.png"]["frame"] == ""


def test_megadetector_json_has_the_fields_of_videos_and_its_validator_finds_nothing(
    recipe: IdentifyRecipe,
) -> None:
    out = recipe.out.with_suffix(".json")
    identify(replace(recipe, out=out))
    document = json.loads(out.read_text())
    assert judged(document) == ([], [])
    images = {image["file"]: image for image in document["images"]}
    fox = images["north/fox.mp4"]
    assert (fox["frame_rate"], fox["frames_processed"]) == (8.0, [0, 8, 16])
    assert fox["detections"][0]["frame_number"] in (8, 16)
    assert images["south/blank.mkv"]["detections"] == []
    assert images["south/torn.mov"]["detections"] is None


def test_camtrap_dp_says_that_clips_are_videos(recipe: IdentifyRecipe, tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text(
        "site,latitude,longitude,start,end,timezone\n"
        "north,43.6,3.9,2026-01-01,2026-12-31,+02:00\nsouth,43.7,3.9,2026-01-01,2026-12-31,+02:00\n"
    )
    out = tmp_path / "package"
    identify(replace(recipe, out=out, format="camtrap-dp", deployments=tmp_path / "sites.csv"))
    with (out / "media.csv").open(newline="") as file:
        kinds = {row["fileName"]: row["fileMediatype"] for row in csv.DictReader(file)}
    assert kinds["fox.mp4"] == "video/mp4"
    assert kinds["PIR_20260502_070000.avi"] == "video/x-msvideo"
    with (out / "observations.csv").open(newline="") as file:
        fox = next(row for row in csv.DictReader(file) if row["eventStart"].startswith("2026-05-01T06:15:00"))
    assert fox["eventEnd"] == "2026-05-01T06:15:02+02:00"
    assert faults(out) == []


def test_the_same_command_looks_at_no_clip_twice_and_writes_the_same(recipe: IdentifyRecipe) -> None:
    identify(recipe)
    before = recipe.out.read_bytes()
    assert identify(recipe).skipped == 7
    assert recipe.out.read_bytes() == before


def test_other_frames_asked_for_look_at_the_clips_again_and_at_no_photo(recipe: IdentifyRecipe) -> None:
    identify(recipe)
    listener = Listener()
    summary = identify(replace(recipe, every=0.5), progress=listener)
    assert (summary.skipped, listener.done["Looking at photos"]) == (4, 3)
    assert identify(replace(recipe, every=0.5)).skipped == 7
    fresh = replace(recipe, every=0.5, out=recipe.out.with_name("fresh.csv"))
    identify(fresh)
    assert recipe.out.read_bytes() == fresh.out.read_bytes()


def test_derive_decides_clips_anew_without_them(recipe: IdentifyRecipe) -> None:
    identify(recipe)
    out = recipe.out.with_name("derived.csv")
    derive(DeriveRecipe(recipe.out, OutputRecipe(out), exclude=("red",)))
    assert rows(out)["north/fox.mp4"]["label"] != "red"
    assert rows(out)["north/fox.mp4"]["frame"] == rows(recipe.out)["north/fox.mp4"]["frame"]


def test_workers_do_not_change_a_byte(recipe: IdentifyRecipe) -> None:
    identify(recipe)
    other = replace(recipe, workers=4, out=recipe.out.with_name("four.csv"))
    identify(other)
    assert other.out.read_bytes() == recipe.out.read_bytes()


def test_a_single_clip_is_identified(recipe: IdentifyRecipe, card: Path) -> None:
    identify(replace(recipe, photos=card / "north" / "fox.mp4"))
    assert list(rows(recipe.out)) == ["fox.mp4"]


def test_without_the_library_clips_are_counted_and_named(
    recipe: IdentifyRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taxolens.workflows.identify.can_read_clips", lambda: False)
    listener = Listener()
    summary = identify(recipe, progress=listener)
    assert (summary.found, summary.failed) == (2, 0)
    (note,) = [note for note in listener.notes if "Clips" in note]
    assert "5 (north/PIR_20260502_070000.avi, north/fox.mp4" in note
    assert "pip install 'taxolens[video]'" in note
    monkeypatch.undo()
    assert identify(recipe).found == 7


def test_clips_that_are_answered_stay_where_the_library_is_missing(
    recipe: IdentifyRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    identify(recipe)
    before = set(rows(recipe.out))
    monkeypatch.setattr("taxolens.workflows.identify.can_read_clips", lambda: False)
    identify(replace(recipe, threshold=0.9))
    assert set(rows(recipe.out)) == before


def test_a_folder_of_nothing_but_clips_names_the_extra(
    recipe: IdentifyRecipe, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for photo in card.rglob("*.png"):
        photo.unlink()
    monkeypatch.setattr("taxolens.workflows.identify.can_read_clips", lambda: False)
    with pytest.raises(MissingExtra, match="video"):
        identify(recipe)


def test_a_folder_of_photos_does_not_load_the_library(recipe: IdentifyRecipe, card: Path) -> None:
    command = (
        "import sys; from taxolens.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: print('av' in sys.modules)"
    )
    for clip in [path for path in card.rglob("*.*") if path.suffix != ".png"]:
        clip.unlink()
    options = ["identify", str(card), "--model", str(recipe.model), "--out", str(recipe.out), "--quiet"]
    run = subprocess.run([sys.executable, "-c", command, *options], capture_output=True, text=True)
    assert run.stdout == "False\n", run.stderr


@pytest.mark.parametrize("asked", [{"every": 0.0}, {"every": float("inf")}, {"most_frames": 0}])
def test_frames_that_cannot_be_meant_are_refused(recipe: IdentifyRecipe, asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        replace(recipe, **asked)


@pytest.mark.slow
def test_clips_survive_kill_minus_9_byte_for_byte(recipe: IdentifyRecipe, card: Path) -> None:
    for number in range(60):
        filmed(card / "west" / f"clip {number}.mp4", *([RED, GREEN, BLUE][number % 3],) * 2)
    whole = replace(recipe, out=recipe.out.with_name("whole.csv"))
    identify(whole)
    command = [sys.executable, "-m", "taxolens", "identify", str(card), "--model", str(recipe.model)]
    command += ["--out", str(recipe.out), "--quiet"]
    kills = 0
    for number in range(8):
        run = subprocess.Popen(command, start_new_session=True)
        time.sleep(0.2 + 0.25 * number)  # the first finds it starting, on the fastest machine too
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            kills += 1
        run.wait()
    identify(recipe)
    assert recipe.out.read_bytes() == whole.out.read_bytes()
    assert kills
