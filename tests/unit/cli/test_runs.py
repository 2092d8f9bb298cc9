"""`taxolens runs` and `taxolens compare` as a user types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from taxolens.workflows.runs import TRASH
from tests.unit.workflows.made_run import COLOURS, make_run, write_model_of, write_photos

pytestmark = pytest.mark.slow  # every call starts Python anew

CALL = "from taxolens.cli.main import main; main()"
COLUMNS = 80


def typed(folder: Path, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    surroundings = {
        **os.environ,
        "TAXOLENS_HOME": str(folder / "home"),
        "TAXOLENS_LANG": "en",
        "COLUMNS": str(COLUMNS),
        "PYTHONIOENCODING": "utf-8",
    }
    return subprocess.run(
        [sys.executable, "-c", CALL, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=surroundings,
        check=False,
        cwd=folder,
        **options,
    )


def test_runs_are_listed_within_a_terminal(tmp_path: Path) -> None:
    make_run(tmp_path / "a rather long name of a folder for experiments" / "and another one for the run")
    make_run(tmp_path / "short", right=[True] * 12)
    told = typed(tmp_path, "runs", "list", "--sort", "accuracy")
    assert told.returncode == 0, told.stderr
    assert max(map(len, told.stdout.splitlines())) <= COLUMNS
    assert told.stdout.index("short") < told.stdout.index("a rather")
    assert "100.0" in told.stdout and "83.3" in told.stdout
    assert typed(tmp_path / "short", "runs", "list", ".").returncode == 0


def test_broken_runs_are_skipped_and_said(tmp_path: Path) -> None:
    make_run(tmp_path / "sound")
    (make_run(tmp_path / "broken") / "metrics.json").write_text("{")
    told = typed(tmp_path, "runs", "list")
    assert told.returncode == 3
    assert "sound" in told.stdout and "broken" not in told.stdout
    assert "Skipped" in told.stderr and "metrics.json is damaged" in told.stderr
    document = json.loads(typed(tmp_path, "runs", "list", "--json").stdout)
    assert [run["folder"] for run in document["runs"]] == ["sound"]
    assert document["runs"][0]["accuracy"] == pytest.approx(5 / 6)
    assert "damaged" in document["broken"][0]["reason"]


def test_a_folder_without_runs_says_how_to_make_one(tmp_path: Path) -> None:
    told = typed(tmp_path, "runs", "list")
    assert (told.returncode, "taxolens train" in told.stdout) == (0, True)
    assert typed(tmp_path, "runs", "list", "absent").returncode == 2


def test_a_run_is_shown_with_what_to_type_next(tmp_path: Path) -> None:
    make_run(tmp_path / "my run")
    told = typed(tmp_path, "runs", "show", "my run")
    assert told.returncode == 0, told.stderr
    for words in ("colours: 30 photos", "20 to learn", "tiny", "83.3%", "split.seed", "views"):
        assert words in told.stdout
    assert "taxolens identify PHOTOS --model 'my run/model.onnx' --out results.csv" in told.stdout
    assert (
        json.loads(typed(tmp_path, "runs", "show", "my run", "--json").stdout)["recipe"]["method"] == "head"
    )


def test_runs_are_compared_side_by_side(tmp_path: Path) -> None:
    make_run(tmp_path / "one", right=[True] * 10 + [False] * 10, precision=0.9)
    make_run(tmp_path / "two", right=[True] * 20)
    told = typed(tmp_path, "runs", "compare", "one", "two")
    assert told.returncode == 0, told.stderr
    assert "precision" in told.stdout and "class_weight" not in told.stdout
    assert "two is better than one: 50.0 points of accuracy more" in told.stdout
    document = json.loads(typed(tmp_path, "runs", "compare", "one", "two", "--json").stdout)
    assert document["fields"]["precision"] == {"one": "0.9", "two": "0.95"}
    assert document["pairs"][0]["finding"] == "better"
    assert typed(tmp_path, "runs", "compare", "one").returncode == 2


def test_runs_are_deleted_only_when_somebody_agrees_and_come_back(tmp_path: Path) -> None:
    make_run(tmp_path / "one")
    refused = typed(tmp_path, "runs", "delete", "one", stdin=subprocess.DEVNULL)
    assert (refused.returncode, (tmp_path / "one").exists()) == (2, True)
    assert "--yes" in refused.stderr
    gone = typed(tmp_path, "runs", "delete", "one", "--yes")
    assert (gone.returncode, (tmp_path / "one").exists()) == (0, False)
    assert "taxolens runs restore one" in gone.stdout
    assert typed(tmp_path, "runs", "restore", "one").returncode == 0
    assert (tmp_path / "one").exists() and not (tmp_path / TRASH).exists()
    assert typed(tmp_path, "runs", "restore", "one").returncode == 2


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
@pytest.mark.parametrize(("answer", "there"), [(b"n\n", True), (b"y\n", False)])
def test_a_terminal_is_asked(tmp_path: Path, answer: bytes, there: bool) -> None:
    make_run(tmp_path / "one")
    terminal, keyboard = os.openpty()
    try:
        os.write(terminal, answer)
        told = typed(tmp_path, "runs", "delete", "one", stdin=keyboard)
    finally:
        os.close(keyboard)
        os.close(terminal)
    assert "Delete this run?" in told.stdout
    assert (tmp_path / "one").exists() is there


def test_models_are_compared_within_a_terminal(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos", 6)
    for name in ("one.onnx", "another one with a rather long name.onnx"):
        write_model_of(tmp_path / name, COLOURS)
    make_run(tmp_path / "run", learnt=sorted(photos.glob("red/*")))
    told = typed(
        tmp_path,
        *("compare", "one.onnx", "another one with a rather long name.onnx", "run", "photos"),
        *("--report", "page.html", "--json", "figures.json", "--timed", "2"),
    )
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    table = lines[: next(row for row, line in enumerate(lines) if line.startswith("Photos/s"))]
    assert max(map(len, table)) <= COLUMNS
    assert "No difference in accuracy between run and one is shown with 18 photos" in told.stdout
    assert "learnt from 6 of these 18 photos" in told.stderr
    assert json.loads((tmp_path / "figures.json").read_text())["n"] == 18
    assert (tmp_path / "page.html").read_text().startswith("<!DOCTYPE html>")
    silent = typed(tmp_path, "compare", "one.onnx", "run", "photos", "--quiet", "--timed", "0")
    assert (silent.returncode, silent.stdout, silent.stderr) == (0, "", "")
    forgotten = typed(tmp_path, "compare", "one.onnx", "photos")
    assert forgotten.returncode == 2 and "at least two models" in forgotten.stderr
