"""Results that photos are sorted by, wherever they come from: stored scores, a table, a file of detections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from taxolens.core.errors import UsageError
from taxolens.core.taxonomy import Role, Taxon
from taxolens.formats.about import Names
from taxolens.formats.detections import open_detections
from taxolens.formats.result import Result
from taxolens.formats.results_table import read_results
from taxolens.formats.taxonomy_table import read_taxonomy
from taxolens.inference.cascade import rule_for
from taxolens.inference.context import Context
from taxolens.inference.decision import blanks_of
from taxolens.inference.journal import read_journal
from taxolens.inference.rendering import Rendering, results
from taxolens.inference.stored import Stored, open_stored, results_folder
from taxolens.recipes.derive import Asked
from taxolens.recipes.organise import Level, OrganiseRecipe, levels_of
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.source import SequenceBy
from taxolens.workflows.kept_corrections import keep_corrections

PRIVATE = (Role.PERSON, Role.VEHICLE)
_SUFFIX_OF_DETECTIONS = ".json"


@dataclass(frozen=True, slots=True)
class Organisable:
    """Results that can be read as often as one likes.

    Attributes:
        root: what was searched for photos: a folder, or a single photo.
        names: what the classes are.
        read: gives the results; those of one photo follow each other.
        tells_people: whether these results could name a person or a vehicle; None: nobody knows.
    """

    root: Path
    names: Names
    read: Callable[[], Iterator[Result]]
    tells_people: bool | None

    @property
    def base(self) -> Path:
        """The folder that names of photos are relative to."""
        return self.root if self.root.is_dir() else self.root.parent


def open_organisable(recipe: OrganiseRecipe) -> Organisable:
    """Opens the results of a recipe.

    Raises:
        UsageError: there are none, or the folder of their photos is neither there nor named.
        DataError: they cannot be read.
    """
    known = read_taxonomy(recipe.taxonomy) if recipe.taxonomy else {}
    table = tuple(known.values())
    folder = results_folder(recipe.results)
    if folder.is_dir() and read_journal(folder) is not None:
        return _of_stored(recipe, open_stored(recipe.results), table)
    if not recipe.results.is_file():
        raise UsageError(
            "There are no results at {results}. Name a table that taxolens identify or derive wrote, or a JSON "
            "file of detections.",
            results=recipe.results,
        )
    root = _photos(recipe, None)
    if recipe.results.suffix.lower() == _SUFFIX_OF_DETECTIONS:
        return _of_detections(recipe, root, table)
    if recipe.threshold is not None:
        raise UsageError(
            "The table {table} is decided already. Leave --threshold out, or decide anew with taxolens derive.",
            table=recipe.results,
        )
    return Organisable(root, Names(table), lambda: read_results(recipe.results), None)


def _photos(recipe: OrganiseRecipe, searched: Path | None) -> Path:
    root = recipe.photos or searched
    if root is None:
        raise UsageError(
            "{results} does not say where its photos lie. Name their folder with --photos.",
            results=recipe.results,
        )
    if not root.exists():
        raise UsageError(
            "The photos are not in {root} any more. Mount the disk, or name their folder with --photos.",
            root=root,
        )
    return root.resolve()


def _of_stored(recipe: OrganiseRecipe, stored: Stored, table: tuple[Taxon, ...]) -> Organisable:
    asked = parse_recipe(Asked, stored.asked)
    named = {taxon.id: taxon for taxon in table}
    taxa = tuple(named.get(taxon.id, taxon) for taxon in stored.card.taxa)
    threshold = asked.threshold if recipe.threshold is None else recipe.threshold
    usual = rule_for(
        stored.card,
        stored.journal.detector,
        top_k=asked.top_k,
        threshold=threshold,
        detector_threshold=asked.detector_threshold,
    )
    rule = replace(usual, blanks=blanks_of(taxa))
    sequence_by = asked.sequence_by
    if Level.EVENT in levels_of(recipe.by) and sequence_by is SequenceBy.NONE:
        sequence_by = SequenceBy.EXIF
    how = Rendering(
        rule,
        stored.root,
        Context(asked.site_by, sequence_by, asked.gap),
        corrections=keep_corrections(stored.folder, None),
    )
    # Corrections may name what the model does not know, and the table does.
    return Organisable(
        _photos(recipe, stored.root),
        Names((*taxa, *(taxon for taxon in table if taxon.id not in {one.id for one in taxa}))),
        lambda: results(stored.places, stored, how),
        any(taxon.role in PRIVATE for taxon in taxa),
    )


def _of_detections(recipe: OrganiseRecipe, root: Path, table: tuple[Taxon, ...]) -> Organisable:
    source = open_detections(recipe.results, threshold=recipe.threshold, root=root)
    taxa = tuple({**{taxon.id: taxon for taxon in source.taxa()}, **{one.id: one for one in table}}.values())
    told = any(taxon.role in PRIVATE for taxon in taxa)
    # A list of boxes in pixels names its classes nowhere but in its rows.
    return Organisable(root, Names(taxa), source.results, told or None if not source.categories else told)
