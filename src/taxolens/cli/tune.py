"""`taxolens tune`: search the settings of a training and train with the best."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from taxolens.cli import options as shared
from taxolens.cli.network_options import network_fields, with_network_options
from taxolens.cli.progress import progress_for
from taxolens.cli.words import language, say, settings, tell
from taxolens.compose.trainers import load_searcher, load_trainer
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.train import TrainRecipe
from taxolens.recipes.tune import TuneRecipe
from taxolens.report.wording import Wording
from taxolens.workflows.tune import tune

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)

EPILOG = say(
    "Examples: taxolens tune photos/ --out run/ --method scratch --backbone small_cnn --trials 30    "
    "taxolens tune photos/ --out run/ --time-budget 120 --space space.toml    "
    "The same command started twice searches with two processes; stopped, it goes on."
)
_METHOD = "finetune"


@app.command(help=say("Search the settings of a training, then train with the best."), epilog=EPILOG)
@with_network_options
def command(
    data: shared.Data,
    out: shared.Run,
    trials: Annotated[
        int | None,
        typer.Option("--trials", metavar="N", help=say("Trials in all (20); the first is the default.")),
    ] = None,
    time_budget: Annotated[
        float | None,
        typer.Option(
            "--time-budget", metavar="MINUTES", help=say("Begin no epoch after so many minutes; no limit.")
        ),
    ] = None,
    space: Annotated[
        Path | None,
        typer.Option(
            "--space", metavar="FILE", help=say("What to search instead of the usual ranges (TOML).")
        ),
    ] = None,
    no_pruning: Annotated[
        bool, typer.Option("--no-pruning", help=say("Let trials that lag behind go on to their end."))
    ] = False,
    method: Annotated[
        str | None,
        typer.Option("--method", metavar="finetune|scratch", help=say("How to train (finetune).")),
    ] = None,
    backbone: shared.BackboneName = None,
    weights: shared.Weights = None,
    backbone_arg: shared.BackboneArguments = [],  # noqa: B006
    mean: shared.Mean = None,
    std: shared.Std = None,
    fit: shared.FitName = None,
    split: shared.Shares = None,
    by: shared.By = None,
    seed: shared.Seed = None,
    site_by: shared.SiteBy = None,
    sequence_by: shared.SequenceBy = None,
    gap: shared.Gap = None,
    precision: shared.Precision = None,
    coverage: shared.Coverage = None,
    taxonomy: shared.Taxonomy = None,
    name: shared.ModelName = None,
    max_megapixels: shared.MaxMegapixels = None,
    workers: shared.Workers = None,
    recipe: shared.RecipeFile = None,
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help=say("Write the figures."))
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help=say("Replace the run that is there, and go on with its search.")),
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help=say("Forget what an earlier search found."))
    ] = False,
    quiet: shared.Quiet = False,
    *,
    network: dict[str, Any],
) -> None:
    """Parses a recipe and runs its workflow; exit code 3 when some photos could not be read."""
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
        "method": method or (None if recipe else _METHOD),
        "network.name": backbone,
        "network.weights": weights,
        "network.arguments": shared.key_values(backbone_arg, "--backbone-arg"),
        "network.mean": shared.three_numbers(mean, "--mean"),
        "network.std": shared.three_numbers(std, "--std"),
        **network_fields(network, seed),
        "fit": fit,
        "precision": precision,
        "coverage": coverage,
        "taxonomy": taxonomy,
        "name": name,
        "workers": workers,
        "overwrite": overwrite or None,
        "restart": restart or None,
        "language": language,
    }
    asked = {"trials": trials, "minutes": time_budget, "space": space, "json": json}
    summary = tune(
        TuneRecipe(
            parse_recipe(TrainRecipe, given, recipe),
            prune=not no_pruning,
            **{field: value for field, value in asked.items() if value is not None},  # type: ignore[arg-type]
        ),
        home=settings.home,
        trainer=load_trainer,
        searcher=load_searcher,
        progress=progress_for(quiet),
        say=say,
    )
    if not quiet:
        tell(summary.lines(Wording(say, language)))
    raise typer.Exit(3 if summary.failures else 0)
