"""`taxolens datasets` from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from taxolens.data.public.catalogue import public_datasets
from tests.unit.formats.public import archives

PIXELS = np.random.default_rng(1).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
CALL = "from taxolens.cli.main import main; main()"


def typed(
    place: Path, *arguments: object, columns: int = 200, lang: str = "en"
) -> subprocess.CompletedProcess[str]:
    surroundings = {
        **os.environ,
        "TAXOLENS_HOME": str(place / "home"),
        "COLUMNS": str(columns),
        "TAXOLENS_LANG": lang,
    }
    return subprocess.run(
        [sys.executable, "-c", CALL, "datasets", *(str(one) for one in arguments)],
        capture_output=True,
        text=True,
        env=surroundings,
        cwd=place,
        check=False,
    )


@pytest.mark.parametrize("columns", [80, 120])
def test_the_list_shows_every_set_with_task_size_and_licence(columns: int, tmp_path: Path) -> None:
    listed = typed(tmp_path, "list", columns=columns)
    assert listed.returncode == 0, listed.stderr
    for name in public_datasets():
        assert name in listed.stdout
    assert "170.5" in listed.stdout and "CDLA-Permissive-1.0" in listed.stdout and "60,000" in listed.stdout


def test_sets_are_told_to_programs(tmp_path: Path) -> None:
    found = json.loads(typed(tmp_path, "list", "--json").stdout)
    assert [one["name"] for one in found] == list(public_datasets())
    assert found[0]["variant"][0]["file"][0]["bytes"] == 170498071
    assert json.loads(typed(tmp_path, "show", "cifar10", "--json").stdout) == found[0]


@pytest.mark.parametrize("name", ["cifar10", "missouri"])
def test_a_set_is_shown_with_all_that_is_published_of_it(name: str, tmp_path: Path) -> None:
    told = typed(tmp_path, "show", name).stdout
    entry = public_datasets()[name]
    assert entry.url in told and entry.citation[:40] in told
    for file in entry.variants[0].files:
        assert file.url in told
        assert (file.sha256 or "no checksum is published") in told
    assert (entry.variants[0].images_url or "") in told


def test_a_local_folder_is_laid_out_and_said(tmp_path: Path) -> None:
    folder = archives.unpacked(tmp_path / "original", archives.cifar_python(PIXELS, [0, 1, 2]))
    asked = ("get", "cifar10", "--from", folder, "--classes", "bird,airplane", "--out", "out")
    done = typed(tmp_path, *asked)
    assert done.returncode == 0, done.stderr
    assert "4 images of 2 classes" in done.stdout and "taxolens inspect" in done.stdout
    assert len(list((tmp_path / "out").rglob("*.png"))) == 4
    again = typed(tmp_path, *asked, lang="fr")
    assert again.returncode == 0 and "déjà" in again.stdout
    quiet = typed(tmp_path, "get", "cifar10", "--from", folder, "--out", "two", "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("get", "cifar", "--out", "out"), "no dataset called cifar. Choose cifar10."),
        (("get", "cifar10", "--from", "cifar-10-python.tar.gz", "--out", "out"), "is not the file that"),
        (("get", "cifar10", "--from", "gone", "--out", "out"), "gone is not there"),
        (("get", "wcs", "--out", "out"), "--classes"),
        (("get", "cifar10", "--as", "boxes", "--from", "original", "--out", "out"), "laid out as boxes"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(
    arguments: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    (tmp_path / "cifar-10-python.tar.gz").write_bytes(b"no archive")
    archives.unpacked(tmp_path / "original", archives.cifar_python(PIXELS, [0, 1, 2]))
    done = typed(tmp_path, *arguments)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert words in " ".join(done.stderr.split())
    assert not (tmp_path / "out").exists() and not (tmp_path / ".out.unfinished").exists()


@pytest.mark.parametrize("classes", ["", " , "])
def test_no_classes_where_classes_are_named_is_not_all_of_them(classes: str, tmp_path: Path) -> None:
    told = typed(tmp_path, "get", "cifar10", "--classes", classes, "--out", "out")
    assert told.returncode == 2 and "--classes names no class" in told.stderr
    assert not (tmp_path / "out").exists()
