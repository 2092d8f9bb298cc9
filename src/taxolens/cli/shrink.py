"""`taxolens shrink`: a trained network to a smaller and faster one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from taxolens.cli import options as shared
from taxolens.cli.help_page import App, examples
from taxolens.cli.option_table import Option, with_options
from taxolens.cli.progress import progress_for
from taxolens.cli.source_options import WORKERS
from taxolens.cli.table import plain_table, show, shown
from taxolens.cli.words import language, say, settings, tell
from taxolens.compose.trainers import load_pruner, load_trainer
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.shrink import ShrinkRecipe
from taxolens.report.wording import Wording
from taxolens.workflows.shrink import shrink
from taxolens.workflows.shrink_facts import ShrinkFacts
from taxolens.workflows.shrink_words import shrink_table

app = App()

EPILOG = examples(
    "taxolens shrink run/ photos/ --out small-run/",
    "taxolens shrink run/ photos/ --out small-run/ --speedup 3 --at-most-lost 2 --epochs 20",
)
MODEL = Option(
    "model",
    "model",
    say("Run folder that train --method finetune or scratch left, or its model.onnx."),
    Path,
    "RUN",
    required=True,
)
DATA = Option("data", "data", say("The photos of that run."), Path, "DATA", required=True)
OPTIONS = (
    Option(
        "--speedup", "speedup", say("How many times fewer multiplications are to be left (2)."), float, "N"
    ),
    Option(
        "--at-most-lost",
        "at_most_lost",
        say("Points of accuracy that may be lost (1); more, and nothing is kept."),
        float,
        "POINTS",
    ),
    Option("--steps", "steps", say("Steps in which channels are taken out (2)."), int, "N"),
    Option("--epochs", "recovery.epochs", say("Passes in which the smaller network learns (12)."), int, "N"),
    Option("--rate", "recovery.rate", say("Learning rate; what suits the optimizer."), float, "R"),
    Option("--batch", "recovery.batch", say("Photos in a step; as the run."), int, "N"),
    Option(
        "--augment",
        "recovery.augment",
        say("How photos are changed at random; as the run."),
        metavar="none|light|standard|strong|randaugment|trivialaugment",
    ),
    Option(
        "--distill-weight",
        "recovery.weight",
        say("Share of the original's answers in what it learns from (0.7); 0: labels alone."),
        float,
        "0..1",
    ),
    Option(
        "--distill-temperature", "recovery.temperature", say("Softens the teacher's answers (4)."), float, "T"
    ),
    Option(
        "--distill-hints",
        "recovery.hints",
        say("Weight of what the teacher sees before it decides (0)."),
        float,
        "W",
    ),
    Option(
        "--numbers",
        "recovery.precision",
        say("Numbers to compute with (auto: measured)."),
        metavar="auto|fp32|bf16",
    ),
    Option("--device", "recovery.device", say("Where to compute."), metavar="auto|cpu|cuda"),
    Option("--timed", "timed", say("Photos to measure the speed on (100)."), int, "N"),
    Option(
        "--max-megapixels",
        "max_megapixels",
        say("Photos that announce more pixels are listed as failed."),
        float,
        "N",
    ),
    Option("--overwrite", "overwrite", say("Replace the run that is there."), bool),
    Option("--restart", "restart", say("Forget what a stopped attempt left."), bool),
    Option(
        "--no-saliency", "saliency", say("Leave out of the report what answers hang on."), bool, gives=False
    ),
)


@app.command(help=say("Make a trained network smaller and faster."), epilog=EPILOG)
@with_options(MODEL, DATA, shared.RUN, shared.MODEL_NAME, WORKERS, *OPTIONS)
def command(given: dict[str, Any], recipe: shared.RecipeFile = None, quiet: shared.Quiet = False) -> None:
    """Parses a recipe and runs its workflow; exit code 1 when the smaller network does not pay, 3 when some
    photos could not be read."""
    summary = shrink(
        parse_recipe(ShrinkRecipe, {**given, "language": language}, recipe),
        home=settings.home,
        trainer=load_trainer,
        pruner=load_pruner,
        progress=progress_for(quiet),
        say=say,
    )
    if not quiet:
        _show(summary.facts)
        tell(summary.lines(Wording(say, language)))
    raise typer.Exit(3 if summary.failures else 0)


def _show(facts: ShrinkFacts) -> None:
    """The table of the report."""
    found = shrink_table(facts, Wording(say, language))
    table = plain_table()
    for column in found.columns:
        table.add_column(shown(column.title), justify="right" if column.numeric else "left")
    for row in found.rows:
        table.add_row(*(shown("\n".join(filter(None, (cell.text, cell.detail)))) for cell in row.cells))
    show(table)
