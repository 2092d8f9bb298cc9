"""`taxolens evaluate`: a model on labelled photos, in figures and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from taxolens.cli import options as shared
from taxolens.cli.help_page import App, examples
from taxolens.cli.option_table import Option, under, with_options
from taxolens.cli.progress import progress_for
from taxolens.cli.source_options import DATA, SOURCE, WORKERS
from taxolens.cli.words import language, say, settings, tell
from taxolens.recipes.evaluate import EvaluateRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.report.wording import Wording
from taxolens.workflows.evaluate import evaluate

app = App()

EPILOG = examples(
    "taxolens evaluate run/model.onnx more-photos/ --report page.html",
    "taxolens evaluate run/model.onnx more-photos/ --json figures.json --precision 0.99",
)
MODEL = Option("model", "model", say("Model file."), Path, "MODEL", required=True)


@app.command(help=say("Judge a model on labelled photos."), epilog=EPILOG)
@with_options(MODEL, DATA, shared.JSON, shared.REPORT, shared.PRECISION, *under("source", SOURCE), WORKERS)
def command(given: dict[str, Any], quiet: shared.Quiet = False) -> None:
    """Parses a recipe and runs its workflow; exit code 3 when some photos could not be read."""
    recipe = parse_recipe(EvaluateRecipe, {**given, "language": language})
    summary = evaluate(recipe, home=settings.home, progress=progress_for(quiet), say=say)
    if not quiet:
        tell(summary.lines(Wording(say, language)))
    raise typer.Exit(3 if summary.failures else 0)
