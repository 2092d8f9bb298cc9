"""Results of other programs to any format of ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from taxolens.core.errors import UsageError
from taxolens.core.progress import Progress, Silent
from taxolens.core.taxonomy import Taxon
from taxolens.core.texts import Say, plain
from taxolens.formats.about import About
from taxolens.formats.detections import Detections, open_detections
from taxolens.formats.media import by_file
from taxolens.formats.result import Result
from taxolens.formats.taxonomy_table import read_taxonomy
from taxolens.recipes.convert import ConvertRecipe
from taxolens.recipes.source import SiteBy
from taxolens.workflows.results_out import written_out
from taxolens.workflows.tally import Counts, Tally


def convert(recipe: ConvertRecipe, *, progress: Progress | None = None, say: Say = plain) -> Counts:
    """Reads a file of detections and writes its results; one photo is held at a time.

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
    source = open_detections(recipe.source, threshold=recipe.threshold, root=recipe.photos)
    out = written_out(recipe.output, _about(recipe, source))
    tally = Tally()
    rows = _counted(_at_sites(source.results(), recipe.site_by), tally)
    out.write(progress.track(rows, what=say("Writing the results")))
    return tally.counts()


def _about(recipe: ConvertRecipe, source: Detections) -> About:
    taxa = {taxon.id: taxon for taxon in source.taxa()}
    table = read_taxonomy(recipe.taxonomy) if recipe.taxonomy else {}
    known: tuple[Taxon, ...] = tuple({**taxa, **table}.values())
    return About(
        labels=tuple(dict.fromkeys(source.classes.values())) or tuple(taxa),
        taxa=known,
        model_name=source.classifier or "",
        detector=source.detector,
        top_k=recipe.top_k,
        root=recipe.photos,
    )


def _at_sites(results: Iterable[Result], by: SiteBy) -> Iterator[Result]:
    for result in results:
        folder, slash, _ = result.prediction.name.partition("/")
        yield replace(result, site=folder) if slash and by is SiteBy.FOLDER else result


def _counted(results: Iterable[Result], tally: Tally) -> Iterator[Result]:
    """Counts photos, of which one may have several results."""
    for _, rows in by_file(results):
        yield from tally.counting(rows[:1])
        yield from rows[1:]
