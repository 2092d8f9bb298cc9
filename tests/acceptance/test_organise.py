"""Sorted copies, as a user makes them and takes them back."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.acceptance.conftest import TAXOLENS, Command
from tests.unit.workflows.sorted_photos import digests, fox, photo, tree, write_detections


@pytest.fixture(scope="module")
def results(
    taxolens: Command, trained: Path, class_folders: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """What an identification of the generated photos left."""
    out = tmp_path_factory.mktemp("identified") / "results.csv"
    outcome = taxolens("identify", class_folders, "--model", trained / "model.onnx", "--out", out, "--quiet")
    assert outcome.code == 0, outcome.err
    return out


def test_identified_photos_are_sorted_and_that_is_taken_back(
    taxolens: Command, results: Path, class_folders: Path, tmp_path: Path
) -> None:
    before, out = digests(class_folders), tmp_path / "sorted"
    dry = taxolens("organise", results, "--out", out, "--by", "species", "--dry-run")
    assert dry.code == 0, dry.err
    assert "across/" in dry.out and "Nothing was written." in dry.out
    assert not out.exists()
    outcome = taxolens("organise", results, "--out", out, "--by", "species")
    assert outcome.code == 0, outcome.err
    assert "72 photos:" in outcome.out and "Copies written: 72; there already: 0." in outcome.out
    assert len(tree(out)) == 72
    again = taxolens("organise", results, "--out", out, "--by", "species")
    assert "Copies written: 0; there already: 72." in again.out
    back = taxolens("organise", "--undo", out)
    assert (back.code, back.out) == (0, "Removed: 72.\n")
    assert not out.exists()
    assert digests(class_folders) == before


def test_drawn_blurred_and_named_copies_leave_originals_alone(
    taxolens: Command, class_folders: Path, tmp_path: Path
) -> None:
    before = digests(class_folders)
    names = [path.relative_to(class_folders).as_posix() for path in sorted(class_folders.rglob("*.jpg"))[:6]]
    detections = write_detections(tmp_path / "md.json", *map(fox, names), fox("gone.jpg"))
    asked = (
        detections,
        "--photos",
        class_folders,
        "--out",
        tmp_path / "show",
        "--boxes",
        "--blur",
        "--keywords",
    )
    outcome = taxolens("organise", *asked, lang="fr")
    assert outcome.code == 3, outcome.err
    assert "7 photos" in outcome.out and "gone.jpg" in outcome.out
    assert len(tree(tmp_path / "show")) == 6
    assert digests(class_folders) == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "RESULTS is missing"),
        (("{results}",), "--out is missing"),
        (("{results}", "--out", "{photos}/sorted"), "lies in the folder of the photos"),
        (
            ("{results}", "--out", "out", "--by", "colour"),
            "colour is nothing that a folder can be named after",
        ),
        (("{results}", "--out", "out", "--link", "--keywords"), "A hard link is the original itself"),
        (("{results}", "--out", "out", "--blur"), "would hide nobody"),
        (("{results}", "--undo", "out"), "Leave out results"),
        (("--undo", "out"), "holds nothing that taxolens organise wrote"),
        (("none.csv", "--out", "out"), "There are no results at none.csv"),
    ],
)
def test_wrong_use_is_told_in_a_sentence(
    taxolens: Command,
    results: Path,
    class_folders: Path,
    tmp_path: Path,
    arguments: tuple[str, ...],
    told: str,
) -> None:
    typed = [one.format(results=results, photos=class_folders) for one in arguments]
    outcome = taxolens("organise", *typed, cwd=tmp_path)
    assert outcome.code == 2
    assert told in outcome.err and "Traceback" not in outcome.err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_kills_at_any_moment_lose_and_double_nothing(taxolens: Command, tmp_path: Path) -> None:
    card, out, undisturbed = tmp_path / "card", tmp_path / "out", tmp_path / "undisturbed"
    for number in range(400):
        photo(card / f"{number % 7}" / f"{number // 7}.jpg", seed=number)
    names = sorted(path.relative_to(card).as_posix() for path in card.rglob("*.jpg"))
    results = write_detections(tmp_path / "md.json", *map(fox, names))
    asked = [results, "--photos", card, "--boxes", "--keywords", "--workers", "2", "--quiet"]
    assert taxolens("organise", *asked, "--out", undisturbed).code == 0
    chance = random.Random(7)
    arguments = [str(one) for one in (TAXOLENS, "organise", *asked, "--out", out)]
    kills = 0
    for _ in range(40):
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.4, 2.0))
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
        for path in tree(out) if out.exists() else ():
            assert (out / path).read_bytes() == (undisturbed / path).read_bytes(), "whole, or not there"
        if len(tree(out) if out.exists() else ()) == len(names):
            break
    assert kills
    assert taxolens("organise", *asked, "--out", out).code == 0
    theirs = {name: one for name, one in digests(out).items() if "organised." not in name}
    assert theirs == {name: one for name, one in digests(undisturbed).items() if "organised." not in name}
    listed = sorted((out / "organised.csv").read_text().splitlines())
    assert listed == sorted((undisturbed / "organised.csv").read_text().splitlines())
    assert taxolens("organise", "--undo", out).code == 0
    # A kill between the folder and the note that it is new leaves the folder, which then is nobody's.
    assert not out.exists() or not tree(out)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="interrupts are told otherwise here")
def test_two_runs_over_one_folder_do_not_meet(taxolens: Command, tmp_path: Path) -> None:
    for number in range(3):
        photo(tmp_path / "card" / f"{number}.jpg")
    results = write_detections(tmp_path / "md.json", *(fox(f"{number}.jpg") for number in range(3)))
    asked = ("organise", results, "--photos", tmp_path / "card", "--out", tmp_path / "out")
    assert taxolens(*asked).code == 0
    lock = tmp_path / "out" / "organised.taxolens" / "lock"
    with lock.open("w") as held:
        import fcntl

        fcntl.flock(held, fcntl.LOCK_EX)
        for one in (asked, ("organise", "--undo", tmp_path / "out")):
            outcome = taxolens(*one)
            assert outcome.code == 2
            assert "Another run is writing" in outcome.err


@pytest.mark.slow
def test_the_page_about_sorting_can_be_followed(tmp_path: Path, home: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "organise.md").read_text(encoding="utf-8")
    shell = "\n".join(re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL))
    path = f"{TAXOLENS.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", shell],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "TAXOLENS_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert tree(tmp_path / "sorted")
    assert not (tmp_path / "to-show").exists()
