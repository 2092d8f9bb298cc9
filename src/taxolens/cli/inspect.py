"""`taxolens inspect`: what a data set holds, what is wrong with it, what can be learnt from it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from taxolens.cli import options as shared
from taxolens.cli.progress import progress_for
from taxolens.cli.words import language, say, settings, tell
from taxolens.compose.trainers import load_backbone_maker
from taxolens.recipes.inspect import InspectRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.workflows.inspect import inspect

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)

EPILOG = say(
    "Examples: taxolens inspect photos/ --report page.html    "
    "taxolens inspect traps.csv --report page.html --list problems.csv --sequence-by exif"
)

Report = Annotated[
    Path | None, typer.Option("--report", metavar="FILE", help=say("Write a page with pictures."))
]
Figures = Annotated[Path | None, typer.Option("--json", metavar="FILE", help=say("Write the figures."))]
Problems = Annotated[
    Path | None,
    typer.Option("--list", metavar="FILE.csv", help=say("Write a table of problems, one row for each.")),
]
NoEmbed = Annotated[
    bool,
    typer.Option(
        "--no-embed",
        help=say("Look at files and pixels only: much faster, but no wrong labels and no feasibility study."),
    ),
]
MapWayName = Annotated[
    str | None, typer.Option("--map", metavar="pca|tsne", help=say("How the map of photos is made (pca)."))
]
Sample = Annotated[
    int | None,
    typer.Option(
        "--sample", metavar="N", help=say("Photos that are cross-validated and drawn on the map (5000).")
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", help=say("Same seed, same page."))]


@app.command(help=say("See what a data set holds and what is wrong with it."), epilog=EPILOG)
def command(
    data: shared.Data,
    report: Report = None,
    json: Figures = None,
    table: Problems = None,
    backbone: shared.BackboneName = None,
    weights: shared.Weights = None,
    backbone_arg: shared.BackboneArguments = [],  # noqa: B006
    mean: shared.Mean = None,
    std: shared.Std = None,
    embedding: shared.Embedding = None,
    no_embed: NoEmbed = False,
    map_way: MapWayName = None,
    sample: Sample = None,
    seed: Seed = None,
    site_by: shared.SiteBy = None,
    sequence_by: shared.SequenceBy = None,
    gap: shared.Gap = None,
    max_megapixels: shared.MaxMegapixels = None,
    workers: shared.Workers = None,
    quiet: shared.Quiet = False,
) -> None:
    """Parses a recipe and runs its workflow; exit code 3 when some photos could not be read."""
    given = {
        "source.data": data,
        "source.site_by": site_by,
        "source.sequence_by": sequence_by,
        "source.gap": shared.usual_gap(sequence_by, gap),
        "source.max_megapixels": max_megapixels,
        "report": report,
        "json": json,
        "table": table,
        "backbone.name": backbone,
        "backbone.weights": weights,
        "backbone.arguments": shared.key_values(backbone_arg, "--backbone-arg"),
        "backbone.mean": shared.three_numbers(mean, "--mean"),
        "backbone.std": shared.three_numbers(std, "--std"),
        "backbone.embedding": embedding,
        "embed": False if no_embed else None,
        "map": map_way,
        "sample": sample,
        "seed": seed,
        "workers": workers,
        "language": language,
    }
    summary = inspect(
        parse_recipe(InspectRecipe, given),
        home=settings.home,
        maker=load_backbone_maker,
        progress=progress_for(quiet),
        say=say,
    )
    if not quiet:
        tell(summary.lines(say))
    raise typer.Exit(3 if summary.failures else 0)
