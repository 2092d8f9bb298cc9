"""`taxolens merge`: what several machines answered, as one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from taxolens.cli import options as shared
from taxolens.cli.help_page import App, examples
from taxolens.cli.option_table import Option, with_options
from taxolens.cli.progress import progress_for
from taxolens.cli.results_options import OUTPUT, counts_told
from taxolens.cli.words import language, say, tell
from taxolens.recipes.derive import MergeRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.workflows.merge import merge

app = App()

EPILOG = examples(
    "taxolens merge part1.csv part2.csv part3.csv --out results.csv",
    "taxolens merge part1.csv part2.csv --out results.xlsx",
)
RESULTS = Option(
    "results",
    "results",
    say("Tables that taxolens identify wrote with one model."),
    list[Path],
    "RESULTS...",
    required=True,
    read=tuple,
)


@app.command(help=say("Unite the results of several machines."), epilog=EPILOG)
@with_options(RESULTS, *OUTPUT)
def command(given: dict[str, Any], quiet: shared.Quiet = False) -> None:
    """Parses a recipe and runs its workflow; exit code 3 when some photos failed."""
    recipe = parse_recipe(MergeRecipe, {**given, "output.language": language})
    summary = merge(recipe, progress=progress_for(quiet), say=say)
    if not quiet:
        lines = [counts_told(summary)]
        if summary.twice:
            lines.append(say("Photos in more than one of them: {count}.").format(count=summary.twice))
        tell([*lines, say("Written: {out}").format(out=recipe.output.out)])
    raise typer.Exit(3 if summary.failed else 0)
