"""`taxolens organise`: copies of identified photos, sorted into folders, and the way back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from taxolens.cli import options as shared
from taxolens.cli.help_page import App, examples
from taxolens.cli.option_table import Option, with_options
from taxolens.cli.progress import progress_for
from taxolens.cli.source_options import WORKERS
from taxolens.cli.words import language, say, tell
from taxolens.core.errors import UsageError
from taxolens.core.texts import for_count, noted
from taxolens.recipes.organise import Level, OrganiseRecipe, UndoRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.report.wording import Wording
from taxolens.workflows.organise import OrganiseSummary, organise
from taxolens.workflows.organise_undo import UndoSummary, undo

app = App()

EPILOG = examples(
    "taxolens organise results.csv --out sorted/",
    "taxolens organise results.csv --out sorted/ --by site/species/date --dry-run",
    "taxolens organise detections.json --photos card/ --out to-show/ --boxes --blur --keywords",
    "taxolens organise --undo sorted/",
)
_FOLDERS_SHOWN, _NAMES_SHOWN = 40, 5
_DONE_ONE = noted(
    "1 photo: {named} named, {unsure} unsure, {blank} blank, {failed} failed, {left_out} left out."
)
_DONE = noted(
    "{photos} photos: {named} named, {unsure} unsure, {blank} blank, {failed} failed, {left_out} left out."
)

OPTIONS = (
    Option(
        "results",
        "results",
        say("A table that taxolens identify or derive wrote, or JSON of MegaDetector or SpeciesNet."),
        Path,
        "RESULTS",
    ),
    Option("--out -o", "out", say("Folder for the copies; the photos' own folder is refused."), Path, "DIR"),
    Option(
        "--by",
        "by",
        say("Folders, outermost first, with / between them. Choose from {levels}.").format(
            levels=", ".join(Level)
        ),
        metavar="species/site/...",
    ),
    Option("--boxes", "boxes", say("Draw boxes, names and scores on the copies."), bool),
    Option(
        "--blur",
        "blur",
        say("Blur people and vehicles on the copies; the whole copy where they have no box."),
        bool,
    ),
    Option("--keywords", "keywords", say("Write the species' names into the copies' XMP."), bool),
    Option("--link", "link", say("Hard links, which take no room, in place of copies."), bool),
    Option(
        "--photos",
        "photos",
        say("Folder of the photos, where the results do not tell it or it has moved."),
        Path,
        "DIR",
    ),
    Option(
        "--threshold",
        "threshold",
        say("Below this score an answer is unsure, and a detection is none."),
        float,
        "0..1",
    ),
    shared.TAXONOMY,
    WORKERS,
    Option("--dry-run", "dry_run", say("Say what would be where, and write nothing."), bool),
    Option(
        "--undo",
        "undo",
        say("Remove from FOLDER what this command wrote and nobody has changed since."),
        Path,
        "FOLDER",
    ),
)


@app.command(help=say("Sort copies of identified photos into folders."), epilog=EPILOG)
@with_options(*OPTIONS)
def command(given: dict[str, Any], quiet: shared.Quiet = False) -> None:
    """Parses a recipe and runs its workflow; exit code 3 when photos were left out."""
    folder = given.pop("undo", None)
    if folder is not None:
        _undo(folder, given, quiet)
        return
    for name, typed in (("results", "RESULTS"), ("out", "--out")):
        if name not in given:
            raise UsageError("{option} is missing. See taxolens organise --help.", option=typed)
    recipe = parse_recipe(OrganiseRecipe, {**given, "language": language})
    summary = organise(recipe, progress=progress_for(quiet), say=say)
    if not quiet:
        tell(_told(summary, recipe))
    raise typer.Exit(3 if summary.left_out else 0)


def _undo(folder: Path, given: Mapping[str, Any], quiet: bool) -> None:
    other = sorted(given.keys() - {"dry_run"})
    if other:
        raise UsageError(
            "--undo needs nothing but its folder. Leave out {options}.",
            options=", ".join(name if name == "results" else f"--{name}" for name in other),
        )
    recipe = UndoRecipe(folder, bool(given.get("dry_run")))
    summary = undo(recipe, progress=progress_for(quiet), say=say)
    if not quiet:
        tell(_undone(summary, recipe))


def _told(summary: OrganiseSummary, recipe: OrganiseRecipe) -> Iterator[str]:
    wording = Wording(say, language)
    if recipe.dry_run:
        yield from _tree(summary, wording)
    yield say(for_count(summary.photos, _DONE_ONE, _DONE)).format(
        photos=wording.count(summary.photos),
        named=wording.count(summary.named),
        unsure=wording.count(summary.unsure),
        blank=wording.count(summary.blank),
        failed=wording.count(summary.failed),
        left_out=wording.count(summary.left_out),
    )
    yield from _private(summary, recipe)
    yield from _odd(summary)
    counts = {
        "count": wording.count(summary.written),
        "there": wording.count(summary.there),
        "size": wording.decimal(summary.bytes / 1e6, 1),
    }
    if recipe.dry_run:
        would = say("Would be written: {count} ({size} MB); there already: {there}. Nothing was written.")
        yield would.format(**counts)
        return
    yield say("Copies written: {count}; there already: {there}.").format(**counts)
    yield say("Written: {out}").format(out=recipe.out)
    yield say("To take it back: {command}").format(command=f"taxolens organise --undo {recipe.out}")


def _tree(summary: OrganiseSummary, wording: Wording) -> Iterator[str]:
    """Folders and how many photos belong there."""
    shown = list(summary.folders.items())[:_FOLDERS_SHOWN]
    width = max((len(wording.count(count)) for _, count in shown), default=0)
    for folder, count in shown:
        yield f"{wording.count(count):>{width}}  {folder}/"
    further = len(summary.folders) - len(shown)
    if further:
        yield say("... and {count} more folders").format(count=wording.count(further))


def _private(summary: OrganiseSummary, recipe: OrganiseRecipe) -> Iterator[str]:
    if not recipe.blur:
        return
    if not summary.hidden:
        yield say("No photo of these results shows a person or a vehicle, so nothing is blurred.")
        return
    yield say(
        "Photos with people or vehicles: {count}; blurred as a whole, because one of them has no box: {whole}. "
        "Look through the copies before you show them: what was not found is not blurred."
    ).format(count=summary.hidden, whole=summary.wholly)


def _odd(summary: OrganiseSummary) -> Iterator[str]:
    if summary.moved:
        yield say("Earlier copies whose photos have another answer now: {count}. They give way.").format(
            count=summary.moved
        )
    if summary.changed:
        yield say("Copies that somebody has changed: {count}. They stay as they are.").format(
            count=summary.changed
        )
    for photo, reason in summary.reasons[:_NAMES_SHOWN]:
        yield say("Left out: {photo}: {reason}").format(photo=photo, reason=say(reason))
    if summary.left_out_list and summary.left_out > _NAMES_SHOWN:
        yield say("All that are left out: {file}").format(file=summary.left_out_list)


def _undone(summary: UndoSummary, recipe: UndoRecipe) -> Iterator[str]:
    text = say("Would be removed: {count}.") if recipe.dry_run else say("Removed: {count}.")
    yield text.format(count=summary.removed)
    if summary.changed:
        yield say("Changed by somebody since, and kept: {count}.").format(count=summary.changed)
    if summary.last:
        yield say(
            "Kept, because the originals are not in {folder}: {count}. Once they are back, the same command removes "
            "them."
        ).format(folder=summary.originals, count=summary.last)
    for file in summary.kept[:_NAMES_SHOWN]:
        yield say("Kept: {file}").format(file=file)
