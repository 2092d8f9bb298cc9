"""`taxolens train`: labelled photos to a run folder with a model and an honest report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from taxolens.cli import options as shared
from taxolens.cli.backbone_options import BACKBONE
from taxolens.cli.help_page import App, examples
from taxolens.cli.network_options import NETWORK, check_no_network, for_network
from taxolens.cli.option_table import Option, under, with_options
from taxolens.cli.progress import progress_for
from taxolens.cli.source_options import DATA, SOURCE, WORKERS
from taxolens.cli.split_options import SPLIT
from taxolens.cli.track_options import TRACK
from taxolens.cli.words import language, say, settings, tell
from taxolens.compose.team import shared_trainers
from taxolens.compose.trackers import load_tracker
from taxolens.compose.trainers import load_backbone_maker
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.train import TrainRecipe
from taxolens.report.wording import Wording
from taxolens.workflows.train import train

app = App()

EPILOG = examples(
    "taxolens train photos/ --out run/",
    "taxolens train traps.csv --out run/ --backbone mobilenet --sequence-by exif --gap 60",
    "taxolens train photos/ --out run/ --method finetune --backbone timm:mobilenetv2_100 --epochs 10",
)
METHOD = Option(
    "--method",
    "method",
    say("head: a new head on a frozen backbone (no torch); finetune, scratch: a network."),
    metavar="head|finetune|scratch",
)
VIEWS = Option(
    "--views",
    "views",
    say("Also learn from photos mirrored, turned by quarters (photos from above), or cropped."),
    metavar="none|flip|turns|crops",
)
WEIGHTING = Option(
    "--class-weight",
    "class_weight",
    say("balanced: rare classes count as much."),
    metavar="none|balanced",
)
OVERWRITE = Option("--overwrite", "overwrite", say("Replace the run that is there."), bool)
RESTART = Option("--restart", "restart", say("Forget what a stopped training of a network left."), bool)
NO_SALIENCY = Option(
    "--no-saliency", "saliency", say("Leave out of the report what answers hang on."), bool, gives=False
)


@app.command(help=say("Teach a model from labelled photos."), epilog=EPILOG)
@with_options(
    DATA,
    shared.RUN,
    METHOD,
    *under("backbone", BACKBONE),
    shared.FIT,
    *under("split", SPLIT),
    *under("source", SOURCE),
    VIEWS,
    WEIGHTING,
    shared.PRECISION,
    shared.COVERAGE,
    shared.TAXONOMY,
    shared.MODEL_NAME,
    WORKERS,
    OVERWRITE,
    RESTART,
    NO_SALIENCY,
    TRACK,
    *NETWORK,
)
def command(given: dict[str, Any], recipe: shared.RecipeFile = None, quiet: shared.Quiet = False) -> None:
    """Parses a recipe and runs its workflow; exit code 3 when some photos could not be read."""
    with shared_trainers() as trainer:
        if trainer is None:
            raise typer.Exit
        summary = train(
            _recipe(given, recipe),
            home=settings.home,
            maker=load_backbone_maker,
            trainer=trainer,
            tracker=load_tracker,
            progress=progress_for(quiet),
            say=say,
        )
    if not quiet:
        tell(summary.lines(Wording(say, language)))
    raise typer.Exit(3 if summary.failures else 0)


def _recipe(given: dict[str, Any], file: Path | None) -> TrainRecipe:
    """What is said of the backbone goes to the part of the recipe that the method reads."""
    asked = {field: given.get(field) for field in ("source.data", "out", "method")}
    if parse_recipe(TrainRecipe, asked, file).method == "head":
        check_no_network(given)
    else:
        given = for_network(given)
    always = {"network.seed": given.get("split.seed"), "language": language}
    return parse_recipe(TrainRecipe, {**given, **always}, file)
