"""Commands run from outside, as a user runs them."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

TAXOLENS = Path(sys.executable).with_name("taxolens")


@dataclass(frozen=True)
class Outcome:
    """What a command left on the terminal."""

    code: int
    out: str
    err: str


Command = Callable[..., Outcome]


def rows_of(table: Path) -> list[dict[str, str]]:
    """The rows of a CSV."""
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's empty Taxolens folder."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def taxolens(home: Path) -> Command:
    """Runs one command and gives its outcome."""

    def run(
        *arguments: object,
        lang: str = "en",
        timeout: float = 300,
        cwd: Path | None = None,
        home: Path = home,
    ) -> Outcome:
        done = subprocess.run(
            [TAXOLENS, *map(str, arguments)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            cwd=cwd,
            check=False,
            env={**os.environ, "TAXOLENS_HOME": str(home), "TAXOLENS_LANG": lang, "COLUMNS": "100"},
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def trained(taxolens: Command, class_folders: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder trained on the generated photos."""
    out = tmp_path_factory.mktemp("runs") / "stripes"
    outcome = taxolens("train", class_folders, "--out", out, "--quiet")
    assert outcome.code == 0, outcome.err
    return out
