"""`taxolens convert`: labelled photos, or what other programs found, in another format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from taxolens.cli import options as shared
from taxolens.cli.help_page import App, examples
from taxolens.cli.option_table import Option, with_options
from taxolens.cli.progress import progress_for
from taxolens.cli.results_options import OUTPUT, SITE_BY, counts_told
from taxolens.cli.source_options import UNLABELLED
from taxolens.cli.words import language, say, settings, tell
from taxolens.formats.sets import SETS
from taxolens.formats.writers import FORMATS
from taxolens.recipes.convert import ConvertRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.report.wording import Wording
from taxolens.workflows.convert import convert, converts_set
from taxolens.workflows.convert_set import convert_set

app = App()

EPILOG = examples(
    "taxolens convert set/ --to yolo --out yolo/",
    "taxolens convert yolo/ --to coco --out annotations.json",
    "taxolens convert detections.json --out results.csv",
    "taxolens convert detections.json --to camtrap-dp --out card.zip --deployments sites.csv",
)
OPTIONS = (
    Option(
        "source",
        "source",
        say(
            "Labelled photos in any format, or JSON of MegaDetector or SpeciesNet: what it is shows when read."
        ),
        Path,
        "SRC",
        required=True,
    ),
    *(one for one in OUTPUT if one.field != "output.format"),
    Option(
        "--to --format",
        "output.format",
        say("Format to write; of results, the end of the name may tell it."),
        metavar="|".join(dict.fromkeys((*SETS, *FORMATS))),
    ),
    Option(
        "--files",
        "files",
        say("Photos beside the labels: copied, linked, or named where they lie (copy; none for one file)."),
        metavar="copy|link|none",
    ),
    UNLABELLED,
    Option("--threshold", "threshold", say("Below this score there is no detection."), float, "0..1"),
    Option("--photos", "photos", say("Folder of the photos of a file of detections."), Path, "DIR"),
    shared.TAXONOMY,
    SITE_BY,
    Option("--top-k", "top_k", say("How many best labels to show."), int, "K"),
)


@app.command(
    help=say("Write labelled photos, or what other programs found, in another format."), epilog=EPILOG
)
@with_options(*OPTIONS)
def command(given: dict[str, Any], quiet: shared.Quiet = False) -> None:
    """Parses a recipe and runs its workflow; exit code 3 when some photos failed."""
    recipe = parse_recipe(ConvertRecipe, {**given, "output.language": language})
    if converts_set(recipe):
        done = convert_set(recipe, home=settings.home, progress=progress_for(quiet), say=say)
        if not quiet:
            tell(done.lines(Wording(say, language)))
        raise typer.Exit(3 if done.failures else 0)
    counts = convert(recipe, home=settings.home, progress=progress_for(quiet), say=say)
    if not quiet:
        tell([counts_told(counts), say("Written: {out}").format(out=recipe.output.out)])
    raise typer.Exit(3 if counts.failed else 0)
