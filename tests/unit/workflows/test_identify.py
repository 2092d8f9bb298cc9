from __future__ import annotations

import csv
import dataclasses
import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from taxolens.core.errors import DataError, ModelError, OutputError, UsageError
from taxolens.inference import pipeline
from taxolens.inference.pipeline import Found
from taxolens.inference.predictor import Predictor
from taxolens.inference.segments import segments_in
from taxolens.recipes.identify import IdentifyRecipe
from taxolens.recipes.source import SequenceBy, SiteBy
from taxolens.workflows.identify import IdentifySummary, identify
from tests.unit.inference.colour_model import write_colour_model, write_photo


class Listener:
    """Keeps what is told; may interrupt after some pieces."""

    def __init__(self, *, stop_after: int | None = None) -> None:
        self.notes: list[str] = []
        self.totals: dict[str, int | None] = {}
        self.done: dict[str, int] = {}
        self._stop_after = stop_after

    def track(self, items: Iterable[Any], *, what: str, total: int | None = None) -> Iterator[Any]:
        self.totals[what] = total
        self.done[what] = 0
        for item in items:
            yield item
            self.done[what] += 1
            if self.done[what] == self._stop_after:
                raise KeyboardInterrupt

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Twelve photos of four colours at two sites, and two files that are no photos."""
    folder = tmp_path / "card"
    for number in range(12):
        colour = ("red", "green", "nothing", "grey")[number % 4]
        write_photo(folder / f"site {number % 2}" / f"IMG_{number:04d}.png", colour, seed=number)
    (folder / "site 0" / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    (folder / "site 1" / "void.jpg").write_bytes(b"")
    (folder / "notes.txt").write_text("no photo")
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_colour_model(tmp_path / "model.onnx").path


@pytest.fixture
def recipe(photos: Path, model: Path, tmp_path: Path) -> IdentifyRecipe:
    return IdentifyRecipe(photos=photos, model=model, out=tmp_path / "out" / "results.csv")


def changed(recipe: IdentifyRecipe, **fields: Any) -> IdentifyRecipe:
    return dataclasses.replace(recipe, **fields)


def rows(recipe: IdentifyRecipe) -> list[dict[str, str]]:
    with recipe.out.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def folder_of(recipe: IdentifyRecipe) -> Path:
    return recipe.out.with_name(recipe.out.name + ".taxolens")


def adds_up(summary: IdentifySummary) -> bool:
    return summary.found == summary.answered + summary.blank + summary.failed


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the photos that a model is run on, in no order."""
    names: list[str] = []
    scores = Predictor.scores

    def watched(self: Predictor, source: Any, **options: Any) -> Any:
        names.append(Path(source).name)
        return scores(self, source, **options)

    monkeypatch.setattr(Predictor, "scores", watched)
    return names


def test_every_photo_is_answered_blank_or_failed(recipe: IdentifyRecipe) -> None:
    summary = identify(recipe)
    assert (summary.found, summary.answered, summary.blank, summary.unsure, summary.failed) == (
        14,
        9,
        3,
        3,
        2,
    )
    assert adds_up(summary)
    assert summary.skipped == 0
    table = rows(recipe)
    assert [row["file"] for row in table] == sorted(row["file"] for row in table)
    assert len(table) == 14
    by_file = {row["file"]: row for row in table}
    assert by_file["site 0/IMG_0000.png"]["label"] == "red"
    assert by_file["site 1/IMG_0003.png"]["label"] == "unsure"
    assert by_file["site 1/IMG_0003.png"]["top1"] == "red"
    assert by_file["site 0/IMG_0002.png"]["status"] == "blank"
    assert by_file["site 0/IMG_0002.png"]["label"] == "nothing"
    assert by_file["site 0/IMG_0000.png"]["site"] == ""


def test_failed_photos_are_listed_with_a_reason_and_never_blank(recipe: IdentifyRecipe) -> None:
    summary = identify(recipe)
    assert [failure.name for failure in summary.failures] == ["site 0/torn.jpg", "site 1/void.jpg"]
    assert all(failure.path == recipe.photos / failure.name for failure in summary.failures)
    failed = [row for row in rows(recipe) if row["status"] == "failed"]
    assert [row["failure"].split(":")[0] for row in failed] == [one.code for one in summary.failures]
    assert all(row["label"] == row["score"] == row["top1"] == "" for row in failed)


def test_the_time_of_the_camera_and_the_first_folder_are_in_the_table(recipe: IdentifyRecipe) -> None:
    exif = Image.Exif()
    exif[36867] = "2026:05:01 23:59:58"
    Image.new("RGB", (32, 32), (230, 0, 0)).save(recipe.photos / "site 0" / "timed.jpg", exif=exif)
    Image.new("RGB", (32, 32), (230, 0, 0)).save(recipe.photos / "loose.jpg")
    identify(changed(recipe, site_by=SiteBy.FOLDER))
    by_file = {row["file"]: row for row in rows(recipe)}
    assert by_file["site 0/timed.jpg"]["datetime"] == "2026-05-01T23:59:58"
    assert by_file["site 0/timed.jpg"]["site"] == "site 0"
    assert by_file["loose.jpg"]["datetime"] == by_file["loose.jpg"]["site"] == ""


def test_photos_of_one_event_share_a_sequence_named_after_the_first(
    recipe: IdentifyRecipe, looked: list[str]
) -> None:
    for second in (0, 30, 59, 180):
        exif = Image.Exif()
        exif[36867] = f"2026:05:01 23:5{second // 60}:{second % 60:02}"
        folder = recipe.photos / f"camera {second % 2}"
        folder.mkdir(exist_ok=True)
        Image.new("RGB", (32, 32), (230, 0, 0)).save(folder / f"shot{second:04}.jpg", exif=exif)
    identify(changed(recipe, sequence_by=SequenceBy.EXIF, gap=60))
    by_file = {row["file"]: row["sequence"] for row in rows(recipe)}
    assert by_file["camera 0/shot0030.jpg"] == by_file["camera 0/shot0000.jpg"] == "camera 0/shot0000.jpg"
    assert by_file["camera 1/shot0059.jpg"] == "camera 1/shot0059.jpg", "cameras do not share events"
    assert by_file["camera 0/shot0180.jpg"] == "camera 0/shot0180.jpg", "a pause ends the event"
    assert by_file["site 0/torn.jpg"] == "", "a photo without a time belongs to no event"
    looked.clear()
    identify(changed(recipe, sequence_by=SequenceBy.FILENAME, gap=1))
    assert looked == [], "another way to find events needs no model"
    numbers = {row["file"]: row["sequence"] for row in rows(recipe)}
    assert numbers["camera 0/shot0030.jpg"] == "camera 0/shot0030.jpg"


def test_an_impossible_gap_is_refused_before_a_photo_is_looked_at(
    recipe: IdentifyRecipe, looked: list[str]
) -> None:
    with pytest.raises(UsageError, match="gap"):
        identify(changed(recipe, sequence_by=SequenceBy.EXIF, gap=-1))
    assert looked == [] and not recipe.out.exists()


def test_the_table_is_the_same_bytes_whatever_the_workers(recipe: IdentifyRecipe, tmp_path: Path) -> None:
    tables = set()
    for workers in (1, 2, 5):
        one = changed(recipe, workers=workers, out=tmp_path / f"{workers}.csv")
        identify(one)
        tables.add(one.out.read_bytes())
    assert len(tables) == 1


def test_a_second_run_looks_at_nothing(recipe: IdentifyRecipe, looked: list[str]) -> None:
    identify(recipe)
    before = recipe.out.read_bytes()
    looked.clear()
    listener = Listener()
    summary = identify(recipe, progress=listener)
    assert looked == []
    assert (summary.skipped, summary.found) == (14, 14)
    assert recipe.out.read_bytes() == before
    assert listener.notes == ["14 of 14 photos are answered already."]


def test_another_threshold_writes_the_table_anew_without_the_model(
    recipe: IdentifyRecipe, looked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    identify(recipe)
    looked.clear()
    monkeypatch.setattr("taxolens.inference.predictor.Session", None)
    summary = identify(changed(recipe, threshold=0.0, top_k=1, site_by=SiteBy.FOLDER))
    assert looked == []
    assert summary.unsure == 0
    assert {row["label"] for row in rows(recipe)} == {"red", "green", "nothing", ""}
    assert "top2" not in rows(recipe)[0]
    strict = identify(changed(recipe, threshold=1.0))
    assert (strict.unsure, strict.blank) == (summary.answered + summary.blank, 0)


def test_only_new_and_changed_photos_are_looked_at(recipe: IdentifyRecipe, looked: list[str]) -> None:
    identify(recipe)
    looked.clear()
    write_photo(recipe.photos / "site 0" / "IMG_0000.png", "green", seed=99)
    write_photo(recipe.photos / "a new one.png", "red")
    (recipe.photos / "site 1" / "IMG_0001.png").unlink()
    summary = identify(recipe)
    assert sorted(looked) == ["IMG_0000.png", "a new one.png"]
    assert summary.found == 14
    by_file = {row["file"]: row for row in rows(recipe)}
    assert len(by_file) == len(rows(recipe)) == 14
    assert by_file["site 0/IMG_0000.png"]["label"] == "green"
    assert "site 1/IMG_0001.png" not in by_file


def test_what_could_not_be_read_is_tried_again_when_asked(recipe: IdentifyRecipe, looked: list[str]) -> None:
    identify(recipe)
    looked.clear()
    identify(changed(recipe, retry_failed=True))
    assert sorted(looked) == ["torn.jpg", "void.jpg"]


def test_a_photo_that_was_too_large_is_looked_at_again_under_another_limit(
    recipe: IdentifyRecipe, looked: list[str]
) -> None:
    assert identify(changed(recipe, max_megapixels=0.0001)).failed == 14
    looked.clear()
    assert identify(recipe).failed == 2
    assert len(looked) == 12


def test_a_photo_that_vanishes_under_way_fails_and_keeps_its_row(
    recipe: IdentifyRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = pipeline.scan

    def vanishing(root: Path, **options: Any) -> Iterator[Any]:
        for photo in scan(root, **options):
            if photo.path.name == "IMG_0004.png":
                photo.path.unlink(missing_ok=True)
            yield photo

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "scan", vanishing)
        seen = Found(array("Q"), photos=14)
        patch.setattr("taxolens.workflows.identify.find", lambda root, answered, shard, **asked: seen)
        summary = identify(recipe)
    assert (summary.found, summary.failed) == (14, 3)
    assert {row["file"]: row["failure"] for row in rows(recipe)}["site 0/IMG_0004.png"].startswith(
        "missing: "
    )


def test_results_inside_the_photos_folder_are_no_photos(recipe: IdentifyRecipe) -> None:
    inside = changed(recipe, out=recipe.photos / "results.csv")
    assert identify(inside).found == 14
    assert identify(inside).found == 14


def test_a_single_photo_is_enough(recipe: IdentifyRecipe) -> None:
    one = changed(recipe, photos=recipe.photos / "site 0" / "IMG_0000.png")
    assert identify(one).found == 1
    assert rows(one)[0]["file"] == "IMG_0000.png"


def test_originals_are_not_touched(recipe: IdentifyRecipe) -> None:
    def states() -> dict[Path, tuple[bytes, int]]:
        return {
            path: (path.read_bytes(), path.stat().st_mtime_ns)
            for path in recipe.photos.rglob("*")
            if path.is_file()
        }

    before = states()
    identify(recipe)
    assert states() == before


def test_progress_counts_what_is_left_to_do(recipe: IdentifyRecipe) -> None:
    listener = Listener()
    identify(recipe, progress=listener)
    assert listener.totals["Looking at photos"] == listener.done["Looking at photos"] == 14


# --- stopping and going on


def test_after_an_interrupt_the_same_recipe_goes_on(recipe: IdentifyRecipe, looked: list[str]) -> None:
    listener = Listener(stop_after=5)
    with pytest.raises(KeyboardInterrupt):
        identify(recipe, progress=listener)
    assert listener.notes == [
        "Stopped. 5 photos are answered and kept; the same command goes on where it was."
    ]
    assert not recipe.out.exists()
    looked.clear()
    summary = identify(recipe)
    assert summary.skipped == 5
    assert len(looked) == 9
    fresh = changed(recipe, out=recipe.out.with_name("fresh.csv"))
    identify(fresh)
    assert recipe.out.read_bytes() == fresh.out.read_bytes()


CHILD = """
import sys, time
from pathlib import Path
from taxolens.inference import store
from taxolens.inference.pipeline import Found
from taxolens.inference.predictor import Predictor
from taxolens.recipes.identify import IdentifyRecipe
from taxolens.workflows.identify import identify
store._SOONEST_SECONDS = store._LATEST_SECONDS = 0.01
scores = Predictor.scores
def slow(self, source, **options):
    time.sleep(0.004)
    return scores(self, source, **options)
Predictor.scores = slow
photos, model, out = map(Path, sys.argv[1:])
identify(IdentifyRecipe(photos=photos, model=model, out=out, workers=2))
"""


def start(recipe: IdentifyRecipe) -> subprocess.Popen[bytes]:
    places = [str(recipe.photos), str(recipe.model), str(recipe.out)]
    return subprocess.Popen([sys.executable, "-c", CHILD, *places])


@pytest.mark.slow
def test_killed_at_any_moment_the_same_command_ends_with_the_same_table(
    recipe: IdentifyRecipe, tmp_path: Path
) -> None:
    many = tmp_path / "many"
    for number in range(200):
        write_photo(
            many / f"{number % 7}" / f"{number}.png", ("red", "grey", "nothing")[number % 3], seed=number
        )
    (many / "3" / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    killed = changed(recipe, photos=many)
    moments = random.Random(5)
    kills = 0
    while kills < 7:
        child = start(killed)
        seen = len(segments_in(folder_of(killed)))
        deadline = time.monotonic() + 20
        while len(segments_in(folder_of(killed))) <= seen and child.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.002)
        time.sleep(moments.uniform(0, 0.08))
        child.send_signal(signal.SIGKILL)
        if child.wait() == 0:
            break
        kills += 1
    assert kills >= 3
    assert start(killed).wait() == 0
    whole = changed(killed, out=tmp_path / "whole.csv")
    identify(whole)
    assert killed.out.read_bytes() == whole.out.read_bytes()
    assert len(rows(killed)) == 201
    assert not [path.name for path in killed.out.parent.iterdir() if path.name.startswith(".")]


def test_a_damaged_part_is_told_and_done_again(recipe: IdentifyRecipe, looked: list[str]) -> None:
    identify(recipe)
    before = recipe.out.read_bytes()
    looked.clear()
    torn = segments_in(folder_of(recipe))
    for segment in torn:
        segment.write_bytes(segment.read_bytes()[:40])
    listener = Listener()
    summary = identify(recipe, progress=listener)
    assert summary.skipped == 0
    assert len(looked) == 14
    assert recipe.out.read_bytes() == before
    assert all(segment.name + ".damaged" in note for segment, note in zip(torn, listener.notes, strict=False))


def test_another_model_is_refused_until_it_begins_anew(recipe: IdentifyRecipe, tmp_path: Path) -> None:
    identify(recipe)
    before = recipe.out.read_bytes()
    other = changed(recipe, model=write_colour_model(tmp_path / "other.onnx", name="other").path)
    with pytest.raises(UsageError, match=r"another model \(colours, .*--restart"):
        identify(other)
    assert recipe.out.read_bytes() == before
    assert identify(changed(other, restart=True)).skipped == 0
    assert identify(other).skipped == 14


def test_a_copy_of_the_model_elsewhere_is_the_same_model(recipe: IdentifyRecipe, tmp_path: Path) -> None:
    identify(recipe)
    copy = shutil.copy(recipe.model, tmp_path / "copy.onnx")
    assert identify(changed(recipe, model=copy)).skipped == 14


def test_photos_that_moved_are_not_looked_at_again(recipe: IdentifyRecipe, tmp_path: Path) -> None:
    identify(recipe)
    moved = recipe.photos.rename(tmp_path / "moved")
    assert identify(changed(recipe, photos=moved)).skipped == 14


def test_a_card_that_is_pulled_out_is_told_and_what_was_answered_is_kept(
    recipe: IdentifyRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "AHEAD_PER_WORKER", 1)
    away = tmp_path / "away"
    scores = Predictor.scores

    def pulled(self: Predictor, source: Any, **options: Any) -> Any:
        if Path(source).name == "IMG_0008.png" and not away.exists():
            recipe.photos.rename(away)
        return scores(self, source, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Predictor, "scores", pulled)
        with pytest.raises(DataError, match=r"went away meanwhile.*the same command again"):
            identify(changed(recipe, workers=1))
    assert not recipe.out.exists()
    away.rename(recipe.photos)
    summary = identify(recipe)
    assert summary.skipped > 2
    assert (summary.found, summary.failed) == (14, 2)


# --- what cannot be done is told in one sentence, and nothing is left half-written


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"photos": Path("absent")}, "no photo and no folder absent"),
        ({"threshold": 1.5}, "from 0 to 1"),
        ({"top_k": 0}, "1 or more"),
        ({"workers": -1}, "0 for all processors"),
        ({"max_megapixels": 0.0}, "above 0"),
        ({"max_megapixels": float("nan")}, "above 0"),
        ({"out": Path("results.xls")}, "does not tell the format"),
        ({"out": Path("results.zip")}, "camtrap-dp, dwca"),
        ({"format": "xlsx"}, r"ends in \.xlsx"),
        ({"out": Path("dp.zip"), "format": "camtrap-dp"}, "--deployments sites.csv"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(
    recipe: IdentifyRecipe, fields: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        identify(changed(recipe, **fields))
    assert not recipe.out.parent.exists()


def test_an_empty_folder_is_told_and_leaves_nothing(recipe: IdentifyRecipe, tmp_path: Path) -> None:
    (tmp_path / "empty" / "deep").mkdir(parents=True)
    with pytest.raises(DataError, match="There are no photos in .*empty"):
        identify(changed(recipe, photos=tmp_path / "empty"))
    assert not recipe.out.parent.exists()


def test_a_table_where_a_folder_is_cannot_be(recipe: IdentifyRecipe) -> None:
    recipe.out.mkdir(parents=True)
    with pytest.raises(UsageError, match="is a folder"):
        identify(recipe)


@pytest.mark.parametrize("read", ["model", "photos"])
def test_a_table_never_takes_the_place_of_what_is_read(
    recipe: IdentifyRecipe, tmp_path: Path, read: str
) -> None:
    source = recipe.model if read == "model" else recipe.photos / "site 0" / "IMG_0000.png"
    before = source.read_bytes()
    link = tmp_path / "link.csv"
    link.symlink_to(source)
    with pytest.raises(UsageError, match="is read, so results cannot be written there"):
        identify(changed(recipe, out=link, **{read: source}))
    assert source.read_bytes() == before and link.is_symlink()
    assert not (tmp_path / "link.csv.taxolens").exists()


def test_a_table_never_takes_the_place_of_another_file(recipe: IdentifyRecipe) -> None:
    recipe.out.parent.mkdir()
    recipe.out.write_text("file,label\na.jpg,ant\n")
    with pytest.raises(UsageError, match="is no result in the format CSV. Move it away"):
        identify(changed(recipe, restart=True))
    assert recipe.out.read_text() == "file,label\na.jpg,ant\n"
    assert not folder_of(recipe).exists()
    recipe.out.write_bytes(b"")
    assert identify(recipe).found == 14


def test_an_earlier_table_is_written_anew_also_without_its_folder_or_its_header(
    recipe: IdentifyRecipe,
) -> None:
    identify(recipe)
    before = recipe.out.read_bytes()
    shutil.rmtree(folder_of(recipe))
    assert identify(changed(recipe, top_k=1)).skipped == 0
    recipe.out.write_text("file;label\n")
    assert identify(recipe).skipped == 14
    assert recipe.out.read_bytes() == before


def test_a_model_that_is_none_leaves_nothing(recipe: IdentifyRecipe) -> None:
    recipe.model.write_bytes(b"no model")
    with pytest.raises(ModelError):
        identify(recipe)
    assert not recipe.out.parent.exists()


def test_an_output_below_a_file_is_told(recipe: IdentifyRecipe, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot be written"):
        identify(changed(recipe, out=tmp_path / "file" / "results.csv"))


def test_a_disk_that_fills_up_is_told_and_the_earlier_table_stays(
    recipe: IdentifyRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    identify(recipe)
    before = recipe.out.read_bytes()
    write_photo(recipe.photos / "new.png")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("taxolens.storage.atomic.os.fsync", full)
        with pytest.raises(OutputError, match="is full. Free some space"):
            identify(recipe)
    assert recipe.out.read_bytes() == before
    assert len(segments_in(folder_of(recipe))) == 1
    assert not [path for path in recipe.out.parent.rglob(".*")]
    assert identify(recipe).skipped == 14


def test_a_model_that_fails_on_photos_stops_the_run(
    recipe: IdentifyRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nan(self: object, pixels: np.ndarray) -> np.ndarray:
        raise ModelError("The model answers with something that is no number. Train it anew.")

    monkeypatch.setattr("taxolens.inference.session.Session.__call__", nan)
    with pytest.raises(ModelError, match="no number"):
        identify(recipe)
    assert not recipe.out.exists()


def test_two_runs_never_write_the_same_table(recipe: IdentifyRecipe) -> None:
    lock = FileLock(folder_of(recipe) / "lock")
    folder_of(recipe).mkdir(parents=True)
    with lock, pytest.raises(UsageError, match="Another run is writing"):
        identify(recipe)


@pytest.mark.parametrize("content", [b"PK\x03\x04 an archive", b"file,label\n", b""])
def test_a_file_that_is_no_photo_is_wrong_use_and_leaves_nothing(
    recipe: IdentifyRecipe, content: bytes
) -> None:
    other = recipe.photos.parent / "other.bin"
    other.write_bytes(content)
    with pytest.raises(UsageError, match="is no photo"):
        identify(changed(recipe, photos=other))
    assert not recipe.out.exists() and not recipe.out.with_name(recipe.out.name + ".taxolens").exists()


def test_a_finished_output_is_not_written_again_until_something_changes(
    recipe: IdentifyRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = identify(recipe)
    written = recipe.out.stat().st_mtime_ns
    again = identify(recipe)
    assert recipe.out.stat().st_mtime_ns == written
    assert dataclasses.replace(again, skipped=0, seconds=0) == dataclasses.replace(
        first, skipped=0, seconds=0
    )
    assert [one.name for one in again.failures] == ["site 0/torn.jpg", "site 1/void.jpg"]
    recipe.out.write_bytes(b"")
    identify(recipe)
    assert len(rows(recipe)) == 14
    stricter = identify(changed(recipe, threshold=1.0))
    assert stricter.unsure == 12
    (recipe.photos / "site 0" / "IMG_0000.png").unlink()
    assert identify(recipe).found == 13


def test_the_parts_of_the_photos_are_all_of_them_and_each_has_its_own_output(
    recipe: IdentifyRecipe, tmp_path: Path
) -> None:
    names = []
    for number in (1, 2, 3):
        part = changed(recipe, out=tmp_path / f"{number}.csv", shard=f"{number}/3")
        identify(part)
        names += [row["file"] for row in rows(part)]
    identify(recipe)
    assert sorted(names) == [row["file"] for row in rows(recipe)]
    with pytest.raises(UsageError, match="another part of the photos"):
        identify(changed(recipe, out=tmp_path / "1.csv", shard="2/3"))


def test_corrections_count_in_every_later_run_until_they_are_taken_back(
    recipe: IdentifyRecipe, tmp_path: Path
) -> None:
    table = tmp_path / "corrections.csv"
    table.write_text(
        "file;label;by\nsite 0/IMG_0000.png;wolf;Ada\nsite 0/torn.jpg;nothing;\nnowhere.jpg;red;\n",
        encoding="utf-8",
    )
    listener = Listener()
    summary = identify(changed(recipe, corrections=table), progress=listener)
    assert (summary.corrected, summary.failed, summary.blank) == (2, 1, 4)
    assert listener.notes[-2:] == [
        "Corrections of photos that are not here: 1 (nowhere.jpg).",
        "Corrections name what the model does not know; they count all the same: wolf (1).",
    ]
    for later in (recipe, changed(recipe, restart=True)):
        identify(later)
        table_rows = {row["file"]: row for row in rows(recipe)}
        first = table_rows["site 0/IMG_0000.png"]
        assert (first["label"], first["top1"], first["score"], first["corrected_by"]) == (
            "wolf",
            "red",
            "1.000000",
            "Ada",
        )
        torn = table_rows["site 0/torn.jpg"]
        assert (torn["label"], torn["status"], torn["failure"], torn["corrected_by"]) == (
            "nothing",
            "blank",
            "",
            "person",
        )
    table.write_text("file,label\nsite 0/IMG_0000.png,\n", encoding="utf-8")
    assert identify(changed(recipe, corrections=table)).corrected == 1
    assert rows(recipe)[0]["label"] == "red"


def test_a_photo_that_changes_while_it_is_read_is_told_and_looked_at_again(
    recipe: IdentifyRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = Predictor.scores

    def growing(self: Predictor, source: Any, **options: Any) -> Any:
        answer = scores(self, source, **options)
        if Path(source).name == "IMG_0004.png":
            Path(source).write_bytes(Path(source).read_bytes() + b"more")
        return answer

    listener = Listener()
    with monkeypatch.context() as patch:
        patch.setattr(Predictor, "scores", growing)
        identify(recipe, progress=listener)
    assert any("changed while they were read: 1 (site 0/IMG_0004.png)" in note for note in listener.notes)
    assert identify(recipe).skipped == 13


def test_links_out_of_the_folder_and_resource_files_are_told_and_left_out(
    recipe: IdentifyRecipe, tmp_path: Path
) -> None:
    outside = write_photo(tmp_path / "outside" / "secret.png")
    (recipe.photos / "out").symlink_to(outside.parent)
    (recipe.photos / "secret.png").symlink_to(outside)
    (recipe.photos / "inside.png").symlink_to(recipe.photos / "site 0" / "IMG_0000.png")
    (recipe.photos / "site 0" / "._IMG_0000.png").write_bytes(b"resource")
    listener = Listener()
    assert identify(recipe, progress=listener).found == 15
    told = "\n".join(listener.notes)
    assert "no photos; left out: 1." in told
    assert "are not followed: 2 (" in told


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux alone")
def test_names_that_are_no_text_keep_their_photos_and_corrections(
    recipe: IdentifyRecipe, tmp_path: Path
) -> None:
    odd = os.fsdecode(b"caf\xe9.png")
    write_photo(recipe.photos / odd, "green")
    identify(recipe)
    assert rows(recipe)[0]["file"] == "caf\\udce9.png"
    table = tmp_path / "c.csv"
    table.write_text("file,label\ncaf\\udce9.png,red\n", encoding="utf-8")
    assert identify(changed(recipe, corrections=table)).corrected == 1
