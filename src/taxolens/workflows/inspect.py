"""From a data set to what is in it, what is wrong with it and what can be learnt from it: the page to read first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from taxolens.core.backbone import BackboneMaker
from taxolens.core.errors import DataError
from taxolens.core.progress import Progress, Silent
from taxolens.core.records import Failure
from taxolens.core.texts import Say, noted, plain
from taxolens.data.dataset import Dataset, load_dataset
from taxolens.data.looks import Looks, look_at_all
from taxolens.recipes.inspect import InspectRecipe
from taxolens.report.wording import Wording
from taxolens.storage.atomic import written_whole
from taxolens.workflows.inspect_backbone import glass_of
from taxolens.workflows.inspect_boxes import with_box_classes
from taxolens.workflows.inspect_document import document_of
from taxolens.workflows.inspect_findings import Findings
from taxolens.workflows.inspect_gather import Desk, gather
from taxolens.workflows.inspect_list import write_problems
from taxolens.workflows.inspect_overview import Advice, advice_of
from taxolens.workflows.inspect_page import inspect_page
from taxolens.workflows.inspect_pictures import Pictures
from taxolens.workflows.inspect_spared import check_spared
from taxolens.workflows.judging import check_places
from taxolens.workflows.listener import Listener
from taxolens.workflows.run_folder import json_text
from taxolens.workflows.stopwatch import Stopwatch

_MOST_TOLD = 6


@dataclass(frozen=True, slots=True)
class InspectSummary:
    """What an inspection found, in short."""

    recipe: InspectRecipe
    photos: int
    classes: int
    verdict: str
    advice: tuple[Advice, ...]
    failures: tuple[Failure, ...]

    def lines(self, say: Say) -> tuple[str, ...]:
        """The outcome in a few sentences."""
        told = [say("Photos inspected: {n}, classes: {classes}.").format(n=self.photos, classes=self.classes)]
        told += [self.verdict] if self.verdict else []
        told += ["- " + one.title for one in self.advice[:_MOST_TOLD]]
        places = (
            (self.recipe.report, say("The report: {report}")),
            (self.recipe.json, say("The figures: {report}")),
            (self.recipe.table, say("The table of problems: {report}")),
        )
        told += [text.format(report=place) for place, text in places if place]
        if not self.recipe.report:
            told.append(say("See it all with pictures: --report page.html"))
        return tuple(told)


def inspect(
    recipe: InspectRecipe,
    *,
    home: Path,
    maker: Callable[[str], BackboneMaker],
    progress: Progress | None = None,
    say: Say = plain,
) -> InspectSummary:
    """Looks at a data set as the recipe says; nothing in it is changed.

    Args:
        home: the user's Taxolens folder, for caches.
        maker: gives what turns a network of some library into ONNX, by the library's name.

    Raises:
        UsageError: data, backbone or places that cannot be used.
        OutputError: a file cannot be written.
    """
    listener, watch = Listener(progress or Silent()), Stopwatch()
    check_places((recipe.report, recipe.json, recipe.table), read=[recipe.source.data])
    check_spared(recipe)
    with watch.stage(noted("Reading the photos")):
        dataset = load_dataset(
            recipe.source, home=home, progress=listener, say=say, lenient=True, unlabelled=True
        )
        dataset = with_box_classes(dataset)
    with watch.stage(noted("Backbone")):
        glass = glass_of(recipe, home=home, maker=maker, listener=listener, say=say)
    with watch.stage(noted("Looking at the photos")):
        looks = _looked_at(recipe, dataset, home, listener, say)
    found = gather(Desk(recipe, home, glass, listener, watch, say), dataset, looks)
    _write(found, say)
    wording = Wording(say, recipe.language)
    return InspectSummary(
        recipe,
        found.read,
        len(found.of_classes.labels),
        found.verdict(wording),
        advice_of(found, wording),
        found.failures,
    )


def _looked_at(recipe: InspectRecipe, dataset: Dataset, home: Path, progress: Progress, say: Say) -> Looks:
    looks = look_at_all(
        dataset.images,
        home=home,
        workers=recipe.workers,
        max_megapixels=recipe.source.max_megapixels,
        progress=progress,
        say=say,
    )
    if not len(looks.kept):
        raise DataError(
            "None of the {n} photos in {data} could be read. {file}: {why} Name other photos.",
            n=len(looks.failures),
            data=recipe.source.data,
            file=looks.failures[0].name,
            why=say(looks.failures[0].reason),
        )
    return looks


def _write(found: Findings, say: Say) -> None:
    recipe = found.recipe
    if recipe.report:
        pictures = Pictures(found.images, workers=recipe.workers, max_megapixels=recipe.source.max_megapixels)
        page = inspect_page(found, pictures, say=say)
        with written_whole(recipe.report) as file:
            file.write(page.encode())
    if recipe.json:
        with written_whole(recipe.json) as file:
            file.write(json_text(document_of(found, Wording(say, recipe.language))).encode())
    if recipe.table:
        write_problems(found, recipe.table, say=say)
