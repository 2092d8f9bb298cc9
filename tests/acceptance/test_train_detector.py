"""`train --method detect`, from drawn photos to named boxes."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from taxolens.demo.dataset import write_detection
from tests.acceptance.conftest import TAXOLENS, Command, rows_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("libreyolo") is None, reason="LibreYOLO is not installed"),
]
HAS_TENSORBOARD = importlib.util.find_spec("tensorboardX") is not None
HAS_ULTRALYTICS = importlib.util.find_spec("ultralytics") is not None
SMALL = ("--method", "detect", "--size", "64", "--batch", "4", "--split", "50/25/25")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen drawn photos with boxes."""
    folder = tmp_path_factory.mktemp("drawn") / "set"
    write_detection(folder, count=16, seed=5, size=(160, 120), sites=1)
    return folder


@pytest.fixture(scope="module")
def run(taxolens: Command, drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained detector, which knows next to nothing."""
    out = tmp_path_factory.mktemp("runs") / "run"
    done = taxolens("train", drawn, "--out", out, *SMALL, "--epochs", 2)
    assert done.code == 0, done.err
    assert "Learnt to find" in done.out and "mAP50" in done.out
    assert "Epoch 2 of 2" in done.err
    return out


def test_a_run_folder_holds_everything(run: Path) -> None:
    names = {path.name for path in run.iterdir()}
    assert names == {
        "model.onnx",
        "weights.safetensors",
        "report.html",
        "metrics.json",
        "recipe.json",
        "history.csv",
        "split.csv",
    }
    figures = json.loads((run / "metrics.json").read_text())
    parts = figures["split"]
    assert figures["n"] == parts["test"] > 0 and parts["train"] + parts["val"] + parts["test"] == 16
    assert figures["network"]["name"] == "yolox-nano"
    assert figures["parity"]["largest_pixels"] < 1 and figures["parity"]["largest_score"] < 0.01
    with (run / "history.csv").open() as file:
        assert [row["number"] for row in csv.DictReader(file)] == ["1", "2"]


def test_the_detector_is_used_and_its_runs_are_listed(
    taxolens: Command, run: Path, drawn: Path, tmp_path: Path
) -> None:
    table = tmp_path / "found.csv"
    done = taxolens("identify", drawn / "images", "--model", run / "model.onnx", "--out", table)
    assert done.code == 0, done.err
    assert {Path(row["file"]).name for row in rows_of(table)} == {
        path.name for path in (drawn / "images").iterdir()
    }
    shown = taxolens("runs", "list", run.parent)
    assert shown.code == 0 and "yolox-nano" in shown.out and "detect" in shown.out
    shown = taxolens("runs", "show", run)
    assert shown.code == 0 and "mAP50" in shown.out and "network.loss" not in shown.out


def test_a_training_goes_on_from_the_weights_of_a_run(
    taxolens: Command, run: Path, drawn: Path, tmp_path: Path
) -> None:
    done = taxolens(
        "train", drawn, "--out", tmp_path / "more", *SMALL, "--epochs", 1, "--weights", run / "weights.safetensors",
        "--frozen", "--mosaic", 0, "--track", "csv", *(("--track", "tensorboard") if HAS_TENSORBOARD else ()),
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "Tracked with csv" in done.err
    with (tmp_path / "more" / "history.csv").open() as file:
        assert next(csv.DictReader(file))["map50"] != ""
    assert (tmp_path / "more" / "tensorboard").is_dir() == HAS_TENSORBOARD


def test_a_killed_training_goes_on_after_its_last_whole_epoch(
    taxolens: Command, drawn: Path, tmp_path: Path, home: Path
) -> None:
    out = tmp_path / "run"
    arguments = ["train", drawn, "--out", out, *SMALL, "--epochs", 4]
    place = tmp_path / ".run.taxolens-training"
    process = subprocess.Popen(
        [str(TAXOLENS), *map(str, arguments)],
        env={**os.environ, "TAXOLENS_HOME": str(home)},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 240
    while not (place / "last.kept").is_file() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    learnt = sum(map(bool, (place / "epochs.jsonl").read_text().splitlines()))
    assert 1 <= learnt < 4 and not out.exists()
    changed = taxolens(*arguments, "--mosaic", 0)
    assert changed.code == 2 and "another training" in changed.err and "--restart" in changed.err
    done = taxolens(*arguments)
    assert done.code == 0, done.err
    assert "Epoch 1 of 4" not in done.err and f"Epoch {learnt + 1} of 4" in done.err
    with (out / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["number"] for row in rows] == ["1", "2", "3", "4"]
    rates = [float(row["rate"]) for row in rows]
    assert rates[1] > 5 * rates[3], "most of a short training learns at more than the least rate"
    assert not place.exists()


@pytest.mark.skipif(not HAS_ULTRALYTICS, reason="ultralytics is not installed")
@pytest.mark.parametrize("network", ["yolo11n", "yolov10n"])
def test_networks_of_the_other_library_are_trained_and_proven(
    taxolens: Command, drawn: Path, tmp_path: Path, network: str
) -> None:
    done = taxolens("train", drawn, "--out", tmp_path / "run", *SMALL, "--epochs", 1, "--backbone", network)
    assert done.code == 0, done.err
    figures = json.loads((tmp_path / "run/metrics.json").read_text())
    assert figures["parity"]["largest_pixels"] < 1
    assert (tmp_path / "run/weights.pt").is_file()
    told = taxolens("models", "show", tmp_path / "run/model.onnx")
    assert told.code == 0 and "AGPL" in told.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--backbone", "yolox-giant"), "yolox-"),
        (("--size", "100"), "96 or 128"),
        (("--cutmix", "0.5"), "cutmix"),
        (("--weights", "nowhere.onnx"), "nowhere.onnx"),
        (("--loss", "focal"), "--loss"),
        (("--split", "80/0/20"), "val"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(
    taxolens: Command, drawn: Path, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    done = taxolens("train", drawn, "--out", tmp_path / "run", *SMALL, "--epochs", 1, *options)
    assert done.code == 2 and said in done.err, done.err
    assert "Traceback" not in done.err and not (tmp_path / "run").exists()


def test_photos_without_boxes_are_refused(taxolens: Command, class_folders: Path, tmp_path: Path) -> None:
    done = taxolens("train", class_folders, "--out", tmp_path / "run", *SMALL)
    assert done.code == 2 and "has no boxes" in done.err


def test_weights_of_another_network_are_refused(
    taxolens: Command, run: Path, drawn: Path, tmp_path: Path
) -> None:
    done = taxolens(
        "train", drawn, "--out", tmp_path / "run", *SMALL, "--backbone", "yolox-s", "--weights",
        run / "weights.safetensors",
    )  # fmt: skip
    assert done.code == 2 and "--backbone" in done.err, done.err
