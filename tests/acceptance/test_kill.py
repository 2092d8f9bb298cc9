"""Commands are killed on purpose; nothing half-written stays, and the same command succeeds."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.acceptance.conftest import TAXOLENS, Command


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.6, 1.2, 1.8])
def test_a_killed_training_leaves_no_run_and_can_be_repeated(
    taxolens: Command, class_folders: Path, tmp_path: Path, seconds: float
) -> None:
    home, run = tmp_path / "home", tmp_path / "run"
    environment = {**os.environ, "TAXOLENS_HOME": str(home)}
    arguments = [str(TAXOLENS), "train", str(class_folders), "--out", str(run), "--quiet"]
    process = subprocess.Popen(
        arguments, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    if run.exists():  # it was quick; what is there is whole
        assert {"model.onnx", "report.html", "metrics.json", "split.csv"} <= {
            path.name for path in run.iterdir()
        }
        assert taxolens("models", "show", run / "model.onnx").code == 0
    again = subprocess.run(
        [*arguments, "--overwrite"], env=environment, capture_output=True, text=True, check=False
    )
    assert again.returncode == 0, again.stderr
    assert [path.name for path in tmp_path.iterdir() if path != home] == ["run"]
    outcome = taxolens("evaluate", run / "model.onnx", class_folders, "--quiet")
    assert outcome.code == 0, outcome.err


@pytest.mark.slow
def test_an_interrupted_training_says_so_and_leaves_nothing(class_folders: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "TAXOLENS_HOME": str(tmp_path / "home"), "TAXOLENS_LANG": "en"}
    run = tmp_path / "run"
    process = subprocess.Popen(
        [str(TAXOLENS), "train", str(class_folders), "--out", str(run), "--views", "turns"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a shell that runs the tests in its background makes its children deaf to interrupts
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 30
    while not (tmp_path / "home").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Stopped" in err and "Traceback" not in err
    assert not run.exists() and not list(tmp_path.glob(".run*"))
