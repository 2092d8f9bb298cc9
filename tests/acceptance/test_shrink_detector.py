"""Smaller detectors from outside: what is left, what is refused, a killed process; and learning from a larger one."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from taxolens.demo.dataset import write_detection
from tests.acceptance.conftest import TAXOLENS, Command, rows_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in ("libreyolo", "torch_pruning")),
        reason="LibreYOLO or torch-pruning is not installed",
    ),
]
HAS_ULTRALYTICS = importlib.util.find_spec("ultralytics") is not None
SMALL = ("--method", "detect", "--size", "64", "--batch", "4", "--split", "50/25/25")
SHORT = ("--epochs", "1", "--steps", "1", "--timed", "20", "--at-most-lost", "100")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen drawn photos with boxes."""
    folder = tmp_path_factory.mktemp("drawn") / "set"
    write_detection(folder, count=16, seed=5, size=(160, 120), sites=1)
    return folder


def trained(taxolens: Command, drawn: Path, out: Path, network: str, *options: object) -> Path:
    done = taxolens("train", drawn, "--out", out, *SMALL, "--epochs", 1, "--backbone", network, *options)
    assert done.code == 0, done.err
    return out


@pytest.fixture(scope="module")
def run(taxolens: Command, drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A detector that knows next to nothing; one whose layers are wide enough to be much faster when narrow."""
    return trained(taxolens, drawn, tmp_path_factory.mktemp("runs") / "run", "yolox-tiny")


def multiplications(run: Path) -> int:
    return int(json.loads((run / "metrics.json").read_text())["network"]["multiplications"])


def test_a_smaller_detector_is_a_run_like_any_other(
    taxolens: Command, run: Path, drawn: Path, tmp_path: Path
) -> None:
    small = tmp_path / "small"
    done = taxolens("shrink", run, drawn, "--out", small, "--speedup", 3, *SHORT)
    assert done.code == 0, done.err
    assert "Original" in done.out and "mAP50" in done.out and "became" in done.err
    told = json.loads((small / "metrics.json").read_text())["shrunk"]
    assert told["original"]["multiplications"] == multiplications(run)
    assert told["shrunk"]["multiplications"] == multiplications(small) <= multiplications(run) / 3
    assert told["shrunk"]["bytes"] < told["original"]["bytes"] and len(told["map50_difference"]) == 3
    parts = [{(row["sha256"], row["split"]) for row in rows_of(one / "split.csv")} for one in (run, small)]
    assert parts[0] == parts[1], "the same photos are held back"
    assert "Smaller and faster" in (small / "report.html").read_text()
    shown = taxolens("models", "show", small / "model.onnx")
    assert (
        shown.code == 0 and json.loads((small / "metrics.json").read_text())["parity"]["largest_pixels"] < 1
    )
    further = trained(
        taxolens, drawn, tmp_path / "further", "yolox-tiny", "--weights", small, "--rate", 1e-7, "--mosaic", 0
    )
    assert multiplications(further) == multiplications(small)


def test_a_killed_shrink_goes_on(
    taxolens: Command, run: Path, drawn: Path, home: Path, tmp_path: Path
) -> None:
    small, left = tmp_path / "small", tmp_path / ".small.taxolens-training"
    arguments = ["shrink", run, drawn, "--out", small, "--speedup", 3, *SHORT, "--epochs", 4]
    process = subprocess.Popen(
        [str(TAXOLENS), *map(str, arguments)],
        env={**os.environ, "TAXOLENS_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 400
    while process.poll() is None and not list(left.glob("*/last.kept")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it was not caught in the act"
    assert list(left.glob("*/narrow.safetensors")) and not small.exists()
    done = taxolens(*arguments)
    assert done.code == 0, done.err
    assert "became" not in done.err and "Epoch 1 of 4" not in done.err and "Epoch 4 of 4" in done.err
    assert not left.exists()


def test_what_cannot_be_shrunk_is_told_in_a_sentence(
    taxolens: Command, run: Path, drawn: Path, tmp_path: Path
) -> None:
    out = tmp_path / "small"
    far = taxolens("shrink", run, drawn, "--out", out, "--speedup", 99, *SHORT)
    assert far.code == 2 and "--speedup" in far.err, far.err
    bare = shutil.copy(run / "model.onnx", tmp_path / "bare.onnx")
    without = taxolens("shrink", bare, drawn, "--out", out)
    assert without.code == 2 and "no weights" in without.err
    write_detection(tmp_path / "others", count=6, seed=9, size=(160, 120), sites=1)
    strange = taxolens("shrink", run, tmp_path / "others", "--out", out)
    assert strange.code == 2 and "held back" in strange.err
    unfit = taxolens("shrink", run, drawn, "--out", out, "--augment", "light")
    assert unfit.code == 2 and "--augment" in unfit.err
    same = taxolens("shrink", run, drawn, "--out", run, "--overwrite")
    assert same.code == 2 and "still needed" in same.err
    assert not out.exists()


def test_a_detector_learns_from_a_larger_one(
    taxolens: Command, run: Path, drawn: Path, tmp_path: Path
) -> None:
    pupil = trained(
        taxolens, drawn, tmp_path / "pupil", "yolox-nano", "--distill-from", run, "--distill-weight", 0.5
    )
    assert float(rows_of(pupil / "history.csv")[0]["teacher"]) > 0
    missing = taxolens("train", drawn, "--out", tmp_path / "none", *SMALL, "--distill-from", tmp_path)
    assert missing.code == 2 and "weights" in missing.err
    other = taxolens(
        "train", drawn, "--out", tmp_path / "none", *SMALL, "--backbone", "yolov9-t", "--distill-from", run
    )
    assert other.code == 2 and "no teacher" in other.err


@pytest.mark.skipif(not HAS_ULTRALYTICS, reason="ultralytics is not installed")
@pytest.mark.parametrize("network", ["yolov10n"])
def test_networks_of_the_other_library_are_shrunk_and_taught(
    taxolens: Command, drawn: Path, tmp_path: Path, network: str
) -> None:
    run = trained(taxolens, drawn, tmp_path / "run", network)
    small = tmp_path / "small"
    done = taxolens("shrink", run, drawn, "--out", small, "--speedup", 2, *SHORT)
    assert done.code == 0, done.err
    assert multiplications(small) <= multiplications(run) / 2
    assert json.loads((small / "metrics.json").read_text())["parity"]["largest_pixels"] < 1
    assert float(rows_of(small / "history.csv")[0]["teacher_cls"]) > 0
    further = trained(
        taxolens, drawn, tmp_path / "further", network, "--weights", small, "--distill-from", run
    )
    assert multiplications(further) == multiplications(small)
