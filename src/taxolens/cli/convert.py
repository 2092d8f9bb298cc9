"""`taxolens convert`: what other programs found, in another format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from taxolens.cli import options as shared
from taxolens.cli.help_page import App, examples
from taxolens.cli.option_table import Option, with_options
from taxolens.cli.progress import progress_for
from taxolens.cli.results_options import OUTPUT, SITE_BY, counts_told
from taxolens.cli.words import language, say, tell
from taxolens.recipes.convert import ConvertRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.workflows.convert import convert

app = App()

EPILOG = examples(
    "taxolens convert detections.json --out results.csv",
    "taxolens convert detections.json --out card.zip --format camtrap-dp --deployments sites.csv",
)
OPTIONS = (
    Option(
        "source",
        "source",
        say("JSON of MegaDetector or SpeciesNet; what it is shows when it is read."),
        Path,
        "SRC",
        required=True,
    ),
    *OUTPUT,
    Option("--threshold", "threshold", say("Below this score there is no detection."), float, "0..1"),
    Option("--photos", "photos", say("Folder of the photos, for boxes in pixels."), Path, "DIR"),
    shared.TAXONOMY,
    SITE_BY,
    Option("--top-k", "top_k", say("How many best labels to show."), int, "K"),
)


@app.command(help=say("Write in another format what other programs found."), epilog=EPILOG)
@with_options(*OPTIONS)
def command(given: dict[str, Any], quiet: shared.Quiet = False) -> None:
    """Parses a recipe and runs its workflow; exit code 3 when some photos failed."""
    recipe = parse_recipe(ConvertRecipe, {**given, "output.language": language})
    counts = convert(recipe, progress=progress_for(quiet), say=say)
    if not quiet:
        tell([counts_told(counts), say("Written: {out}").format(out=recipe.output.out)])
    raise typer.Exit(3 if counts.failed else 0)
