"""`taxolens demo`: the whole main job in one command, on drawn photos."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from taxolens.cli import options as shared
from taxolens.cli.help_page import App, examples
from taxolens.cli.progress import progress_for
from taxolens.cli.words import language, say, settings, tell
from taxolens.compose.trainers import load_backbone_maker
from taxolens.demo.tour import DRAWN, PER_CLASS, Tour, TourRecipe, draw_photos, tour

app = App()

EPILOG = examples(
    "taxolens demo",
    "taxolens demo --photos-only --out practice",
    "taxolens demo --photos-only --boxes 40 --out practice",
    note=say("The second draws photos to practise with and trains nothing."),
)


@app.command(
    help=say(
        "Show everything in a minute: draw springtail photos, train a model on them, write its report, "
        "inspect the photos, name new ones. The photos are drawn, so their figures say nothing about real ones."
    ),
    epilog=EPILOG,
)
def command(
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help=say("Folder for everything it makes."))
    ] = Path("taxolens-demo"),
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help=say("Other photos of the same kinds."))
    ] = 0,
    per_class: Annotated[
        int,
        typer.Option(
            "--per-class", metavar="N", min=3, max=10_000, help=say("Labelled photos of each class.")
        ),
    ] = PER_CLASS,
    photos_only: Annotated[
        bool, typer.Option("--photos-only", help=say("Draw the photos and stop."))
    ] = False,
    boxes: Annotated[
        int,
        typer.Option(
            "--boxes", metavar="N", min=0, max=10_000, help=say("Also N photos with a box for each animal.")
        ),
    ] = 0,
    quiet: shared.Quiet = False,
) -> None:
    """Draws, trains, identifies and tells where everything is."""
    recipe = TourRecipe(out=out, seed=seed, per_class=per_class, boxes=boxes, language=language)
    progress = progress_for(quiet)
    if photos_only:
        draw_photos(recipe, progress=progress, say=say)
        lines = drawn_lines(recipe)
    else:
        lines = tour_lines(
            recipe, tour(recipe, home=settings.home, maker=load_backbone_maker, progress=progress, say=say)
        )
    if not quiet:
        tell(lines)


def drawn_lines(recipe: TourRecipe) -> tuple[str, ...]:
    """What to do with the drawn photos."""
    return (
        say("Drawn photos with labels: {photos}").format(photos=recipe.photos),
        say("Drawn photos without labels, as from a memory card: {card}").format(card=recipe.card),
        *((say("Drawn photos with boxes: {boxes}").format(boxes=recipe.boxed),) if recipe.boxes else ()),
        say("Try: {command}").format(
            command=f"{_program()} train {recipe.photos} --site-by folder --out {recipe.run}"
        ),
    )


def tour_lines(recipe: TourRecipe, done: Tour) -> tuple[str, ...]:
    """Where everything is and what to try next."""
    return (
        "",
        say(DRAWN),
        say("On {n} photos it had never seen, the model named {percent:.0f} % rightly.").format(
            n=done.judged, percent=100 * done.accuracy
        ),
        say(
            "Of {n} new photos it named {right} rightly and {wrong} wrongly; {unsure} it left unsure."
        ).format(n=done.new_photos, right=done.right, wrong=done.wrong, unsure=done.unsure),
        "",
        say("The report: {report}").format(report=recipe.run / "report.html"),
        say("What the labelled photos hold: {page}").format(page=recipe.inspection),
        say("The table that names the new photos: {table}").format(table=recipe.table),
        say("The model, one file: {model}").format(model=recipe.run / "model.onnx"),
        say("The photos: {photos} and {card}").format(photos=recipe.photos, card=recipe.card),
        "",
        say("Now with your own photos, one folder per species:"),
        f"  {_program()} inspect my-photos/ --report look.html",
        f"  {_program()} train my-photos/ --out my-run/",
        f"  {_program()} identify new-photos/ --model my-run/model.onnx --out results.csv",
    )


def _program() -> str:
    """What has to be typed: the name alone only where the shell finds it."""
    return "taxolens" if shutil.which("taxolens") else os.path.relpath(sys.argv[0])
