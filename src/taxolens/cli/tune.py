"""`taxolens tune`: search the settings of a training and train with the best."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from taxolens.cli import options as shared
from taxolens.cli.backbone_options import NAME, READING
from taxolens.cli.help_page import App, examples
from taxolens.cli.network_options import NETWORK, check_teacher, for_network
from taxolens.cli.option_table import Option, under, with_options
from taxolens.cli.progress import progress_for
from taxolens.cli.source_options import DATA, SOURCE, WORKERS
from taxolens.cli.split_options import SPLIT
from taxolens.cli.track_options import TRACK
from taxolens.cli.words import language, say, settings, tell
from taxolens.compose.trackers import load_tracker
from taxolens.compose.trainers import load_searcher, load_trainer
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.train import TrainRecipe
from taxolens.recipes.tune import TuneRecipe
from taxolens.report.wording import Wording
from taxolens.workflows.tune import tune

app = App()

EPILOG = examples(
    "taxolens tune photos/ --out run/ --method scratch --backbone small_cnn --trials 30",
    "taxolens tune photos/ --out run/ --time-budget 120 --space space.toml",
    note=say("The same command started twice searches with two processes; stopped, it goes on."),
)
SEARCH = (
    Option("--trials", "trials", say("Trials in all (20); the first is the default."), int, "N"),
    Option(
        "--time-budget",
        "minutes",
        say("Begin no epoch after so many minutes; no limit."),
        float,
        "MINUTES",
    ),
    Option("--space", "space", say("What to search instead of the usual ranges (TOML)."), Path, "FILE"),
    Option("--no-pruning", "prune", say("Let trials that lag behind go on to their end."), bool, gives=False),
    shared.JSON,
)
METHOD = Option("--method", "method", say("How to train (finetune)."), metavar="finetune|scratch")
OVERWRITE = Option(
    "--overwrite", "overwrite", say("Replace the run that is there, and go on with its search."), bool
)
RESTART = Option("--restart", "restart", say("Forget what an earlier search found."), bool)
_METHOD = "finetune"


@app.command(help=say("Search the settings of a training, then train with the best."), epilog=EPILOG)
@with_options(
    DATA,
    shared.RUN,
    *SEARCH,
    METHOD,
    *under("backbone", (NAME, *READING)),
    shared.FIT,
    *under("split", SPLIT),
    *under("source", SOURCE),
    shared.PRECISION,
    shared.COVERAGE,
    shared.TAXONOMY,
    shared.MODEL_NAME,
    WORKERS,
    OVERWRITE,
    RESTART,
    TRACK,
    *NETWORK,
)
def command(given: dict[str, Any], recipe: shared.RecipeFile = None, quiet: shared.Quiet = False) -> None:
    """Parses a recipe and runs its workflow; exit code 3 when some photos could not be read."""
    summary = tune(
        _recipe(given, recipe),
        home=settings.home,
        trainer=load_trainer,
        tracker=load_tracker,
        searcher=load_searcher,
        progress=progress_for(quiet),
        say=say,
    )
    if not quiet:
        tell(summary.lines(Wording(say, language)))
    raise typer.Exit(3 if summary.failures else 0)


def _recipe(given: dict[str, Any], file: Path | None) -> TuneRecipe:
    """A recipe file is one of training; what is said of the search stands beside it."""
    searched = {option.field for option in SEARCH}
    search = {field: value for field, value in given.items() if field in searched}
    training = {field: value for field, value in given.items() if field not in searched}
    if file is None:
        training.setdefault("method", _METHOD)
        check_teacher(training)
    training |= {"network.seed": given.get("split.seed"), "language": language}
    train = parse_recipe(TrainRecipe, for_network(training), file)
    return parse_recipe(TuneRecipe, {"train": train, **search})
