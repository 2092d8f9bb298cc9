"""`taxolens evaluate`: a model, or the boxes of any detector, on labelled photos, in figures and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from taxolens.cli import options as shared
from taxolens.cli.detector_option import DETECTOR
from taxolens.cli.help_page import App, examples
from taxolens.cli.model_names import model_named
from taxolens.cli.option_table import Option, under, with_options
from taxolens.cli.progress import progress_for
from taxolens.cli.source_options import DATA, SOURCE, WORKERS
from taxolens.cli.tile_options import TILE
from taxolens.cli.words import language, say, settings, tell
from taxolens.recipes.evaluate import EvaluateRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.report.wording import Wording
from taxolens.workflows.evaluate_any import evaluate_any

app = App()

EPILOG = examples(
    "taxolens evaluate run/model.onnx more-photos/ --report page.html",
    "taxolens evaluate run/model.onnx more-photos/ --json figures.json --precision 0.99",
    "taxolens evaluate run/model.onnx more-photos/ --detector detector.onnx --json figures.json",
    "taxolens evaluate run/model.onnx more-boxes/ --crops --report page.html",
    "taxolens evaluate megadetector.json boxes/data.yaml --one-class --report page.html",
)
MODEL = Option(
    "model",
    "model",
    say("Model file or pipeline; or boxes that any detector found, in the JSON of MegaDetector or COCO."),
    Path,
    "MODEL",
    required=True,
    read=model_named,
)
CROPS = Option("--crops", "crops", say("A classifier names the true boxes of DATA."), bool)
BOXES = (
    Option("--score", "score", say("Boxes: count those with at least this score (best F1)."), float, "0..1"),
    Option("--one-class", "one_class", say("Boxes: judge where they are, not what they are called."), bool),
)


@app.command(help=say("Judge a model on labelled photos."), epilog=EPILOG)
@with_options(
    MODEL,
    DATA,
    DETECTOR,
    CROPS,
    shared.JSON,
    shared.REPORT,
    shared.PRECISION,
    *BOXES,
    *under("tile", TILE),
    *under("source", SOURCE),
    WORKERS,
)
def command(given: dict[str, Any], quiet: shared.Quiet = False) -> None:
    """Parses a recipe and runs its workflow; exit code 3 when some photos could not be read."""
    recipe = parse_recipe(EvaluateRecipe, {**given, "language": language})
    summary = evaluate_any(recipe, home=settings.home, progress=progress_for(quiet), say=say)
    if not quiet:
        tell(summary.lines(Wording(say, language)))
    raise typer.Exit(3 if summary.failures else 0)
