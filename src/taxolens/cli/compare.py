"""`taxolens compare`: several models on the same labelled photos, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from taxolens.cli import options as shared
from taxolens.cli.help_page import App, examples
from taxolens.cli.model_names import models_named
from taxolens.cli.option_table import Option, under, with_options
from taxolens.cli.progress import progress_for
from taxolens.cli.source_options import SOURCE, WORKERS
from taxolens.cli.table import plain_table, show, shown
from taxolens.cli.words import language, say, settings, tell
from taxolens.evaluation.result import Interval
from taxolens.recipes.compare import CompareRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.report.wording import Wording
from taxolens.workflows.compare_any import compare_any
from taxolens.workflows.compare_boxes_facts import BoxComparison
from taxolens.workflows.compare_boxes_words import box_table
from taxolens.workflows.compare_facts import Comparison

app = App()

EPILOG = examples(
    "taxolens compare run/ another-run/ photos/ --report page.html",
    "taxolens compare small.onnx large.onnx photos/ --against large --json figures.json",
)
NAMED = Option(
    "named",
    "models source.data",
    say(
        "Model files or run folders, then the labelled photos: class folders, a CSV with file,label, "
        "a set in YOLO or COCO format, or a zip of any."
    ),
    list[Path],
    "MODEL|RUN... DATA",
    required=True,
    read=lambda named: (models_named(named[:-1]), named[-1]),
)
AGAINST = Option(
    "--against", "against", say("The one that the others are compared with; the first."), metavar="NAME"
)
UNSEEN = Option("--unseen", "unseen", say("Leave out photos that one of the runs learnt from."), bool)
TIMED = Option("--timed", "timed", say("Photos to measure the speed on (40); 0: do not."), int, "N")


@app.command(help=say("Judge several models on the same labelled photos, side by side."), epilog=EPILOG)
@with_options(NAMED, shared.JSON, shared.REPORT, AGAINST, UNSEEN, TIMED, *under("source", SOURCE), WORKERS)
def command(given: dict[str, Any], quiet: shared.Quiet = False) -> None:
    """Parses a recipe and runs its workflow; exit code 3 when some photos could not be read."""
    recipe = parse_recipe(CompareRecipe, {**given, "language": language})
    summary = compare_any(recipe, home=settings.home, progress=progress_for(quiet), say=say)
    if not quiet:
        found = summary.comparison
        _show_boxes(found) if isinstance(found, BoxComparison) else _show(found)
        tell(summary.lines(say, language))
    raise typer.Exit(3 if summary.comparison.failures else 0)


def _show(found: Comparison) -> None:
    """One model a row, two lines each, for a terminal of 80 columns."""
    wording = Wording(say, language)
    table = plain_table()
    table.add_column(say("Model"), overflow="fold")
    for head in (f"{say('Accuracy')} %", "Macro-F1", say("Loss"), "ECE %", say("Photos/s"), say("MB")):
        table.add_column(head, justify="right")
    for model in found.models:
        speed = wording.decimal(model.speed.whole.value, 1) if model.speed else ""
        alone = f"({wording.decimal(model.speed.alone.value, 1)})" if model.speed else ""
        table.add_row(
            shown(model.name),
            _two(model.result.accuracy, wording, 1, 100),
            _two(model.result.macro_f1, wording, 3),
            _two(model.scores.loss, wording, 3),
            _two(model.scores.ece, wording, 1, 100),
            f"{speed}\n{alone}",
            wording.decimal(model.size / 1e6, 1),
        )
    show(table)
    if found.choice:
        show(say("Photos/s: one thread, decoding included; in brackets the network alone."))


def _show_boxes(found: BoxComparison) -> None:
    """Detectors, in the same form; mAP50-95 is left to the report."""
    wording = Wording(say, language)
    whole = box_table(found, wording)
    places = (1, 3, 4, 5, 6)
    table = plain_table()
    table.add_column(say("Model"), overflow="fold")
    for place in places:
        table.add_column(shown(whole.columns[place].title), justify="right")
    for row in whole.rows:
        cells = [row.cells[place] for place in places]
        table.add_row(
            shown(row.cells[0].text), *("\n".join(filter(None, (one.text, one.detail))) for one in cells)
        )
    show(table)


def _two(figure: Interval, wording: Wording, digits: int, times: int = 1) -> str:
    value, low, high = (
        wording.decimal(times * one, digits) for one in (figure.value, figure.low, figure.high)
    )
    return f"{value}\n{low}–{high}"
