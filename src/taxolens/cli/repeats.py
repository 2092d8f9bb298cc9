"""`taxolens repeats`: boxes of stones and branches, found and set aside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from taxolens.cli import options as shared
from taxolens.cli.help_page import App, examples
from taxolens.cli.option_table import Option, with_options
from taxolens.cli.progress import progress_for
from taxolens.cli.results_options import SITE_BY
from taxolens.cli.words import language, say, tell
from taxolens.formats.repeats import TABLE
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.repeats import RepeatsRecipe, SetAsideRecipe
from taxolens.workflows.repeats import AsideSummary, RepeatsSummary, repeats, set_aside

app = App()

EPILOG = examples(
    "taxolens repeats detections.json --photos card/ --out review/",
    "taxolens repeats detections.json --reviewed review/ --out detections-clean.json",
    note=say("In between, write yes in the column keep of review/repeats.csv where it is an animal."),
)
OPTIONS = (
    Option("results", "results", say("JSON of MegaDetector."), Path, "RESULTS", required=True),
    Option(
        "--out -o",
        "out",
        say("Folder to look through; with --reviewed, the JSON to write."),
        Path,
        "PATH",
        required=True,
    ),
    Option("--reviewed", "reviewed", say("A folder that was looked through."), Path, "DIR"),
    Option("--photos", "photos", say("Folder of the photos, to show what is in the boxes."), Path, "DIR"),
    Option("--iou", "iou", say("Overlap from which two boxes are at one place."), float, "0.5..0.99"),
    Option("--times", "times", say("Photos of one camera in which a box comes back."), int, "N"),
    Option("--hours", "hours", say("Least time between the first and the last of them."), float, "H"),
    Option("--confidence", "confidence", say("Detections below it are not looked at."), float, "0..1"),
    Option("--largest", "largest", say("Larger boxes are not looked at: share of the photo."), float, "0..1"),
    SITE_BY,
)


@app.command(help=say("Find boxes of fixed objects, and set them aside."), epilog=EPILOG)
@with_options(*OPTIONS)
def command(given: dict[str, Any], quiet: shared.Quiet = False) -> None:
    """Parses a recipe and runs its workflow."""
    if "reviewed" in given:
        _tell_aside(set_aside(parse_recipe(SetAsideRecipe, given)), given["out"], quiet)
        return
    recipe = parse_recipe(RepeatsRecipe, {**given, "language": language})
    _tell_found(repeats(recipe, progress=progress_for(quiet), say=say), recipe, quiet)


def _tell_found(found: RepeatsSummary, recipe: RepeatsRecipe, quiet: bool) -> None:
    if quiet:
        return
    lines = [
        say("Objects: {objects}. Their boxes: {boxes} of {detections}.").format(
            objects=found.objects, boxes=found.boxes, detections=found.detections
        )
    ]
    if found.brief:
        lines.append(
            say("Left out, for all was within {hours} hours, as when an animal rests: {count}.").format(
                hours=f"{recipe.hours:g}", count=found.brief
            )
        )
    if found.undated:
        lines.append(
            say("Objects whose photos tell no time: {count}. Name the photos with --photos.").format(
                count=found.undated
            )
            if recipe.photos is None
            else say("Objects whose photos tell no time: {count}.").format(count=found.undated)
        )
    if not found.objects:
        tell([*lines, say("Nothing is to be looked through.")])
        return
    lines.append(say("Look through: {page}").format(page=recipe.out / "index.html"))
    lines.append(
        say("Then write yes in the column keep of {table} where it is an animal.").format(
            table=recipe.out / TABLE
        )
    )
    tell(lines)


def _tell_aside(summary: AsideSummary, out: Path, quiet: bool) -> None:
    if quiet:
        return
    done = summary.done
    tell(
        [
            say(
                "Boxes set aside: {boxes}, in photos: {photos}. Objects set aside: {objects}, kept: {kept}."
            ).format(
                boxes=done.boxes,
                objects=summary.reviewed.objects,
                photos=done.photos,
                kept=summary.reviewed.kept,
            ),
            say("Photos without a box now: {count}.").format(count=done.emptied),
            say("Written: {out}").format(out=out),
        ]
    )
