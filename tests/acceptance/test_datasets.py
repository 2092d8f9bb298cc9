"""From a public set to a model: killed on the way, gone on with, learnt from."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from tests.acceptance.conftest import TAXOLENS, Command
from tests.unit.formats.public import archives

EACH = 600


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CIFAR in its author's layout, twice `EACH` pictures of three colours."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, EACH).tolist()
    pixels = rng.integers(0, 120, (EACH, 32, 32, 3), dtype=np.uint8)
    pixels[np.arange(EACH), :, :, labels] += 120
    return archives.unpacked(tmp_path_factory.mktemp("cifar"), archives.cifar_python(pixels, labels))


def files_below(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "dataset.json")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.slow
def test_a_killed_command_goes_on_and_a_model_is_learnt_from_what_it_wrote(
    taxolens: Command, original: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = ["datasets", "get", "cifar10", "--from", str(original), "--quiet"]
    for _ in range(3):
        process = subprocess.Popen(
            [str(TAXOLENS), *arguments, "--out", str(out)],
            env={**os.environ, "TAXOLENS_HOME": str(tmp_path / "home")},
        )
        unfinished = tmp_path / ".out.unfinished"
        before = len(list(unfinished.rglob("*.png")))
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and process.poll() is None:
            if len(list(unfinished.rglob("*.png"))) > before + 150:
                break
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not out.exists()
    done = taxolens(*arguments, "--out", out)
    assert done.code == 0, done.err
    whole = taxolens(*arguments, "--out", tmp_path / "whole")
    assert whole.code == 0 and len(files_below(out)) == 2 * EACH
    assert files_below(out) == files_below(tmp_path / "whole")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    trained = taxolens("train", out, "--out", tmp_path / "run", "--quiet")
    assert trained.code == 0, trained.err
    judged = taxolens("evaluate", tmp_path / "run/model.onnx", out)
    assert judged.code == 0 and f"{EACH:,} photos judged: 100.0%" in judged.out
    assert f"photos of the test part are judged; the {EACH} others are left out" in judged.err
