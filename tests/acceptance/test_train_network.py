"""Networks from outside: exit codes, a killed process, what the terminal says."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.acceptance.conftest import TAXOLENS, Command
from tests.conftest import write_class_folders

pytest.importorskip("torch")

SCRATCH = (
    "--method", "scratch", "--backbone", "small_cnn", "--size", "24", "--epochs", "5", "--batch", "8",
    "--numbers", "fp32", "--no-saliency",
)  # fmt: skip


def history(run: Path) -> list[str]:
    """Every epoch without its seconds."""
    return [line.rpartition(",")[0] for line in (run / "history.csv").read_text().splitlines()]


@pytest.mark.slow
def test_a_training_that_is_killed_at_any_moment_goes_on_to_the_same_network(
    taxolens: Command, class_folders: Path, home: Path, tmp_path: Path
) -> None:
    whole = taxolens("train", class_folders, "--out", tmp_path / "whole", *SCRATCH, "--quiet")
    assert whole.code == 0, whole.err
    run = tmp_path / "run"
    command = [str(TAXOLENS), "train", str(class_folders), "--out", str(run), *SCRATCH]
    environment = {**os.environ, "TAXOLENS_HOME": str(home)}
    left = tmp_path / ".run.taxolens-training"
    checkpoint = left / "checkpoint.safetensors"
    killed = 0
    for wait in (0.0, 0.05, 0.2, 0.5):
        before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        # Until something new is kept, and then for a moment: in the midst of an epoch, or of writing.
        while process.poll() is None and not (checkpoint.exists() and checkpoint.stat().st_mtime_ns > before):
            time.sleep(0.005)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        if run.exists():
            break
    assert killed, "it was never caught in the act"
    if not run.exists():
        again = taxolens("train", class_folders, "--out", run, *SCRATCH, "--quiet")
        assert again.code == 0, again.err
    assert history(run) == history(tmp_path / "whole")
    predictions = [(one / "test_predictions.csv").read_text() for one in (run, tmp_path / "whole")]
    assert predictions[0] == predictions[1]
    assert not left.exists()


@pytest.mark.slow
def test_a_broken_photo_is_exit_code_3_and_a_bad_name_exit_code_2(taxolens: Command, tmp_path: Path) -> None:
    photos = write_class_folders(tmp_path / "photos", per_class=8)
    (photos / "down" / "broken.jpg").write_bytes(b"no photo")
    done = taxolens("train", photos, "--out", tmp_path / "run", *SCRATCH)
    assert done.code == 3, done.err
    assert "could not be read" in done.out + done.err
    bad = taxolens(
        "train", photos, "--out", tmp_path / "bad", "--method", "finetune", "--backbone", "timm:resnet5"
    )
    assert bad.code == 2 and "resnet50" in bad.err and "Traceback" not in bad.err
    empty = tmp_path / "empty home"  # the tests' own home may remember the one network of another test
    nothing = taxolens("train", photos, "--out", tmp_path / "bad", "--method", "finetune", home=empty)
    assert nothing.code == 2 and "--weights" in nothing.err
    assert {path.name for path in tmp_path.iterdir()} - {empty.name} == {"photos", "run"}


@pytest.mark.slow
def test_a_recipe_file_decides_the_method_and_options_win_over_it(taxolens: Command, tmp_path: Path) -> None:
    photos = write_class_folders(tmp_path / "photos", per_class=8)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'method = "scratch"\n[network]\nname = "dog_cnn"\nepochs = 1\nunfreeze = 3\nsize = 16\n'
    )
    options = ("--backbone", "small_cnn", "--unfreeze", "all", "--no-saliency", "--quiet")
    done = taxolens("train", photos, "--out", tmp_path / "run", "--recipe", recipe, *options)
    assert done.code == 0, done.err
    assert '"name": "small_cnn"' in (tmp_path / "run" / "metrics.json").read_text()
