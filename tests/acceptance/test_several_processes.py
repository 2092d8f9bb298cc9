"""One training in two processes, as torchrun starts them: the same network, through kills too."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.acceptance.conftest import Command

pytest.importorskip("torch")
pytest.importorskip("accelerate")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path("/proc/self/task").is_dir(), reason="looks for processes as Linux tells them"
    ),
]

TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "taxolens")
TOGETHER = "2 processes share the photos of every step."
LEFT = "Another process of this training has ended."
CALM = ("--method", "scratch", "--numbers", "fp32", "--no-saliency", "--batch", "9")
SAME = {
    "a plain network, photos mixed, averaged weights": (
        *("--backbone", "small_cnn", "--size", "24", "--epochs", "2", "--dropout", "0"),
        *("--mixup", "0.4", "--cutmix", "1", "--ema", "0.9", "--accumulate", "2"),
    ),
    "batch norms that keep their statistics": (
        *("--backbone", "fast_cnn", "--size", "32", "--epochs", "2", "--dropout", "0", "--norms", "keep"),
    ),
}
LEARNT = ("--backbone", "fast_cnn", "--size", "32", "--epochs", "4", "--dropout", "0.3", "--ema", "0.9")


def started(home: Path, *arguments: object) -> subprocess.Popen[str]:
    environment = {**os.environ, "TAXOLENS_HOME": str(home), "TAXOLENS_LANG": "en", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [*TORCHRUN, *map(str, arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def together(home: Path, *arguments: object) -> str:
    """What two processes said that trained together."""
    process = started(home, *arguments)
    said, _ = process.communicate(timeout=1200)
    assert process.returncode == 0, said
    return said


def table(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.reader(opened))


def history(run: Path) -> list[list[str]]:
    """Every epoch without its seconds."""
    return [row[:-1] for row in table(run / "history.csv")]


def probabilities(run: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    head, *rows = table(run / "test_predictions.csv")
    columns = [place for place, name in enumerate(head) if name.startswith("p:")]
    return np.array([[float(row[column]) for column in columns] for row in rows])


def of_rank(process: subprocess.Popen[str], rank: int) -> int:
    """The number of one of the processes that torchrun started."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for child in children:
        if f"RANK={rank}".encode() in Path(f"/proc/{child}/environ").read_bytes().split(b"\0"):
            return int(child)
    raise AssertionError(f"no process {rank}")


@pytest.mark.parametrize("network", SAME.values(), ids=SAME)
def test_two_processes_learn_what_one_does(
    network: tuple[str, ...], taxolens: Command, class_folders: Path, home: Path, tmp_path: Path
) -> None:
    alone = taxolens("train", class_folders, "--out", tmp_path / "one", *CALM, *network, "--quiet")
    assert alone.code == 0, alone.err
    said = together(home, "train", class_folders, "--out", tmp_path / "two", *CALM, *network)
    assert said.count(TOGETHER) == 1 and said.count("Epoch 2 of 2") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"one", "two"}
    (head, *one), (_, *two) = history(tmp_path / "one"), history(tmp_path / "two")
    loss = head.index("train_loss")
    for first, second in zip(one, two, strict=True):
        assert float(first[loss]) == pytest.approx(float(second[loss]), rel=1e-4)
    assert np.allclose(probabilities(tmp_path / "one"), probabilities(tmp_path / "two"), atol=1e-3)


def test_two_processes_learn_from_a_teacher_of_a_larger_size_what_one_does(
    taxolens: Command, class_folders: Path, home: Path, tmp_path: Path
) -> None:
    small = ("--backbone", "small_cnn", "--epochs", "1", "--dropout", "0", "--quiet")
    teacher = tmp_path / "teacher"
    taught = taxolens("train", class_folders, "--out", teacher, *CALM, *small, "--size", "40")
    assert taught.code == 0, taught.err
    pupil = (*CALM, *small, "--size", "20", "--mixup", "0.4", "--distill-from", teacher)
    alone = taxolens("train", class_folders, "--out", tmp_path / "one", *pupil)
    assert alone.code == 0, alone.err
    together(home, "train", class_folders, "--out", tmp_path / "two", *pupil)
    assert np.allclose(probabilities(tmp_path / "one"), probabilities(tmp_path / "two"), atol=1e-3)
    assert {path.name for path in tmp_path.iterdir()} == {"teacher", "one", "two"}


def test_when_one_process_is_killed_the_others_say_so_and_the_same_command_goes_on(
    class_folders: Path, home: Path, tmp_path: Path
) -> None:
    together(home, "train", class_folders, "--out", tmp_path / "whole", *CALM, *LEARNT, "--quiet")
    run = tmp_path / "run"
    command = ("train", class_folders, "--out", run, *CALM, *LEARNT)
    checkpoint = tmp_path / ".run.taxolens-training" / "checkpoint.safetensors"
    for rank in (1, 0):
        before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
        process = started(home, *command)
        while process.poll() is None and not (checkpoint.exists() and checkpoint.stat().st_mtime_ns > before):
            time.sleep(0.005)
        os.kill(of_rank(process, rank), signal.SIGKILL)
        said, _ = process.communicate(timeout=1200)
        assert process.returncode != 0 and not run.exists(), said
        assert said.count(LEFT) == 1, said
        assert not re.search(r'File ".*/src/taxolens/', said), said
    together(home, *command)
    assert history(run) == history(tmp_path / "whole")
    assert (run / "test_predictions.csv").read_bytes() == (
        tmp_path / "whole" / "test_predictions.csv"
    ).read_bytes()


def test_wrong_use_is_told_once(home: Path, tmp_path: Path) -> None:
    process = started(home, "train", tmp_path / "nothing", "--out", tmp_path / "run", *CALM)
    said, _ = process.communicate(timeout=1200)
    assert process.returncode != 0
    assert said.count(str(tmp_path / "nothing")) == 1 and LEFT not in said


def test_a_head_is_trained_by_the_first_process_alone(
    class_folders: Path, home: Path, tmp_path: Path
) -> None:
    said = together(home, "train", class_folders, "--out", tmp_path / "run")
    assert (tmp_path / "run" / "model.onnx").is_file()
    assert said.count("The report:") == 1


def test_processes_that_cannot_meet_are_told(
    taxolens: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WORLD_SIZE", "2")
    outcome = taxolens("train", tmp_path, "--out", tmp_path / "run")
    assert outcome.code == 2 and "torchrun" in outcome.err and "Traceback" not in outcome.err
