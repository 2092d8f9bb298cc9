"""`taxolens models` as a user types it, without network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

CALL = "from taxolens.cli.main import main; main()"


def typed(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    surroundings = {
        **os.environ,
        "TAXOLENS_HOME": str(home),
        "TAXOLENS_LANG": "en",
        "HF_HUB_OFFLINE": "1",
        "COLUMNS": "200",
    }
    return subprocess.run(
        [sys.executable, "-c", CALL, "--lang", "en", "models", *arguments],
        capture_output=True,
        text=True,
        env=surroundings,
        check=False,
    )


def test_a_backbone_that_is_not_here_is_shown_from_the_catalogue_and_not_fetched(tmp_path: Path) -> None:
    shown = typed(tmp_path, "show", "mobilenetv2")
    assert shown.returncode == 0, shown.stderr
    for words in ("huggingface.co", "sha256", "Apache-2.0", "fast", "taxolens models get mobilenetv2"):
        assert words in shown.stdout
    told = json.loads(typed(tmp_path, "show", "mobilenetv2", "--json").stdout)
    assert (told["name"], told["cached"]) == ("mobilenetv2", False)
    assert not list(tmp_path.rglob("*.onnx"))


def test_removing_what_is_not_here_is_told_in_one_sentence(tmp_path: Path) -> None:
    told = typed(tmp_path, "remove", "mobilenetv2")
    assert told.returncode == 2
    assert "nothing was removed" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_spoilt_backbone_is_listed_and_can_be_removed(tmp_path: Path) -> None:
    spoilt = tmp_path / "backbones" / "remembered" / "mine.onnx"
    spoilt.parent.mkdir(parents=True)
    spoilt.write_bytes(b"spoilt")
    rows = {row["name"]: row for row in json.loads(typed(tmp_path, "list", "--json").stdout)}
    assert (rows["mine"]["kind"], rows["mine"]["cached"]) == ("damaged", False)
    assert "mobilenetv2" in rows
    assert typed(tmp_path, "remove", "mine").returncode == 0
    assert not spoilt.exists()


def test_an_error_that_quotes_a_name_does_not_command_the_terminal(tmp_path: Path) -> None:
    told = typed(tmp_path, "remove", "x\x1b[2J\u202e")
    assert told.returncode == 2
    assert "x?[2J?" in told.stderr
