"""`taxolens prepare`: labelled photos to a folder that is divided, transformed and balanced."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from taxolens.cli import options as shared
from taxolens.cli.progress import progress_for
from taxolens.cli.words import language, say, settings, tell
from taxolens.core.errors import UsageError
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.prepare import PrepareRecipe
from taxolens.report.wording import Wording
from taxolens.workflows.prepare import prepare
from taxolens.workflows.prepare_measure import measure
from taxolens.workflows.prepare_preview import preview
from taxolens.workflows.prepare_steps import described_steps

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)

EPILOG = say(
    "Examples: taxolens prepare photos/ --out ready/ --split 70/20/10 --by site    "
    "taxolens prepare photos/ --out ready/ --step clahe:clip=2 --step letterbox:width=224,height=224 "
    "--balance max    "
    "taxolens prepare photos/ --step clahe --preview sheet.png    "
    "Stopped? The same command goes on where it was."
)


def _list_steps(asked: bool) -> None:
    if asked:
        tell(described_steps(say))
        raise typer.Exit


@app.command(help=say("Divide, transform and balance labelled photos."), epilog=EPILOG)
def command(
    data: shared.Data,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help=say("Folder to write."))
    ] = None,
    split: Annotated[
        str | None,
        typer.Option("--split", metavar="A/B/C", help=say("Percent for train/val/test (70/20/10), or A/C.")),
    ] = None,
    by: shared.By = None,
    folds: Annotated[
        int | None,
        typer.Option("--folds", metavar="K", help=say("Divide into K parts for cross-validation instead.")),
    ] = None,
    seed: shared.Seed = None,
    step: Annotated[
        list[str],
        typer.Option("--step", metavar="NAME:KEY=VALUE", help=say("Change every photo; in this order.")),
    ] = [],  # noqa: B006
    balance: Annotated[
        str | None,
        typer.Option(
            "--balance",
            metavar="none|max|median|N",
            help=say("Fill small classes with changed copies, in the training part only."),
        ),
    ] = None,
    augment: Annotated[
        list[str],
        typer.Option("--augment", metavar="NAME:KEY=VALUE", help=say("What changes copies, in turn.")),
    ] = [],  # noqa: B006
    cut: Annotated[
        bool, typer.Option("--cut", help=say("Larger classes lose the surplus instead of being kept whole."))
    ] = False,
    files: Annotated[
        str | None,
        typer.Option("--files", metavar="copy|none", help=say("none: write tables only, copy no photo.")),
    ] = None,
    size: Annotated[
        int | None, typer.Option("--size", metavar="N", help=say("Longest side of the photos, in pixels."))
    ] = None,
    quality: Annotated[
        int | None, typer.Option("--quality", metavar="1..100", help=say("Of changed JPEG and WebP (95)."))
    ] = None,
    site_by: shared.SiteBy = None,
    sequence_by: shared.SequenceBy = None,
    gap: shared.Gap = None,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help=say("Classes may be missing in a part of the split."))
    ] = False,
    ignore_parts: Annotated[
        bool, typer.Option("--ignore-parts", help=say("Divide anew what the data has divided already."))
    ] = False,
    shard: Annotated[
        str | None,
        typer.Option("--shard", metavar="I/N", help=say("Do part I of N of the work; others do the rest.")),
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help=say("Remove what an earlier preparation left, and begin anew."))
    ] = False,
    sheet: Annotated[
        Path | None,
        typer.Option(
            "--preview", metavar="FILE.png", help=say("Write a sheet of every step instead, nothing else.")
        ),
    ] = None,
    measures: Annotated[
        Path | None,
        typer.Option(
            "--measure", metavar="FILE.csv", help=say("Write a table of the objects instead, nothing else.")
        ),
    ] = None,
    max_megapixels: shared.MaxMegapixels = None,
    workers: shared.Workers = None,
    recipe: shared.RecipeFile = None,
    list_steps: Annotated[
        bool,
        typer.Option(
            "--list-steps",
            help=say("Show what --step and --augment understand, and stop."),
            callback=_list_steps,
            is_eager=True,
        ),
    ] = False,
    quiet: shared.Quiet = False,
) -> None:
    """Parses a recipe and runs its workflow; exit code 3 when some photos could not be prepared."""
    del list_steps
    train_share, val_share, test_share = shared.shares(split) or (None, None, None)
    given = {
        "source.data": data,
        "source.site_by": site_by,
        "source.sequence_by": sequence_by,
        "source.gap": shared.usual_gap(sequence_by, gap),
        "source.max_megapixels": max_megapixels,
        "out": out,
        "split.train": train_share,
        "split.val": val_share,
        "split.test": test_share,
        "split.by": by,
        "split.seed": seed,
        "folds": folds,
        "transform": step or None,
        "balance.to": balance,
        "balance.augment": augment or None,
        "balance.cut": cut or None,
        "files": files,
        "size": size,
        "quality": quality,
        "allow_missing": allow_missing or None,
        "own_parts": False if ignore_parts else None,
        "shard": shard,
        "restart": restart or None,
        "workers": workers,
    }
    raise typer.Exit(_run(parse_recipe(PrepareRecipe, given, recipe), sheet, measures, quiet))


def _run(recipe: PrepareRecipe, sheet: Path | None, measures: Path | None, quiet: bool) -> int:
    """Runs what is asked for; the exit code."""
    if sheet is not None and measures is not None:
        raise UsageError("--preview and --measure are two commands. Give one at a time.")
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
