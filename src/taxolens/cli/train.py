"""`taxolens train`: labelled photos to a run folder with a model and an honest report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from taxolens.cli import options as shared
from taxolens.cli.progress import progress_for
from taxolens.cli.words import language, say, settings
from taxolens.compose.trainers import load_backbone_maker
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.train import TrainRecipe
from taxolens.workflows.train import TrainSummary, train

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)

EPILOG = say(
    "Examples: taxolens train photos/ --out run/    "
    "taxolens train traps.csv --out run/ --backbone mobilenet --sequence-by exif --gap 60"
)


@app.command(help=say("Teach a model from labelled photos."), epilog=EPILOG)
def command(
    data: Annotated[
        Path, typer.Argument(help=say("Folder of class folders, CSV with file,label, or zip of either."))
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="RUN", help=say("Run folder to write."))],
    method: Annotated[
        str | None,
        typer.Option("--method", metavar="head", help=say("head: a new head on a frozen backbone.")),
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option("--backbone", metavar="NAME|FILE.onnx|timm:NAME", help=say("See: taxolens models list")),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option("--weights", metavar="FILE", help=say("Weights of a timm backbone (safetensors).")),
    ] = None,
    backbone_arg: Annotated[
        list[str],
        typer.Option("--backbone-arg", metavar="KEY=VALUE", help=say("Further argument of a timm backbone.")),
    ] = [],  # noqa: B006
    mean: Annotated[
        str | None,
        typer.Option("--mean", metavar="R,G,B", help=say("Mean of pixels in 0..1 the backbone expects.")),
    ] = None,
    std: Annotated[
        str | None,
        typer.Option("--std", metavar="R,G,B", help=say("Deviation of pixels the backbone expects.")),
    ] = None,
    embedding: Annotated[
        str | None,
        typer.Option("--embedding", metavar="TENSOR", help=say("Tensor of an ONNX file to learn from.")),
    ] = None,
    fit: Annotated[
        str | None,
        typer.Option(
            "--fit", metavar="squash|crop|letterbox", help=say("How photos fill the model's input.")
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option("--split", metavar="A/B/C", help=say("Percent for train/val/test (65/15/20).")),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by", metavar="auto|site|sequence|date|none", help=say("What must not be on both sides.")
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help=say("Same seed, same split."))
    ] = None,
    site_by: shared.SiteBy = None,
    sequence_by: shared.SequenceBy = None,
    gap: shared.Gap = None,
    views: Annotated[
        str | None,
        typer.Option(
            "--views", metavar="none|flip|crops", help=say("Also learn from mirrored or cropped photos.")
        ),
    ] = None,
    class_weight: Annotated[
        str | None,
        typer.Option(
            "--class-weight", metavar="none|balanced", help=say("balanced: rare classes count as much.")
        ),
    ] = None,
    precision: Annotated[
        float | None,
        typer.Option(
            "--precision", metavar="0..1", help=say("Accuracy that accepted answers should have (0.95).")
        ),
    ] = None,
    taxonomy: Annotated[
        Path | None,
        typer.Option(
            "--taxonomy", metavar="CSV", help=say("Names of classes: label,en,fr,scientific,gbif_id,role.")
        ),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help=say("Name of the model."))] = None,
    max_megapixels: shared.MaxMegapixels = None,
    workers: shared.Workers = None,
    recipe: shared.RecipeFile = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help=say("Replace the run that is there."))
    ] = False,
    quiet: shared.Quiet = False,
) -> None:
    """Parses a recipe and runs its workflow."""
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
        "method": method,
        "backbone.name": backbone,
        "backbone.weights": weights,
        "backbone.arguments": shared.key_values(backbone_arg, "--backbone-arg"),
        "backbone.mean": shared.three_numbers(mean, "--mean"),
        "backbone.std": shared.three_numbers(std, "--std"),
        "backbone.embedding": embedding,
        "fit": fit,
        "views": views,
        "class_weight": class_weight,
        "precision": precision,
        "taxonomy": taxonomy,
        "name": name,
        "workers": workers,
        "overwrite": overwrite or None,
        "language": language,
    }
    summary = train(
        parse_recipe(TrainRecipe, given, recipe),
        home=settings.home,
        maker=load_backbone_maker,
        progress=progress_for(quiet),
        say=say,
    )
    if not quiet:
        tell(summary)


def tell(summary: TrainSummary) -> None:
    """What the training left, in a few lines."""
    for line in summary.lines(say):
        typer.echo(line)
