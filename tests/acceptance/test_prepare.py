"""`taxolens prepare` from outside: photos to a folder that is ready to train on."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.acceptance.conftest import TAXOLENS, Command, rows_of
from tests.conftest import striped, write_class_folders


def content_of(folder: Path) -> dict[str, str]:
    """Every file of a folder with the hash of its bytes."""
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def state_of(folder: Path) -> dict[str, tuple[int, str]]:
    """Every file of a folder with its time and its bytes."""
    content = content_of(folder)
    return {name: ((folder / name).stat().st_mtime_ns, sha) for name, sha in content.items()}


def size_of(photo: Path) -> tuple[int, int]:
    """Width and height in pixels."""
    with Image.open(photo) as image:
        return image.size


@pytest.fixture(scope="module")
def unequal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of 30, 12 and 12 photos; a file stands in two classes of the folder `copies`."""
    folder = write_class_folders(tmp_path_factory.mktemp("unequal") / "photos", per_class=30)
    for label in ("down", "slanted"):
        for file in sorted((folder / label).iterdir())[12:]:
            file.unlink()
    shutil.copy(folder / "down" / "down_000.jpg", folder / "down" / "again.jpg")
    return folder


def test_photos_are_divided_copied_and_listed_and_the_originals_stay(
    taxolens: Command, unequal: Path, tmp_path: Path
) -> None:
    before = state_of(unequal)
    out = tmp_path / "ready"
    outcome = taxolens("prepare", unequal, "--out", out)
    assert outcome.code == 0, outcome.err
    assert state_of(unequal) == before
    rows = rows_of(out / "labels.csv")
    assert list(rows[0])[:6] == ["file", "label", "site", "sequence", "datetime", "split"]
    assert {row["file"] for row in rows} == {
        name for name in content_of(out) if name.startswith(("train/", "val/", "test/"))
    }
    for row in rows:
        assert row["file"].split("/")[:2] == [row["split"], row["label"]]
        assert (out / row["file"]).read_bytes() == (unequal / row["source"]).read_bytes()
        assert not (out / row["file"]).is_symlink() and (out / row["file"]).stat().st_nlink == 1
    parts = Counter(row["split"] for row in rows)
    assert len(rows) == 55 and abs(parts["train"] / 55 - 0.7) < 0.05 and abs(parts["val"] / 55 - 0.2) < 0.05
    twice = {row["split"] for row in rows if row["source"] in ("down/down_000.jpg", "down/again.jpg")}
    assert len(twice) == 1
    recipe = tomllib.loads((out / "prepare.toml").read_text(encoding="utf-8"))
    assert recipe["result"]["photos"] == 55 and recipe["split"]["train"] == 70.0
    assert recipe["result"]["counts"]["across"]["train"] == sum(
        row["label"] == "across" and row["split"] == "train" for row in rows
    )
    assert "across" in outcome.out and "Photos: 55" in outcome.out


def test_training_keeps_the_split_that_was_prepared(taxolens: Command, unequal: Path, tmp_path: Path) -> None:
    out, run = tmp_path / "ready", tmp_path / "run"
    assert taxolens("prepare", unequal, "--out", out, "--split", "60/20/20", "--quiet").code == 0
    outcome = taxolens("train", out, "--out", run, "--quiet")
    assert outcome.code == 0, outcome.err
    prepared = {Path(row["file"]).name: row["split"] for row in rows_of(out / "labels.csv")}
    learnt = {Path(row["file"]).name: row["split"] for row in rows_of(run / "split.csv")}
    assert learnt == prepared


def test_a_balanced_training_part_has_equal_classes_and_nothing_else_changes(
    taxolens: Command, unequal: Path, tmp_path: Path
) -> None:
    plain, out = tmp_path / "plain", tmp_path / "balanced"
    assert taxolens("prepare", unequal, "--out", plain, "--quiet").code == 0
    outcome = taxolens("prepare", unequal, "--out", out, "--balance", "max")
    assert outcome.code == 0, outcome.err
    rows = rows_of(out / "labels.csv")
    learnt = Counter(row["label"] for row in rows if row["split"] == "train")
    assert len(set(learnt.values())) == 1 and set(learnt) == {"across", "down", "slanted"}
    files = {row["file"] for row in rows}
    copies = [row for row in rows if row["copy_of"]]
    assert copies and all(row["split"] == "train" and row["made_by"] for row in copies)
    for row in copies:
        assert row["copy_of"] in files and Path(row["copy_of"]).stem in Path(row["file"]).stem
        assert "~" in row["file"] and (out / row["file"]).read_bytes() != (out / row["copy_of"]).read_bytes()
    kept = [row["file"] for row in rows if not row["copy_of"]]
    assert kept == [row["file"] for row in rows_of(plain / "labels.csv")]
    assert all((out / file).read_bytes() == (plain / file).read_bytes() for file in kept)


def test_a_number_fills_small_classes_and_cuts_large_ones_only_when_asked(
    taxolens: Command, unequal: Path, tmp_path: Path
) -> None:
    def learnt(name: str, *options: str) -> Counter[str]:
        assert taxolens("prepare", unequal, "--out", tmp_path / name, *options, "--quiet").code == 0
        rows = rows_of(tmp_path / name / "labels.csv")
        return Counter(row["label"] for row in rows if row["split"] == "train")

    whole = learnt("whole", "--balance", "15")
    assert whole["across"] == 21 and whole["down"] == whole["slanted"] == 15
    assert set(learnt("cut", "--balance", "15", "--cut").values()) == {15}
    middle = learnt("median", "--balance", "median", "--files", "none")
    assert middle["across"] == 21 and middle["down"] == middle["slanted"] == 9


def test_the_recipe_that_was_written_back_makes_the_same_folder(
    taxolens: Command, unequal: Path, tmp_path: Path
) -> None:
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    options = ("--balance", "max", "--step", "letterbox:width=64,height=64", "--seed", "3")
    assert taxolens("prepare", unequal, "--out", first, *options, "--quiet").code == 0
    again = taxolens("prepare", unequal, "--out", second, "--recipe", first / "prepare.toml", "--quiet")
    assert again.code == 0, again.err
    assert content_of(first) == content_of(second)
    assert taxolens("prepare", unequal, "--out", third, *options[:-1], "4", "--quiet").code == 0
    assert content_of(third) != content_of(first)
    assert {size_of(first / row["file"]) for row in rows_of(first / "labels.csv")} == {(64, 64)}


def test_shards_together_make_what_one_run_makes(taxolens: Command, unequal: Path, tmp_path: Path) -> None:
    whole, shards = tmp_path / "whole", tmp_path / "shards"
    options = ("--balance", "max", "--quiet")
    assert taxolens("prepare", unequal, "--out", whole, *options).code == 0
    environment = {**os.environ, "TAXOLENS_HOME": str(tmp_path / "home"), "TAXOLENS_LANG": "en"}
    arguments = [str(TAXOLENS), "prepare", str(unequal), "--out", str(shards), *options, "--shard"]
    running = [subprocess.Popen([*arguments, f"{number}/3"], env=environment) for number in (1, 2, 3)]
    assert [process.wait(timeout=120) for process in running] == [0, 0, 0]
    assert content_of(shards) == content_of(whole)


def test_a_folder_without_all_its_shards_is_seen_to_be_unfinished(
    taxolens: Command, unequal: Path, tmp_path: Path
) -> None:
    out = tmp_path / "ready"
    outcome = taxolens("prepare", unequal, "--out", out, "--balance", "150", "--shard", "2/2")
    assert outcome.code == 0 and "tables are written" in outcome.err
    assert (out / "unfinished.taxolens").is_dir() and not (out / "labels.csv").exists()
    refused = taxolens("prepare", unequal, "--out", out, "--balance", "140")
    assert refused.code == 2 and "another recipe" in refused.err
    assert taxolens("prepare", unequal, "--out", out, "--balance", "150", "--quiet").code == 0
    assert (out / "labels.csv").is_file() and not (out / "unfinished.taxolens").exists()


@pytest.mark.slow
def test_a_preparation_that_was_killed_goes_on_and_leaves_the_same_folder(
    taxolens: Command, unequal: Path, tmp_path: Path
) -> None:
    whole, out = tmp_path / "whole", tmp_path / "killed"
    options = ("--balance", "250", "--step", "letterbox:width=200,height=200", "--quiet")
    assert taxolens("prepare", unequal, "--out", whole, *options).code == 0
    environment = {**os.environ, "TAXOLENS_HOME": str(tmp_path / "home")}
    arguments = [str(TAXOLENS), "prepare", str(unequal), "--out", str(out), *options]
    kills = 0
    for _ in range(12):
        process = subprocess.Popen(arguments, env=environment, stderr=subprocess.DEVNULL)
        there = sum(1 for _ in out.rglob("*.jpg")) if out.exists() else 0
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if out.exists() and sum(1 for _ in out.rglob("*.jpg")) > there + 80:
                process.send_signal(signal.SIGKILL)
                kills += 1
            time.sleep(0.02)
        if process.wait() == 0:
            break
        assert not (out / "labels.csv").exists() or (out / "unfinished.taxolens").exists()
    assert kills >= 2
    assert content_of(out) == content_of(whole)


def test_a_complete_folder_stays_and_one_of_changed_photos_is_refused(
    taxolens: Command, unequal: Path, tmp_path: Path
) -> None:
    photos, out = tmp_path / "photos", tmp_path / "ready"
    shutil.copytree(unequal, photos)
    assert taxolens("prepare", photos, "--out", out, "--quiet").code == 0
    before = state_of(out)
    again = taxolens("prepare", photos, "--out", out)
    assert again.code == 0 and "complete already" in again.err and state_of(out) == before
    striped(np.random.default_rng(9), 0.0, 0).save(photos / "across" / "new.jpg")
    refused = taxolens("prepare", photos, "--out", out)
    assert refused.code == 2 and "have changed" in refused.err and state_of(out) == before
    anew = taxolens("prepare", photos, "--out", out, "--restart", "--quiet")
    assert anew.code == 0 and len(rows_of(out / "labels.csv")) == 56


def test_photos_that_cannot_be_read_are_listed_and_the_rest_is_prepared(
    taxolens: Command, unequal: Path, tmp_path: Path
) -> None:
    photos, out = tmp_path / "photos", tmp_path / "ready"
    shutil.copytree(unequal, photos)
    cut = photos / "across" / "across_000.jpg"
    cut.write_bytes(cut.read_bytes()[:1500])
    (photos / "down" / "down_001.jpg").write_bytes(b"")
    for balance in ("none", "max"):
        outcome = taxolens("prepare", photos, "--out", out, "--balance", balance, "--restart")
        assert outcome.code == 3, outcome.err
        failed = {row["file"]: row["failure"] for row in rows_of(out / "failures.csv")}
        assert failed == {"across/across_000.jpg": "damaged", "down/down_001.jpg": "empty"}
        rows = rows_of(out / "labels.csv")
        assert sum(not row["copy_of"] for row in rows) == 53
    assert len(set(Counter(row["label"] for row in rows if row["split"] == "train").values())) == 1


def test_folds_hold_every_photo_once_and_teach_with_copies_of_others_only(
    taxolens: Command, unequal: Path, tmp_path: Path
) -> None:
    out = tmp_path / "ready"
    outcome = taxolens("prepare", unequal, "--out", out, "--folds", "3", "--balance", "max", "--quiet")
    assert outcome.code == 0, outcome.err
    rows = rows_of(out / "labels.csv")
    assert Counter(row["fold"] for row in rows if not row["copy_of"]).keys() == {"1", "2", "3"}
    held_back = [
        row["source"] for fold in "123" for row in rows_of(out / f"fold-{fold}.csv") if row["split"] == "test"
    ]
    assert sorted(held_back) == sorted(row["source"] for row in rows if not row["copy_of"])
    for fold in "123":
        listed = rows_of(out / f"fold-{fold}.csv")
        judged = {row["source"] for row in listed if row["split"] == "test"}
        taught = [row for row in listed if row["split"] == "train"]
        assert judged.isdisjoint(row["source"] for row in taught)
        assert len(set(Counter(row["label"] for row in taught).values())) == 1


def test_a_sheet_shows_every_step_and_nothing_else_is_written(
    taxolens: Command, unequal: Path, tmp_path: Path
) -> None:
    before = state_of(unequal)
    sheet = tmp_path / "sheet.png"
    outcome = taxolens(
        "prepare", unequal, "--preview", sheet, "--step", "clahe", "--augment", "random-rotate"
    )
    assert outcome.code == 0, outcome.err
    width, height = size_of(sheet)
    assert width > 3 * 200 and height > 4 * 200
    assert state_of(unequal) == before and [one.name for one in tmp_path.iterdir()] == ["sheet.png"]


BAD: dict[str, tuple[tuple[str, ...], str]] = {
    "unknown step": (("--step", "clahee"), "clahe"),
    "step out of range": (("--step", "clahe:clip=9999"), "9999"),
    "unknown parameter": (("--step", "clahe:klip=2"), "clip"),
    "unknown policy": (("--balance", "max", "--augment", "randomrotate"), "random-rotate"),
    "changes without copies": (("--augment", "mirror"), "--balance"),
    "bad shares": (("--split", "70/20"), "make 100"),
    "negative shares": (("--split", "120/-20/0"), "make 100"),
    "balance to nothing": (("--balance", "0"), "not to 0"),
    "balance to a word": (("--balance", "maxi"), "maxi"),
    "balance below all": (("--balance", "3"), "larger number"),
    "no such shard": (("--shard", "5/4"), "5/4"),
    "one fold": (("--folds", "1"), "2 to"),
    "site unknown": (("--by", "site"), "site"),
    "tables with steps": (("--files", "none", "--step", "clahe"), "tables only"),
    "quality": (("--quality", "0"), "1 to 100"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_wishes_are_refused_in_one_sentence_and_nothing_is_written(
    taxolens: Command, unequal: Path, tmp_path: Path, name: str
) -> None:
    options, told = BAD[name]
    outcome = taxolens("prepare", unequal, "--out", tmp_path / "new" / "ready", *options)
    assert outcome.code == 2 and told in outcome.err and "Traceback" not in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1, outcome.err
    assert list(tmp_path.iterdir()) == []


def test_classes_that_would_vanish_are_refused_unless_allowed(
    taxolens: Command, unequal: Path, tmp_path: Path
) -> None:
    photos, out = tmp_path / "photos", tmp_path / "ready"
    shutil.copytree(unequal, photos)
    (photos / "rare").mkdir()
    shutil.copy(photos / "across" / "across_003.jpg", photos / "rare" / "one.jpg")
    with (photos / "rare" / "one.jpg").open("ab") as file:
        file.write(b"\0")
    refused = taxolens("prepare", photos, "--out", out)
    assert refused.code == 2 and "rare" in refused.err and not out.exists()
    assert taxolens("prepare", photos, "--out", out, "--allow-missing", "--quiet").code == 0


@pytest.mark.parametrize("place", ["", "inside", ".."])
def test_a_folder_that_meets_the_photos_is_refused(taxolens: Command, unequal: Path, place: str) -> None:
    before = state_of(unequal)
    outcome = taxolens("prepare", unequal, "--out", unequal / place, "--restart")
    assert outcome.code == 2 and "lie in one another" in outcome.err
    assert state_of(unequal) == before


def test_a_folder_of_something_else_is_left_alone(taxolens: Command, unequal: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for options in ((), ("--restart",)):
        outcome = taxolens("prepare", unequal, "--out", tmp_path, *options)
        assert outcome.code == 2 and ("other things" in outcome.err or "notes.txt" in outcome.err)
    assert [one.name for one in tmp_path.iterdir()] == ["notes.txt"]


def test_help_has_examples_and_french_is_spoken(taxolens: Command) -> None:
    told = taxolens("prepare", "--help")
    assert told.code == 0 and "taxolens prepare photos/ --out ready/" in " ".join(told.out.split())
    french = taxolens("prepare", "--help", lang="fr")
    assert "Diviser" in french.out or "Répartir" in french.out
    steps = taxolens("prepare", "--list-steps")
    assert (
        steps.code == 0 and "clahe" in steps.out and "random-rotate" in steps.out and "standard" in steps.out
    )


def test_a_prepared_folder_is_inspected_with_its_split(
    taxolens: Command, unequal: Path, tmp_path: Path
) -> None:
    out, figures = tmp_path / "ready", tmp_path / "figures.json"
    assert taxolens("prepare", unequal, "--out", out, "--quiet").code == 0
    outcome = taxolens("inspect", out, "--json", figures, "--quiet")
    assert outcome.code == 0, outcome.err
    said = json.loads(figures.read_text(encoding="utf-8"))
    assert said["photos"] == 55 and said["classes"] == {"across": 30, "down": 13, "slanted": 12}
    assert not (set(content_of(out)) - {row["file"] for row in rows_of(out / "labels.csv")}) - {
        "labels.csv",
        "prepare.toml",
    }


@pytest.mark.shared_data
def test_real_leaves_are_balanced_from_their_archive(
    taxolens: Command, shared_data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "leaves"
    archive = shared_data / "leaves8" / "leaves8_train.zip"
    options = ("--balance", "max", "--step", "letterbox:width=64,height=64", "--quiet")
    outcome = taxolens("prepare", archive, "--out", out, *options)
    assert outcome.code == 0, outcome.err
    rows = rows_of(out / "labels.csv")
    learnt = Counter(row["label"] for row in rows if row["split"] == "train")
    assert len(learnt) == 8 and len(set(learnt.values())) == 1
    assert sum(not row["copy_of"] for row in rows) == 1200
    assert not [row for row in rows if row["copy_of"] and row["split"] != "train"]
