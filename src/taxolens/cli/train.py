"""`taxolens train`: labelled photos to a run folder with a model and an honest report."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from taxolens.cli import options as shared
from taxolens.cli.network_options import network_fields, with_network_options
from taxolens.cli.progress import progress_for
from taxolens.cli.words import language, say, settings, tell
from taxolens.compose.trainers import load_backbone_maker, load_trainer
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.train import TrainRecipe
from taxolens.report.wording import Wording
from taxolens.workflows.train import train

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)

EPILOG = say(
    "Examples: taxolens train photos/ --out run/    "
    "taxolens train traps.csv --out run/ --backbone mobilenet --sequence-by exif --gap 60"
)


@app.command(help=say("Teach a model from labelled photos."), epilog=EPILOG)
@with_network_options
def command(
    data: shared.Data,
    out: shared.Run,
    method: shared.Method = None,
    backbone: shared.BackboneName = None,
    weights: shared.Weights = None,
    backbone_arg: shared.BackboneArguments = [],  # noqa: B006
    mean: shared.Mean = None,
    std: shared.Std = None,
    embedding: shared.Embedding = None,
    fit: shared.FitName = None,
    split: shared.Shares = None,
    by: shared.By = None,
    seed: shared.Seed = None,
    site_by: shared.SiteBy = None,
    sequence_by: shared.SequenceBy = None,
    gap: shared.Gap = None,
    views: shared.ViewsName = None,
    class_weight: shared.Weighting = None,
    precision: shared.Precision = None,
    coverage: shared.Coverage = None,
    taxonomy: shared.Taxonomy = None,
    name: shared.ModelName = None,
    max_megapixels: shared.MaxMegapixels = None,
    workers: shared.Workers = None,
    recipe: shared.RecipeFile = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help=say("Replace the run that is there."))
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help=say("Forget what a stopped training of a network left."))
    ] = False,
    no_saliency: Annotated[
        bool,
        typer.Option("--no-saliency", help=say("Leave out of the report what answers hang on.")),
    ] = False,
    quiet: shared.Quiet = False,
    *,
    network: dict[str, Any],
) -> None:
    """Parses a recipe and runs its workflow; exit code 3 when some photos could not be read."""
    train_share, val_share, test_share = shared.shares(split) or (None, None, None)
    seen = {
        "name": backbone,
        "weights": weights,
        "arguments": shared.key_values(backbone_arg, "--backbone-arg"),
        "mean": shared.three_numbers(mean, "--mean"),
        "std": shared.three_numbers(std, "--std"),
    }
    asked = {"source.data": data, "out": out, "method": method}
    seen_with = "backbone" if parse_recipe(TrainRecipe, asked, recipe).method == "head" else "network"
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
        "method": method,
        **{f"{seen_with}.{field}": value for field, value in seen.items()},
        **network_fields(network, seed),
        "backbone.embedding": embedding,
        "fit": fit,
        "views": views,
        "class_weight": class_weight,
        "precision": precision,
        "coverage": coverage,
        "taxonomy": taxonomy,
        "name": name,
        "workers": workers,
        "overwrite": overwrite or None,
        "restart": restart or None,
        "saliency": False if no_saliency else None,
        "language": language,
    }
    summary = train(
        parse_recipe(TrainRecipe, given, recipe),
        home=settings.home,
        maker=load_backbone_maker,
        trainer=load_trainer,
        progress=progress_for(quiet),
        say=say,
    )
    if not quiet:
        tell(summary.lines(Wording(say, language)))
    raise typer.Exit(3 if summary.failures else 0)
