"""Options of commands that write results; fields of `OutputRecipe`."""

from __future__ import annotations

from pathlib import Path

from taxolens.cli.option_table import Option, under
from taxolens.cli.words import say

OUTPUT = under(
    "output",
    (
        Option(
            "--out -o", "out", say("File to write; its end tells the format."), Path, "FILE", required=True
        ),
        Option(
            "--format",
            "format",
            say("Where the end of the name does not tell it."),
            metavar="NAME",
        ),
        Option(
            "--deployments",
            "deployments",
            say("Where and when cameras stood, for formats that need it."),
            Path,
            "CSV",
        ),
    ),
)
SITE_BY = Option(
    "--site-by",
    "site_by",
    say("The first folder below PHOTOS is the camera's site."),
    metavar="none|folder",
)
