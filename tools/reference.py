"""Writes the command reference from the commands' own help.

python -m tools.reference docs/commands.md
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from taxolens.cli.main import COMMANDS

TAXOLENS = Path(sys.executable).with_name("taxolens")
GROUPS = {
    "runs": ("list", "show", "compare", "delete", "restore"),
    "models": ("list", "show", "get", "add", "remove", "describe", "pipeline"),
    "datasets": ("list", "show", "get"),
}
WIDTH = "100"


def help_of(*words: str) -> str:
    """The help page of a command, in English, without colours."""
    environment = {**os.environ, "COLUMNS": WIDTH, "TERM": "dumb", "NO_COLOR": "1", "TAXOLENS_LANG": "en"}
    done = subprocess.run(
        [TAXOLENS, *words, "--help"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        env=environment,
    )
    return "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines())


def reference() -> str:
    """The whole page."""
    pages = [("taxolens",), *((name,) for name in COMMANDS)]
    for group, names in GROUPS.items():
        place = pages.index((group,)) + 1
        pages[place:place] = [(group, name) for name in names]
    parts = ["# Commands\n\nWritten by `make docs` from the commands' own help.\n"]
    for words in pages:
        title = "taxolens" if words == ("taxolens",) else " ".join(("taxolens", *words))
        text = help_of(*(() if words == ("taxolens",) else words))
        parts.append(f"## `{title}`\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
