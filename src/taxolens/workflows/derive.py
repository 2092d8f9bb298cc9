"""Stored scores to a table that is decided anew; neither the model nor the photos are needed."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from taxolens.core.errors import UsageError
from taxolens.core.progress import Progress, Silent
from taxolens.core.taxonomy import Taxon
from taxolens.core.texts import Say, plain
from taxolens.formats.clocks import read_clocks
from taxolens.formats.species_list import SpeciesList, read_species_list
from taxolens.formats.taxonomy_table import read_taxonomy, unnamed
from taxolens.inference.cascade import rule_for
from taxolens.inference.clocks import Clocks
from taxolens.inference.context import Context
from taxolens.inference.decision import blanks_of
from taxolens.inference.events import EventRule
from taxolens.inference.ladder import ladder_of
from taxolens.inference.rendering import Rendering, results
from taxolens.inference.stored import Stored, open_stored
from taxolens.recipes.derive import Asked, DeriveRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.source import SequenceBy, SiteBy
from taxolens.storage.atomic import written_whole
from taxolens.workflows.derive_page import derive_page
from taxolens.workflows.kept_corrections import CorrectionCheck, keep_corrections
from taxolens.workflows.possible import Classes, Excluded, excluded
from taxolens.workflows.results_out import results_out
from taxolens.workflows.site_book import SiteBook
from taxolens.workflows.tally import Counts, Tally

_SECONDS, _STEPS = 60.0, 1.0
_NAMED = 10


@dataclass(frozen=True, slots=True)
class DeriveSummary(Counts):
    """What stored scores became.

    Attributes:
        events: of organisms; 0 where events were not decided.
        seconds: wall time.
    """

    events: int
    seconds: float


def derive(recipe: DeriveRecipe, *, progress: Progress | None = None, say: Say = plain) -> DeriveSummary:
    """Decides stored results anew and writes them.

    Raises:
        UsageError: a value of the recipe cannot be meant.
        DataError: the results are damaged, or a table cannot be read.
        OutputError: something cannot be written.
    """
    progress = progress or Silent()
    began = time.monotonic()
    stored = open_stored(recipe.results)
    if not stored.finished:
        progress.note(
            say("The run that left these results has not reached its end. Photos answered: {count}.").format(
                count=len(stored.places)
            )
        )
    asked = parse_recipe(Asked, stored.asked)
    taxa = _taxa(recipe, stored, progress, say)
    how = _rendering(recipe, stored, asked, taxa)
    out = results_out(recipe.output, stored.journal, stored.card, taxa=taxa, top_k=how.rule.top_k)
    out = out.made(stored.journal.created)
    book, tally = SiteBook(taxa, datetime.now()), Tally()
    check = CorrectionCheck(how.corrections, how.rule.labels)
    rows = tally.counting(book.counting(check.watching(results(stored.places, stored, how))))
    total = len(stored.places) if how.rule.least is None else None
    out.write(progress.track(rows, what=say("Deciding anew"), total=total))
    check.tell(progress, say)
    book.tell(progress, say)
    _tell_clocks(how.context.clocks, progress, say)
    if recipe.report:
        with written_whole(recipe.report) as page:
            page.write(derive_page(recipe, book, tally.counts(), taxa, say=say).encode("utf-8"))
    counts = tally.counts()
    return DeriveSummary(
        **{name: getattr(counts, name) for name in Counts.__slots__},
        events=sum(site.events.total() for site in book.sites.values()),
        seconds=time.monotonic() - began,
    )


def _taxa(recipe: DeriveRecipe, stored: Stored, progress: Progress, say: Say) -> tuple[Taxon, ...]:
    """The classes as the user's table says, else as the model does; says which the table leaves out."""
    table = read_taxonomy(recipe.taxonomy) if recipe.taxonomy else {}
    missing = unnamed(stored.card.labels, table)
    if missing:
        progress.note(
            say("Classes that the taxonomy table does not name: {count} ({classes}).").format(
                count=len(missing), classes=", ".join([*missing[:_NAMED], *["..."][: len(missing) > _NAMED]])
            )
        )
    return tuple(table.get(taxon.id, taxon) for taxon in stored.card.taxa)


def _rendering(recipe: DeriveRecipe, stored: Stored, asked: Asked, taxa: tuple[Taxon, ...]) -> Rendering:
    context = _context(recipe, asked)
    out = _excluded(recipe, taxa, context.site_by)
    given = recipe.detector_threshold
    usual = rule_for(
        stored.card,
        stored.journal.detector,
        top_k=asked.top_k if recipe.top_k is None else recipe.top_k,
        threshold=asked.threshold if recipe.threshold is None else recipe.threshold,
        detector_threshold=asked.detector_threshold if given is None else given,
    )
    ladder = ladder_of(taxa, recipe.rollup.value) if recipe.rollup else None
    rule = replace(usual, blanks=blanks_of(taxa), excluded=out.usual, ladder=ladder)
    return Rendering(
        rule,
        stored.root,
        context,
        excluded_at=out.at,
        corrections=keep_corrections(stored.folder, recipe.corrections),
        events=_events(recipe),
    )


def _context(recipe: DeriveRecipe, asked: Asked) -> Context:
    sequence_by = asked.sequence_by if recipe.sequence_by is None else recipe.sequence_by
    if _events(recipe) and sequence_by is SequenceBy.NONE:
        sequence_by = SequenceBy.EXIF
    gap = asked.gap
    if recipe.gap is not None:
        gap = recipe.gap
    elif sequence_by is not asked.sequence_by:
        gap = _STEPS if sequence_by is SequenceBy.FILENAME else _SECONDS
    return Context(
        asked.site_by if recipe.site_by is None else recipe.site_by,
        sequence_by,
        gap,
        Clocks(read_clocks(recipe.clock) if recipe.clock else ()),
    )


def _events(recipe: DeriveRecipe) -> EventRule | None:
    if not recipe.by_event and recipe.independence is None:
        return None
    apart = None if recipe.independence is None else timedelta(minutes=recipe.independence)
    return EventRule(recipe.event_temperature, apart)


def _excluded(recipe: DeriveRecipe, taxa: tuple[Taxon, ...], site_by: SiteBy) -> Excluded:
    species: SpeciesList | None = None
    if recipe.species_list:
        species = read_species_list(recipe.species_list, recipe.region)
        if species.by_site and site_by is SiteBy.NONE:
            raise UsageError(
                "The species in {table} are listed by site. Add --site-by folder.", table=recipe.species_list
            )
    return excluded(Classes(taxa), recipe.exclude, species)


def _tell_clocks(clocks: Clocks, progress: Progress, say: Say) -> None:
    for fault in clocks.unused:
        progress.note(
            say("The table of clocks names {clock}, of which there is no photo with a time.").format(
                clock=" ".join(filter(None, (fault.site, fault.camera)))
            )
        )
