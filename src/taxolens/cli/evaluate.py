"""`taxolens evaluate`: a model on labelled photos, in figures and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from taxolens.cli import options as shared
from taxolens.cli.progress import progress_for
from taxolens.cli.words import language, say, settings, tell
from taxolens.recipes.evaluate import EvaluateRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.report.wording import Wording
from taxolens.workflows.evaluate import evaluate

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)

EPILOG = say("Example: taxolens evaluate run/model.onnx more-photos/ --report page.html --json figures.json")


@app.command(help=say("Judge a model on labelled photos."), epilog=EPILOG)
def command(
    model: Annotated[Path, typer.Argument(help=say("Model file."))],
    data: Annotated[
        Path, typer.Argument(help=say("Folder of class folders, CSV with file,label, or zip of either."))
    ],
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help=say("Write the figures."))
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help=say("Write a page with pictures."))
    ] = None,
    precision: Annotated[
        float | None,
        typer.Option(
            "--precision", metavar="0..1", help=say("Accuracy that accepted answers should have (0.95).")
        ),
    ] = None,
    site_by: shared.SiteBy = None,
    sequence_by: shared.SequenceBy = None,
    gap: shared.Gap = None,
    max_megapixels: shared.MaxMegapixels = None,
    workers: shared.Workers = None,
    quiet: shared.Quiet = False,
) -> None:
    """Parses a recipe and runs its workflow."""
    given = {
        "model": model,
        "source.data": data,
        "source.site_by": site_by,
        "source.sequence_by": sequence_by,
        "source.gap": shared.usual_gap(sequence_by, gap),
        "source.max_megapixels": max_megapixels,
        "json": json,
        "report": report,
        "precision": precision,
        "workers": workers,
        "language": language,
    }
    summary = evaluate(
        parse_recipe(EvaluateRecipe, given), home=settings.home, progress=progress_for(quiet), say=say
    )
    if not quiet:
        tell(summary.lines(Wording(say, language)))
    raise typer.Exit(3 if summary.failures else 0)
