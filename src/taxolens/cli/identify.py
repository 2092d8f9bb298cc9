"""`taxolens identify`: new photos to a table that names each of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from taxolens.cli import options as shared
from taxolens.cli.progress import progress_for
from taxolens.cli.words import say
from taxolens.core.printable import printable
from taxolens.recipes.identify import IdentifyRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.workflows.identify import IdentifySummary, identify

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)

EPILOG = say(
    "Example: taxolens identify card/ --model run/model.onnx --out results.csv    "
    "Stopped? The same command goes on where it was."
)
_FAILURES_SHOWN = 10


@app.command(help=say("Name what is in new photos."), epilog=EPILOG)
def command(
    photos: Annotated[Path, typer.Argument(help=say("A photo, or a folder that is searched to any depth."))],
    model: Annotated[Path, typer.Option("--model", "-m", metavar="FILE", help=say("Model file."))],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.csv", help=say("Table to write."))],
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", metavar="0..1", help=say("Below this score the answer is unsure.")),
    ] = None,
    top_k: Annotated[
        int | None, typer.Option("--top-k", metavar="K", help=say("How many best labels to show."))
    ] = None,
    site_by: Annotated[
        str | None,
        typer.Option(
            "--site-by",
            metavar="none|folder",
            help=say("The first folder below PHOTOS is the camera's site."),
        ),
    ] = None,
    sequence_by: shared.SequenceBy = None,
    gap: shared.Gap = None,
    restart: Annotated[
        bool, typer.Option("--restart", help=say("Forget what an earlier run answered."))
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help=say("Try once more what could not be read."))
    ] = False,
    max_megapixels: shared.MaxMegapixels = None,
    workers: shared.Workers = None,
    quiet: shared.Quiet = False,
) -> None:
    """Parses a recipe and runs its workflow; exit code 3 when some photos failed."""
    given = {
        "photos": photos,
        "model": model,
        "out": out,
        "threshold": threshold,
        "top_k": top_k,
        "site_by": site_by,
        "sequence_by": sequence_by,
        "gap": shared.usual_gap(sequence_by, gap),
        "restart": restart or None,
        "retry_failed": retry_failed or None,
        "max_megapixels": max_megapixels,
        "workers": workers,
    }
    summary = identify(parse_recipe(IdentifyRecipe, given), progress=progress_for(quiet), say=say)
    if not quiet:
        tell(summary, out)
    raise typer.Exit(3 if summary.failed else 0)


def tell(summary: IdentifySummary, out: Path) -> None:
    """What the run found, and what it could not read and why."""
    typer.echo(
        say("{found} photos: {named} named, {unsure} unsure, {blank} blank, {failed} failed.").format(
            found=summary.found,
            named=summary.answered - summary.unsure,
            unsure=summary.unsure,
            blank=summary.blank,
            failed=summary.failed,
        )
    )
    for failure in summary.failures[:_FAILURES_SHOWN]:
        typer.echo(f"  {printable(failure.name)}: {printable(say(failure.reason))}", err=True)
    if summary.failed > _FAILURES_SHOWN:
        typer.echo(
            say("  ... and {more} more, in the table.").format(more=summary.failed - _FAILURES_SHOWN),
            err=True,
        )
    typer.echo(say("The table: {out}").format(out=printable(str(out))))
