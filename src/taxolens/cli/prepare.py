"""`taxolens prepare`: labelled photos to a folder that is divided, transformed and balanced."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from taxolens.cli import options as shared
from taxolens.cli.help_page import App, examples
from taxolens.cli.option_table import Option, under, with_options
from taxolens.cli.progress import progress_for
from taxolens.cli.source_options import DATA, SOURCE, WORKERS
from taxolens.cli.split_options import BY, SEED, SHARES
from taxolens.cli.words import language, say, settings, tell
from taxolens.core.errors import UsageError
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.prepare import PrepareRecipe
from taxolens.report.wording import Wording
from taxolens.workflows.prepare import prepare
from taxolens.workflows.prepare_measure import measure
from taxolens.workflows.prepare_preview import preview
from taxolens.workflows.prepare_steps import described_steps

app = App()

EPILOG = examples(
    "taxolens prepare photos/ --out ready/ --split 70/20/10 --by site",
    "taxolens prepare photos/ --out ready/ --step clahe:clip=2 --step letterbox:width=224,height=224 "
    "--balance max",
    "taxolens prepare photos/ --step clahe --preview sheet.png",
    note=say("Stopped? The same command goes on where it was."),
)
DIVIDE = (
    dataclasses.replace(SHARES, help=say("Percent for train/val/test (70/20/10), or A/C.")),
    BY,
    SEED,
)
FOLDS = Option("--folds", "folds", say("Divide into K parts for cross-validation instead."), int, "K")
CHANGE = (
    Option(
        "--step --transform",
        "transform",
        say("Change every photo; in this order."),
        list[str],
        "NAME:KEY=VALUE",
    ),
    Option(
        "--balance",
        "balance.to",
        say("Fill small classes with changed copies, in the training part only."),
        metavar="none|max|median|N",
    ),
    Option("--augment", "balance.augment", say("What changes copies, in turn."), list[str], "NAME:KEY=VALUE"),
    Option("--cut", "balance.cut", say("Larger classes lose the surplus instead of being kept whole."), bool),
)
TILE = (
    Option("--tile", "size", say("Cut photos with boxes into tiles of this side."), int, "PIXELS"),
    Option("--tile-overlap", "overlap", say("Share that neighbours have in common (0.2)."), float, "0..0.5"),
    Option("--tile-visible", "visible", say("Boxes stay where this share is seen (0.3)."), float, "SHARE"),
)
WRITE = (
    Option("--files", "files", say("none: write tables only, copy no photo."), metavar="copy|none"),
    Option("--size", "size", say("Longest side of the photos, in pixels."), int, "N"),
    Option("--quality", "quality", say("Of changed JPEG and WebP (95)."), int, "1..100"),
)
RULES = (
    Option("--allow-missing", "allow_missing", say("Classes may be missing in a part of the split."), bool),
    Option(
        "--ignore-parts",
        "own_parts",
        say("Divide anew what the data has divided already."),
        bool,
        gives=False,
    ),
    Option("--shard", "shard", say("Do part I of N of the work; others do the rest."), metavar="I/N"),
    Option("--restart", "restart", say("Remove what an earlier preparation left, and begin anew."), bool),
)
Sheet = Annotated[
    Path | None,
    typer.Option(
        "--preview", metavar="FILE.png", help=say("Write a sheet of every step instead, nothing else.")
    ),
]
Measures = Annotated[
    Path | None,
    typer.Option(
        "--measure", metavar="FILE.csv", help=say("Write a table of the objects instead, nothing else.")
    ),
]


def _list_steps(asked: bool) -> None:
    if asked:
        tell(described_steps(say))
        raise typer.Exit


ListSteps = Annotated[
    bool,
    typer.Option(
        "--list-steps",
        help=say("Show what --step and --augment understand, and stop."),
        callback=_list_steps,
        is_eager=True,
    ),
]


@app.command(help=say("Divide, transform and balance labelled photos."), epilog=EPILOG)
@with_options(
    DATA,
    Option("--out -o", "out", say("Folder to write."), Path, "DIR"),
    *under("split", DIVIDE),
    FOLDS,
    *CHANGE,
    *under("tile", TILE),
    *WRITE,
    *under("source", SOURCE),
    *RULES,
    WORKERS,
)
def command(
    given: dict[str, Any],
    sheet: Sheet = None,
    measures: Measures = None,
    recipe: shared.RecipeFile = None,
    list_steps: ListSteps = False,
    quiet: shared.Quiet = False,
) -> None:
    """Parses a recipe and runs its workflow; exit code 3 when some photos could not be prepared."""
    del list_steps
    raise typer.Exit(_run(parse_recipe(PrepareRecipe, given, recipe), sheet, measures, quiet))


def _run(recipe: PrepareRecipe, sheet: Path | None, measures: Path | None, quiet: bool) -> int:
    """Runs what is asked for; the exit code."""
    if sheet is not None and measures is not None:
        raise UsageError("--preview and --measure are two commands. Give one at a time.")
    if recipe.tile.size and (sheet is not None or measures is not None):
        raise UsageError("--preview and --measure look at whole photos. Leave out --tile.")
    progress = progress_for(quiet)
    if sheet is not None:
        preview(recipe, sheet, home=settings.home, progress=progress, say=say)
        lines, failed = [say("The sheet: {file}").format(file=sheet)], 0
    elif measures is not None:
        failed = measure(recipe, measures, home=settings.home, progress=progress, say=say)
        lines = [say("The table: {out}").format(out=measures)]
    else:
        summary = prepare(recipe, home=settings.home, progress=progress, say=say)
        lines, failed = list(summary.lines(Wording(say, language))), summary.failed
    if not quiet:
        tell(lines)
    return 3 if failed else 0
