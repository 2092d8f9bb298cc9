"""A smaller network from outside: what is left, what is refused, a killed process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.acceptance.conftest import TAXOLENS, Command, rows_of
from tests.conftest import write_class_folders

pytest.importorskip("torch")
pytest.importorskip("torch_pruning")

SHORT = ("--epochs", "2", "--numbers", "fp32", "--no-saliency", "--timed", "40")
EVERYTHING = "100"


@pytest.fixture(scope="module")
def run(taxolens: Command, class_folders: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that knows its stripes, large enough for its speed to be told from noise."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    done = taxolens(
        "train", class_folders, "--out", folder, "--method", "scratch", "--backbone", "small_cnn",
        "--size", "64", "--epochs", "6", "--batch", "8", "--numbers", "fp32", "--no-saliency", "--quiet",
    )  # fmt: skip
    assert done.code == 0, done.err
    return folder


@pytest.mark.slow
def test_a_smaller_network_is_a_run_like_any_other(
    taxolens: Command, run: Path, class_folders: Path, tmp_path: Path
) -> None:
    small = tmp_path / "small"
    done = taxolens(
        "shrink",
        run,
        class_folders,
        "--out",
        small,
        "--at-most-lost",
        EVERYTHING,
        "--distill-hints",
        1,
        *SHORT,
    )
    assert done.code == 0, done.err
    assert "Original" in done.out and "Shrunk" in done.out
    told = json.loads((small / "metrics.json").read_text())["shrunk"]
    assert told["shrunk"]["multiplications"] <= told["original"]["multiplications"] / 2
    assert told["shrunk"]["bytes"] < told["original"]["bytes"]
    parts = [{(row["sha256"], row["split"]) for row in rows_of(one / "split.csv")} for one in (run, small)]
    assert parts[0] == parts[1], "the same photos are held back"
    assert "Smaller and faster" in (small / "report.html").read_text()
    further = taxolens(
        "train", class_folders, "--out", tmp_path / "further", "--method", "finetune", "--epochs", "1",
        "--weights", small / "weights.safetensors", "--no-saliency", "--quiet",
    )  # fmt: skip
    assert further.code == 0, further.err
    sizes = [
        json.loads((one / "metrics.json").read_text())["network"] for one in (small, tmp_path / "further")
    ]
    assert sizes[0]["multiplications"] == sizes[1]["multiplications"]


@pytest.mark.slow
def test_a_killed_shrink_goes_on_to_the_same_network(
    taxolens: Command, run: Path, class_folders: Path, home: Path, tmp_path: Path
) -> None:
    options = ("--at-most-lost", EVERYTHING, *SHORT)
    whole = taxolens("shrink", run, class_folders, "--out", tmp_path / "whole", *options, "--quiet")
    assert whole.code == 0, whole.err
    small, left = tmp_path / "small", tmp_path / ".small.taxolens-training"
    command = [str(TAXOLENS), "shrink", str(run), str(class_folders), "--out", str(small), *options]
    process = subprocess.Popen(
        command,
        env={**os.environ, "TAXOLENS_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and not list(left.glob("*/taught.safetensors")):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it was not caught in the act"
    again = taxolens("shrink", run, class_folders, "--out", small, *options, "--quiet")
    assert again.code == 0, again.err
    predictions = [(one / "test_predictions.csv").read_text() for one in (tmp_path / "whole", small)]
    assert predictions[0] == predictions[1]
    assert not left.exists()


@pytest.mark.slow
def test_what_loses_too_much_is_not_kept_and_what_cannot_be_shrunk_is_told(
    taxolens: Command, run: Path, class_folders: Path, tmp_path: Path
) -> None:
    out = tmp_path / "small"
    nothing_learnt = ("--speedup", "12", "--steps", "1", "--epochs", "0", "--distill-weight", "0")
    lost = taxolens("shrink", run, class_folders, "--out", out, *SHORT[2:], *nothing_learnt)
    assert lost.code == 1 and "not kept" in lost.err and not out.exists()
    far = taxolens("shrink", run, class_folders, "--out", out, "--speedup", "99", *SHORT)
    assert far.code == 2 and "--speedup" in far.err
    bare = shutil.copy(run / "model.onnx", tmp_path / "bare.onnx")
    without = taxolens("shrink", bare, class_folders, "--out", out)
    assert without.code == 2 and "--distill-from" in without.err
    others = write_class_folders(tmp_path / "others", per_class=3, seed=9)
    strange = taxolens("shrink", run, others, "--out", out)
    assert strange.code == 2 and "held back" in strange.err
    assert not out.exists()
