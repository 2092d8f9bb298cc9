"""Writes the command reference from the commands' own help.

python -m tools.reference docs/commands.md
python -m tools.reference -                    shows it
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import redirect_stdout, suppress
from pathlib import Path

# Read when the commands are loaded.
os.environ.update(COLUMNS="100", TERM="dumb", NO_COLOR="1", TAXOLENS_LANG="en")

from taxolens.cli.main import COMMANDS, main

GROUPS = {
    "runs": ("list", "show", "compare", "delete", "restore"),
    "models": ("list", "show", "get", "add", "remove", "describe", "pipeline"),
    "datasets": ("list", "show", "get"),
}


def help_of(*words: str) -> str:
    """The help page of a command, in English, without colours."""
    with redirect_stdout(io.StringIO()) as page, suppress(SystemExit):
        main([*words, "--help"])
    return "\n".join(line.rstrip() for line in page.getvalue().strip("\n").splitlines())


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
    if sys.argv[1:] == ["-"]:
        print(reference(), end="")
    else:
        Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
