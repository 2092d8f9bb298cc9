"""The tutorials are followed to the letter, in a folder of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIALS = sorted((Path(__file__).resolve().parents[2] / "docs" / "tutorials").glob("*.md"))
_BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.slow
@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_can_be_followed(tutorial: Path, tmp_path: Path, home: Path) -> None:
    blocks = _BLOCK.findall(tutorial.read_text(encoding="utf-8"))
    assert blocks
    shell = "\n".join(text for kind, text in blocks if kind == "sh")
    python = "\n".join(text for kind, text in blocks if kind == "python")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "TAXOLENS_HOME": str(home)}
    for command in (["bash", "-euo", "pipefail", "-c", shell], [sys.executable, "-c", python]):
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_a_tutorial_for_each_kind_of_user() -> None:
    assert {tutorial.stem for tutorial in TUTORIALS} >= {"ecologist", "laboratory", "engineer"}
