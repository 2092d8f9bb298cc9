"""Options that several commands share and that belong to no larger table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from taxolens.cli.option_table import Option
from taxolens.cli.words import say

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help=say("Say nothing but errors."))]
AsJson = Annotated[bool, typer.Option("--json", help=say("For programs."))]
RecipeFile = Annotated[
    Path | None,
    typer.Option(
        "--recipe", metavar="FILE", help=say("A TOML or JSON file with these options; options win over it.")
    ),
]

RUN = Option("--out -o", "out", say("Run folder to write."), Path, "RUN", required=True)
JSON = Option("--json", "json", say("Write the figures."), Path, "FILE")
REPORT = Option("--report", "report", say("Write a page with pictures."), Path, "FILE")
FIT = Option("--fit", "fit", say("How photos fill the model's input."), metavar="squash|crop|letterbox")
PRECISION = Option(
    "--precision", "precision", say("Accuracy that accepted answers should have (0.95)."), float, "0..1"
)
COVERAGE = Option(
    "--coverage",
    "coverage",
    say("Share of candidate sets that should hold the truth (0.95)."),
    float,
    "0..1",
)
TAXONOMY = Option(
    "--taxonomy", "taxonomy", say("Names of classes: label,en,fr,scientific,gbif_id,role."), Path, "CSV"
)
MODEL_NAME = Option("--name", "name", say("Name of the model."))
