"""`taxolens identify`: new photos to a table that names each of them."""

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
from taxolens.cli.results_options import (
    CORRECTIONS,
    DETECTOR_THRESHOLD,
    ENGINE,
    SITE_BY,
    WRITTEN,
    counts_told,
)
from taxolens.cli.source_options import MAX_MEGAPIXELS, SEQUENCE, WORKERS
from taxolens.cli.stopping import stopped_by_term
from taxolens.cli.tile_options import TILE
from taxolens.cli.words import language, say, tell
from taxolens.recipes.identify import IdentifyRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.workflows.identify import IdentifySummary, identify

app = App()

EPILOG = examples(
    "taxolens identify card/ --model run/model.onnx --out results.csv",
    "taxolens identify card/ --model run/model.onnx --out results.csv --site-by folder --sequence-by exif",
    "taxolens identify card/ --model run/model.onnx --detector detector.onnx --out results.csv",
    "taxolens identify card/ --model run/model.onnx --out card.zip --format camtrap-dp --deployments sites.csv",
    note=say("Stopped? The same command goes on where it was."),
)
_FAILURES_SHOWN = 10

OPTIONS = (
    Option(
        "photos",
        "photos",
        say("A photo or a clip, or a folder that is searched to any depth."),
        Path,
        "PHOTOS",
        required=True,
    ),
    Option(
        "--model -m",
        "model",
        say("Model file, a pipeline (.toml), or a ready model's name."),
        Path,
        "FILE|NAME",
        required=True,
        read=model_named,
    ),
    DETECTOR,
    *WRITTEN,
    Option("--threshold", "threshold", say("Below this score the answer is unsure."), float, "0..1"),
    DETECTOR_THRESHOLD,
    Option("--top-k", "top_k", say("How many best labels to show."), int, "K"),
    *under("tile", TILE),
    SITE_BY,
    *SEQUENCE,
    Option("--every", "every", say("Seconds between the frames of a clip that are looked at."), float, "S"),
    Option("--most-frames", "most_frames", say("Frames of each clip that are looked at."), int, "N"),
    Option(
        "--draw", "draw", say("Folder for copies with boxes, numbers and names drawn on them."), Path, "DIR"
    ),
    Option("--draw-blanks", "draw_blanks", say("Copy photos there in which nothing was found, too."), bool),
    ENGINE,
    Option("--restart", "restart", say("Forget what an earlier run answered."), bool),
    Option("--retry-failed", "retry_failed", say("Try once more what could not be read."), bool),
    Option(
        "--shard",
        "shard",
        say("Look at part I of N of the photos; taxolens merge unites the parts."),
        metavar="I/N",
    ),
    CORRECTIONS,
    MAX_MEGAPIXELS,
    WORKERS,
)


@app.command(help=say("Name what is in new photos."), epilog=EPILOG)
@with_options(*OPTIONS)
def command(given: dict[str, Any], quiet: shared.Quiet = False) -> None:
    """Parses a recipe and runs its workflow; exit code 3 when some photos failed."""
    recipe = parse_recipe(IdentifyRecipe, {**given, "language": language})
    with stopped_by_term():
        summary = identify(recipe, progress=progress_for(quiet), say=say)
    if not quiet:
        _tell(summary, recipe.out, recipe.draw)
    raise typer.Exit(3 if summary.failed else 0)


def _tell(summary: IdentifySummary, out: Path, draw: Path | None) -> None:
    """What the run found, and what it could not read and why."""
    tell([counts_told(summary)])
    tell((f"  {one.name}: {say(one.reason)}" for one in summary.failures[:_FAILURES_SHOWN]), err=True)
    if summary.failed > _FAILURES_SHOWN:
        more = summary.failed - _FAILURES_SHOWN
        tell([say("  ... and {more} more, in the results.").format(more=more)], err=True)
    tell([say("Written: {out}").format(out=out)])
    if summary.drawn is not None:
        tell([say("Pictures in {folder}: {count}").format(folder=draw, count=summary.drawn)])
