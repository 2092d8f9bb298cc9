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


def test_ready_models_are_listed_with_their_licence_and_whether_they_can_be_used_now(tmp_path: Path) -> None:
    listed = typed(tmp_path, "list")
    assert listed.returncode == 0, listed.stderr
    for words in ("megadetector-v6-mit-yolov9-c", "MIT", "CC-BY-NC-SA-4.0 *", "export first", "zenodo.org"):
        assert words in listed.stdout
    rows = {row["name"]: row for row in json.loads(typed(tmp_path, "list", "--json").stdout)}
    assert (rows["speciesnet"]["here"], rows["speciesnet"]["fetchable"]) == (False, False)
    assert rows["yolox-nano"]["checked"] and rows["yolox-nano"]["task"] == "detect"


def test_a_ready_model_shows_where_it_is_from_and_how_its_weights_are_exported(tmp_path: Path) -> None:
    shown = typed(tmp_path, "show", "megadetector-v1000-sorrel")
    assert shown.returncode == 0, shown.stderr
    for words in (
        "AGPL-3.0",
        "yolo export",
        "animal, person, vehicle",
        "models get megadetector-v1000-sorrel",
    ):
        assert words in shown.stdout
    told = json.loads(typed(tmp_path, "show", "deepfaune-1.4", "--json").stdout)
    assert len(told["labels"]) == 38 and told["here"] is False


def test_a_ready_model_that_is_not_here_is_told_before_any_photo_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    told = subprocess.run(
        [
            sys.executable, "-c", CALL, "--lang", "en", "identify", str(tmp_path / "photos"),
            "--model", "yolox-nano", "--out", str(tmp_path / "results.csv"),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "TAXOLENS_HOME": str(tmp_path)},
        check=False,
    )  # fmt: skip
    assert told.returncode == 2
    assert "taxolens models get yolox-nano" in told.stderr and "Traceback" not in told.stderr


def test_a_ready_model_takes_its_file_and_no_options_that_say_how_to_read_it(tmp_path: Path) -> None:
    told = typed(tmp_path, "add", "megadetector-v5a", "--file", "net.onnx", "--mean", "0,0,0")
    assert told.returncode == 2 and "how it is read is known" in told.stderr
