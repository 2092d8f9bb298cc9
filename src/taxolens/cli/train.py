"""`taxolens train`: labelled photos to a run folder with a model and an honest report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from taxolens.cli import options as shared
from taxolens.cli.backbone_options import BACKBONE
from taxolens.cli.detector_options import DETECTOR, check_no_detector, for_detector
from taxolens.cli.help_page import App, examples
from taxolens.cli.network_options import NETWORK, check_no_network, check_teacher, for_network
from taxolens.cli.option_table import Option, under, with_options
from taxolens.cli.progress import progress_for
from taxolens.cli.source_options import DATA, SOURCE, WORKERS
from taxolens.cli.split_options import SPLIT
from taxolens.cli.track_options import TRACK
from taxolens.cli.words import language, say, settings, tell
from taxolens.compose.team import shared_trainers
from taxolens.compose.trackers import load_tracker
from taxolens.compose.trainers import load_backbone_maker, load_detector_trainer
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.train import TrainRecipe
from taxolens.report.wording import Wording
from taxolens.workflows.train_any import train_any

app = App()

EPILOG = examples(
    "taxolens train photos/ --out run/",
    "taxolens train traps.csv --out run/ --backbone mobilenet --sequence-by exif --gap 60",
    "taxolens train photos/ --out run/ --method finetune --backbone timm:mobilenetv2_100 --epochs 10",
    "taxolens train boxes/ --out run/ --crops",
    "taxolens train boxes/ --out run/ --method detect --weights yolox_nano.onnx --epochs 30",
)
METHOD = Option(
    "--method",
    "method",
    say("head: a new head on a frozen backbone (no torch); finetune, scratch: a network; detect: boxes."),
    metavar="head|finetune|scratch|detect",
)
CROPS = Option("--crops", "crops", say("Learn the names of boxes, each cut out of its photo."), bool)
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


OPTIONS = (
    DATA,
    shared.RUN,
    METHOD,
    CROPS,
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
    *DETECTOR,
)


@app.command(help=say("Teach a model from labelled photos."), epilog=EPILOG)
@with_options(*OPTIONS)
def command(given: dict[str, Any], recipe: shared.RecipeFile = None, quiet: shared.Quiet = False) -> None:
    """Parses a recipe and runs its workflow; exit code 3 when some photos could not be read."""
    with shared_trainers() as trainer:
        if trainer is None:
            raise typer.Exit
        summary = train_any(
            _recipe(given, recipe),
            home=settings.home,
            maker=load_backbone_maker,
            trainer=trainer,
            detector=load_detector_trainer,
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
    method = parse_recipe(TrainRecipe, asked, file).method
    if method != "head" and file is None:
        check_teacher(given)
    if method == "detect":
        given = for_detector(given, OPTIONS)
    else:
        check_no_detector(given)
        given = given if method == "head" else for_network(given)
    if method == "head":
        check_no_network(given)
    seed = given.get("split.seed")
    always = {"network.seed": seed, "detector.seed": seed, "language": language}
    return parse_recipe(TrainRecipe, {**given, **always}, file)
