"""What other programs found, and labelled photos as results, to any format of results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from taxolens.core.errors import UsageError
from taxolens.core.progress import Progress, Silent
from taxolens.core.taxonomy import Taxon, usual_role
from taxolens.core.texts import Say, plain
from taxolens.data.dataset import load_dataset
from taxolens.formats.about import About
from taxolens.formats.detections import open_detections
from taxolens.formats.detections_set import is_detections
from taxolens.formats.media import by_file
from taxolens.formats.result import Result
from taxolens.formats.sets import SETS
from taxolens.formats.taxonomy_table import read_taxonomy
from taxolens.formats.writers import FORMATS
from taxolens.recipes.convert import ConvertRecipe
from taxolens.recipes.source import SiteBy, SourceRecipe
from taxolens.workflows.convert_drawn import drawn_results
from taxolens.workflows.results_out import written_out
from taxolens.workflows.tally import Counts, Tally

_SET_SUFFIXES = ("", ".json", ".csv", ".yaml")


def converts_set(recipe: ConvertRecipe) -> bool:
    """Whether labelled photos are written as such, and not results.

    Detections of other programs are results, as long as a format of results is asked for; labelled photos become
    results where only results can be written so.
    """
    asked, found = recipe.output.format, _is_found(recipe.source)
    if asked in SETS and asked in FORMATS:
        return not found
    if asked is None and not found and recipe.output.out.suffix.lower() in _SET_SUFFIXES:
        raise UsageError(
            "The name {out} does not tell the format. Add --to with one of: {known}.",
            out=recipe.output.out,
            known=", ".join(SETS),
        )
    return asked in SETS


def convert(
    recipe: ConvertRecipe, *, home: Path, progress: Progress | None = None, say: Say = plain
) -> Counts:
    """Reads a file of detections, or labelled photos, and writes results.

    Args:
        home: the user's Taxolens folder, for memories.

    Raises:
        UsageError: a value of the recipe cannot be meant.
        DataError: the file or a table cannot be read.
        OutputError: the results cannot be written.
        MissingExtra: the format needs a library that is not installed.
    """
    progress = progress or Silent()
    if recipe.source.resolve() == recipe.output.out.resolve():
        raise UsageError(
            "{out} is read, so results cannot be written there. Name another --out.", out=recipe.output.out
        )
    if recipe.files is not None:
        raise UsageError("Results take no photos with them. Leave out --files.")
    results, about = _found(recipe) if _is_found(recipe.source) else _drawn(recipe, home, progress, say)
    tally = Tally()
    out = written_out(recipe.output, about)
    rows = _counted(_at_sites(results, recipe.site_by), tally)
    out.write(progress.track(rows, what=say("Writing the results")))
    return tally.counts()


def _is_found(source: Path) -> bool:
    """Whether a path is a file of detections."""
    return source.is_file() and source.suffix.lower() == ".json" and is_detections(source)


def _found(recipe: ConvertRecipe) -> tuple[Iterator[Result], About]:
    source = open_detections(recipe.source, threshold=recipe.threshold, root=recipe.photos)
    taxa = {taxon.id: taxon for taxon in source.taxa()}
    labels = tuple(dict.fromkeys(source.classes.values())) or tuple(taxa)
    about = _about(recipe, labels, taxa)
    return source.results(), replace(about, model_name=source.classifier or "", detector=source.detector)


def _drawn(recipe: ConvertRecipe, home: Path, progress: Progress, say: Say) -> tuple[Iterator[Result], About]:
    """Labelled photos as results that people said."""
    source = SourceRecipe(recipe.source, photos=recipe.photos, unlabelled=recipe.unlabelled)
    dataset = load_dataset(source, home=home, progress=progress, say=say)
    labels = dataset.classes or tuple(sorted({image.label for image in dataset.images if image.label}))
    taxa = {label: Taxon(label, role=usual_role(label)) for label in labels}
    return drawn_results(dataset.images, dataset.failures), _about(recipe, labels, taxa)


def _about(recipe: ConvertRecipe, labels: tuple[str, ...], taxa: dict[str, Taxon]) -> About:
    table = read_taxonomy(recipe.taxonomy) if recipe.taxonomy else {}
    known = tuple({**taxa, **table}.values())
    return About(labels=labels, taxa=known, top_k=recipe.top_k, root=recipe.photos)


def _at_sites(results: Iterable[Result], by: SiteBy) -> Iterator[Result]:
    for result in results:
        folder, slash, _ = result.prediction.name.partition("/")
        yield replace(result, site=folder) if slash and by is SiteBy.FOLDER else result


def _counted(results: Iterable[Result], tally: Tally) -> Iterator[Result]:
    """Counts photos, of which one may have several results."""
    for _, rows in by_file(results):
        yield from tally.counting(rows[:1])
        yield from rows[1:]
