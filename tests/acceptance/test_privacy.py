"""What is done on a computer stays there: no library tells its maker of it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.conftest import TAXOLENS

LOOK = "import {first}, onnxruntime; print(onnxruntime.get_available_providers())"


def left_by(home: Path, *command: object) -> list[str]:
    """What a command leaves in a fresh home; libraries that spare automatic tests must not take this for one."""
    done = subprocess.run(
        list(map(str, command)),
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TAXOLENS_HOME": str(home / "taxolens"),
            "LANG": "C.UTF-8",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file())


def test_no_library_keeps_a_number_of_this_machine(
    trained: Path, class_folders: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    model, out = trained / "model.onnx", tmp_path / "table.csv"
    left = left_by(home, TAXOLENS, "identify", class_folders, "--model", model, "--out", out, "--quiet")
    assert out.is_file()
    assert not [name for name in left if not name.startswith("taxolens/")]


@pytest.mark.skipif(importlib.util.find_spec("openvino") is None, reason="OpenVINO is not installed")
def test_another_engine_tells_nobody_either(trained: Path, class_folders: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    model, out = trained / "model.onnx", tmp_path / "table.csv"
    told = ("identify", class_folders, "--model", model, "--out", out, "--quiet", "--engine", "openvino")
    assert not [name for name in left_by(home, TAXOLENS, *told) if not name.startswith("taxolens/")]


@pytest.mark.parametrize("first", ["taxolens", "os"])
def test_the_judge_above_can_see_a_library_that_does(first: str, tmp_path: Path) -> None:
    left = left_by(tmp_path, sys.executable, "-c", LOOK.format(first=first))
    if first == "os" and not left:
        pytest.skip("this build of onnxruntime tells nobody anything")
    assert bool(left) == (first == "os"), left
