"""`taxolens inspect`: what a data set holds, what is wrong with it, what can be learnt from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from taxolens.cli import options as shared
from taxolens.cli.backbone_options import BACKBONE
from taxolens.cli.help_page import App, examples
from taxolens.cli.option_table import Option, under, with_options
from taxolens.cli.progress import progress_for
from taxolens.cli.source_options import DATA, SOURCE, WORKERS
from taxolens.cli.words import language, say, settings, tell
from taxolens.compose.trainers import load_backbone_maker
from taxolens.recipes.inspect import InspectRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.workflows.inspect import inspect

app = App()

EPILOG = examples(
    "taxolens inspect photos/ --report page.html",
    "taxolens inspect traps.csv --report page.html --list problems.csv --sequence-by exif",
)
OPTIONS = (
    Option("--list", "table", say("Write a table of problems, one row for each."), Path, "FILE.csv"),
    *under("backbone", BACKBONE),
    Option(
        "--no-embed",
        "embed",
        say("Look at files and pixels only: much faster, but no wrong labels and no feasibility study."),
        bool,
        gives=False,
    ),
    Option("--map", "map", say("How the map of photos is made (pca)."), metavar="pca|tsne"),
    Option(
        "--sample",
        "sample",
        say("Photos that are cross-validated and drawn on the map (5000)."),
        int,
        "N",
    ),
    Option("--seed", "seed", say("Same seed, same page."), int, "N"),
)


@app.command(help=say("See what a data set holds and what is wrong with it."), epilog=EPILOG)
@with_options(DATA, shared.REPORT, shared.JSON, *OPTIONS, *under("source", SOURCE), WORKERS)
def command(given: dict[str, Any], quiet: shared.Quiet = False) -> None:
    """Parses a recipe and runs its workflow; exit code 3 when some photos could not be read."""
    summary = inspect(
        parse_recipe(InspectRecipe, {**given, "language": language}),
        home=settings.home,
        maker=load_backbone_maker,
        progress=progress_for(quiet),
        say=say,
    )
    if not quiet:
        tell(summary.lines(say))
    raise typer.Exit(3 if summary.failures else 0)
