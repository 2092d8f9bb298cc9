"""`taxolens merge`: what several machines answered, as one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from taxolens.cli import options as shared
from taxolens.cli.help_page import App, examples
from taxolens.cli.option_table import Option, with_options
from taxolens.cli.progress import progress_for
from taxolens.cli.results_options import OUTPUT
from taxolens.cli.words import language, say
from taxolens.core.printable import printable
from taxolens.recipes.derive import MergeRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.workflows.merge import merge

app = App()

EPILOG = examples("taxolens merge part1.csv part2.csv part3.csv --out results.csv")
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
        typer.echo(
            say("{found} photos: {named} named, {unsure} unsure, {blank} blank, {failed} failed.").format(
                found=summary.found,
                named=summary.answered - summary.unsure,
                unsure=summary.unsure,
                blank=summary.blank,
                failed=summary.failed,
            )
        )
        if summary.twice:
            typer.echo(say("In more than one of them: {count} photos.").format(count=summary.twice))
        typer.echo(say("Written: {out}").format(out=printable(str(recipe.output.out))))
    raise typer.Exit(3 if summary.failed else 0)
