"""Commands run from outside, as a user runs them."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.warm import Outcome, Warm

TAXOLENS = Path(sys.executable).with_name("taxolens")


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
def taxolens(home: Path) -> Iterator[Command]:
    """Runs one command and gives its outcome."""
    warm = Warm(TAXOLENS)

    def run(
        *arguments: object,
        lang: str = "en",
        timeout: float = 300,
        cwd: Path | None = None,
        home: Path = home,
    ) -> Outcome:
        typed = list(map(str, arguments))
        env = {**os.environ, "TAXOLENS_HOME": str(home), "TAXOLENS_LANG": lang, "COLUMNS": "100"}
        if warm.fits(env):
            return warm.run(typed, env=env, cwd=cwd, timeout=timeout)
        done = subprocess.run(
            [TAXOLENS, *typed],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            cwd=cwd,
            check=False,
            env=env,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    yield run
    warm.close()


@pytest.fixture(scope="session")
def trained(taxolens: Command, class_folders: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder trained on the generated photos."""
    out = tmp_path_factory.mktemp("runs") / "stripes"
    outcome = taxolens("train", class_folders, "--out", out, "--quiet")
    assert outcome.code == 0, outcome.err
    return out
