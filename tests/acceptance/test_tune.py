"""A search from outside: killed, shared by two processes, gone on with."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.acceptance.conftest import TAXOLENS, Command, rows_of

pytest.importorskip("optuna")

OPTIONS = (
    *("--method", "scratch", "--backbone", "small_cnn", "--size", "16", "--epochs", "3", "--batch", "16"),
    *("--numbers", "fp32", "--augment", "none", "--trials", "4", "--workers", "1"),
)


@pytest.mark.slow
def test_a_killed_search_goes_on_to_the_same_trials_with_two_processes(
    class_folders: Path, tmp_path: Path, taxolens: Command
) -> None:
    whole = taxolens("tune", class_folders, "--out", tmp_path / "whole", *OPTIONS, "--no-pruning")
    assert whole.code == 0, whole.err
    run = tmp_path / "run"
    command = [str(TAXOLENS), "tune", str(class_folders), "--out", str(run), *OPTIONS, "--no-pruning"]
    environment = {**os.environ, "TAXOLENS_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"}
    killed = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    checkpoint = tmp_path / ".run.taxolens-tuning" / "trials" / "0" / "checkpoint.safetensors"
    deadline = time.monotonic() + 120
    while not checkpoint.exists() and killed.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert not run.exists()
    pair = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [(*one.communicate(timeout=300), one.returncode) for one in pair]
    # The second may come when all is written, and then says so.
    assert 0 in [code for *_, code in told], told
    assert all(code == 0 or "holds a run already" in err for _, err, code in told), told
    trials = rows_of(run / "trials.csv")
    assert [one["trial"] for one in trials] == ["0", "1", "2", "3"]
    assert {one["state"] for one in trials} == {"complete"}
    first = {name: value for name, value in trials[0].items() if name != "seconds"}
    same = {
        name: value for name, value in rows_of(tmp_path / "whole" / "trials.csv")[0].items() if name in first
    }
    assert first == same, "the trial that was killed came to the very same figures"
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".run")]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--method", "head"), "A head finds its settings by itself"),
        (("--method", "scratch", "--trials", "0"), "one trial at least"),
        (("--method", "scratch", "--time-budget", "0"), "above 0"),
        (("--method", "scratch", "--space", "nowhere.toml"), "cannot be read"),
    ],
)
def test_a_search_that_cannot_be_meant_is_refused_in_a_sentence(
    class_folders: Path, tmp_path: Path, taxolens: Command, given: tuple[str, ...], told: str
) -> None:
    outcome = taxolens("tune", class_folders, "--out", tmp_path / "run", *given)
    assert outcome.code == 2 and told in outcome.err and "Traceback" not in outcome.err
    assert not list(tmp_path.iterdir())
