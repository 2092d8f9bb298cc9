"""`taxolens derive`: stored scores decided anew, without the model and the photos."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from taxolens.cli import options as shared
from taxolens.cli.help_page import App, examples
from taxolens.cli.option_table import Option, with_options
from taxolens.cli.progress import progress_for
from taxolens.cli.results_options import CORRECTIONS, DETECTOR_THRESHOLD, OUTPUT, SITE_BY, counts_told
from taxolens.cli.source_options import SEQUENCE
from taxolens.cli.words import language, say, tell
from taxolens.recipes.derive import DeriveRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.workflows.derive import derive

app = App()

EPILOG = examples(
    "taxolens derive results.csv --threshold 0.8 --out stricter.csv",
    "taxolens derive results.csv --by-event --independence 30 --site-by folder --out events.csv",
    "taxolens derive results.csv --species-list species.csv --region FR --rollup family --out here.csv",
)
RESULTS = Option(
    "results", "results", say("A table that taxolens identify wrote."), Path, "RESULTS", required=True
)


def _parted(texts: list[str]) -> tuple[str, ...]:
    return tuple(part.strip() for text in texts for part in text.split(",") if part.strip())


OPTIONS = (
    RESULTS,
    *OUTPUT,
    Option("--threshold", "threshold", say("Below this score the answer is unsure."), float, "0..1"),
    DETECTOR_THRESHOLD,
    Option("--top-k", "top_k", say("How many best labels to show."), int, "K"),
    Option(
        "--exclude",
        "exclude",
        say("A species (or a genus, a family) that no answer may be; may be repeated."),
        list[str],
        "NAME",
        read=_parted,
    ),
    Option(
        "--species-list",
        "species_list",
        say("What can be met: species, and region or site where it is not everywhere."),
        Path,
        "CSV",
    ),
    Option("--region", "region", say("Which region of the list."), metavar="NAME"),
    Option(
        "--rollup",
        "rollup",
        say("An unsure species becomes its genus, family, order or class where that is sure."),
        metavar="genus|family|order|class",
    ),
    shared.TAXONOMY,
    SITE_BY,
    *SEQUENCE,
    Option("--by-event", "by_event", say("Decide the photos of an event together too."), bool),
    Option(
        "--independence",
        "independence",
        say("Events of one species at one site that are closer than N minutes are one."),
        float,
        "N",
    ),
    Option(
        "--event-temperature",
        "event_temperature",
        say("Above 1 makes events less sure, below 1 surer."),
        float,
        "T",
    ),
    CORRECTIONS,
    Option(
        "--clock",
        "clock",
        say("Clocks that were wrong: site or camera, and shown,true or offset."),
        Path,
        "CSV",
    ),
    Option("--report", "report", say("Write a page about species, sites and hours."), Path, "FILE"),
)


@app.command(help=say("Decide stored results anew, without the model."), epilog=EPILOG)
@with_options(*OPTIONS)
def command(given: dict[str, Any], quiet: shared.Quiet = False) -> None:
    """Parses a recipe and runs its workflow."""
    recipe = parse_recipe(DeriveRecipe, {**given, "output.language": language})
    summary = derive(recipe, progress=progress_for(quiet), say=say)
    if quiet:
        return
    lines = [counts_told(summary)]
    if summary.events:
        lines.append(say("Events with animals: {count}.").format(count=summary.events))
    lines.append(say("Written: {out}").format(out=recipe.output.out))
    if recipe.report:
        lines.append(say("The page: {page}").format(page=recipe.report))
    tell(lines)
