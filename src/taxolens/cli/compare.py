"""`taxolens compare`: several models on the same labelled photos, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from taxolens.cli import options as shared
from taxolens.cli.progress import progress_for
from taxolens.cli.words import language, say, settings, tell
from taxolens.core.printable import printable
from taxolens.evaluation.result import Interval
from taxolens.recipes.compare import CompareRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.report.wording import Wording
from taxolens.workflows.compare import compare
from taxolens.workflows.compare_facts import Comparison

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)

EPILOG = say(
    "Examples: taxolens compare run/ another-run/ photos/ --report page.html    "
    "taxolens compare small.onnx large.onnx photos/ --against large --json figures.json"
)


@app.command(help=say("Judge several models on the same labelled photos, side by side."), epilog=EPILOG)
def command(
    named: Annotated[
        list[Path],
        typer.Argument(
            metavar="MODEL|RUN... DATA",
            help=say(
                "Model files or run folders, then the labelled photos: folder of class folders, "
                "CSV with file,label, or zip of either."
            ),
        ),
    ],
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help=say("Write the figures."))
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help=say("Write a page with pictures."))
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against", metavar="NAME", help=say("The one that the others are compared with; the first.")
        ),
    ] = None,
    unseen: Annotated[
        bool, typer.Option("--unseen", help=say("Leave out photos that one of the runs learnt from."))
    ] = False,
    timed: Annotated[
        int | None,
        typer.Option("--timed", metavar="N", help=say("Photos to measure the speed on (40); 0: do not.")),
    ] = None,
    site_by: shared.SiteBy = None,
    sequence_by: shared.SequenceBy = None,
    gap: shared.Gap = None,
    max_megapixels: shared.MaxMegapixels = None,
    workers: shared.Workers = None,
    quiet: shared.Quiet = False,
) -> None:
    """Parses a recipe and runs its workflow; exit code 3 when some photos could not be read."""
    given = {
        "models": named[:-1],
        "source.data": named[-1],
        "source.site_by": site_by,
        "source.sequence_by": sequence_by,
        "source.gap": shared.usual_gap(sequence_by, gap),
        "source.max_megapixels": max_megapixels,
        "against": against,
        "unseen": unseen or None,
        "timed": timed,
        "json": json,
        "report": report,
        "workers": workers,
        "language": language,
    }
    summary = compare(
        parse_recipe(CompareRecipe, given), home=settings.home, progress=progress_for(quiet), say=say
    )
    if not quiet:
        _show(summary.comparison)
        tell(summary.lines(say, language))
    raise typer.Exit(3 if summary.comparison.failures else 0)


def _show(found: Comparison) -> None:
    """One model a row, two lines each, for a terminal of 80 columns."""
    wording = Wording(say, language)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(say("Model"), overflow="fold")
    for head in (f"{say('Accuracy')} %", "Macro-F1", say("Loss"), "ECE %", say("Photos/s"), say("MB")):
        table.add_column(head, justify="right")
    for model in found.models:
        speed = wording.decimal(model.speed.whole.value, 1) if model.speed else ""
        alone = f"({wording.decimal(model.speed.alone.value, 1)})" if model.speed else ""
        table.add_row(
            printable(model.name),
            _two(model.result.accuracy, wording, 1, 100),
            _two(model.result.macro_f1, wording, 3),
            _two(model.scores.loss, wording, 3),
            _two(model.scores.ece, wording, 1, 100),
            f"{speed}\n{alone}",
            wording.decimal(model.size / 1e6, 1),
        )
    console = Console(highlight=False, markup=False)
    console.print(table)
    if found.choice:
        console.print(say("Photos/s: one thread, decoding included; in brackets the network alone."))


def _two(figure: Interval, wording: Wording, digits: int, times: int = 1) -> str:
    value, low, high = (
        wording.decimal(times * one, digits) for one in (figure.value, figure.low, figure.high)
    )
    return f"{value}\n{low}–{high}"
