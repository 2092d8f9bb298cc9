"""Results of several machines, or of several parts of the photos, as one."""

from __future__ import annotations

import heapq
import time
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from taxolens.core.errors import DataError, UsageError
from taxolens.core.progress import Progress, Silent
from taxolens.core.texts import Say, plain
from taxolens.formats.corrections import Correction, write_corrections
from taxolens.inference.cascade import rule_for
from taxolens.inference.context import Context
from taxolens.inference.journal import Journal, new_journal, read_journal, same_look, tiles_of
from taxolens.inference.rendering import Rendering, results
from taxolens.inference.row import Row
from taxolens.inference.store import open_store
from taxolens.inference.stored import Stored, open_stored, results_folder, scan_order
from taxolens.recipes.derive import Asked, MergeRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.workflows.kept_corrections import FILE, keep_corrections
from taxolens.workflows.results_out import results_out
from taxolens.workflows.tally import Counts, Tally


@dataclass(frozen=True, slots=True)
class MergeSummary(Counts):
    """What was united.

    Attributes:
        twice: photos that were in more than one of the results.
        seconds: wall time.
    """

    twice: int
    seconds: float


def merge(recipe: MergeRecipe, *, progress: Progress | None = None, say: Say = plain) -> MergeSummary:
    """Unites results and writes them as the first of them was asked for.

    The union is a folder of results of its own: it can be decided anew and united further, and an identification
    with the same output goes on with it.

    Raises:
        UsageError: results of several models, an output that is one of them, or nothing to unite.
        DataError: results are damaged, or one name stands for several photos.
        OutputError: something cannot be written.
    """
    progress = progress or Silent()
    began = time.monotonic()
    shards = [open_stored(one) for one in dict.fromkeys(map(results_folder, recipe.results))]
    _check(shards, recipe)
    _tell(shards, progress, say)
    first = shards[0]
    asked = _asked(shards, progress, say)
    out = results_out(recipe.output, first.journal, first.card, taxa=first.card.taxa, top_k=asked.top_k)
    tally, union = Tally(), _Union()
    with open_store(recipe.output.out, _journal(first), restart=True) as store:
        corrections = _corrections(shards, store.folder)
        total = sum(len(shard.places) for shard in shards)
        found = progress.track(_rows(shards), what=say("Uniting"), total=total)
        places = array("Q", (store.append(row) for row in union.once(found)))
        store.flush()
        store.enrol(places, first.asked)
        out.write(tally.counting(results(places, store, _rendering(first, asked, corrections))))
    counts = tally.counts()
    return MergeSummary(
        **{name: getattr(counts, name) for name in Counts.__slots__},
        twice=union.twice,
        seconds=time.monotonic() - began,
    )


@dataclass(slots=True)
class _Found:
    """A row and the results that it is from."""

    row: Row
    folder: Path


class _Union:
    """Each photo once."""

    def __init__(self) -> None:
        self.twice = 0

    def once(self, found: Iterable[_Found]) -> Iterator[Row]:
        """The rows, of several about one photo the one that says most, then the newest, then the first."""
        for _, several in groupby(found, key=lambda one: one.row.stamp.name):
            best, *others = several
            for other in others:
                best = _better(best, other)
            self.twice += bool(others)
            yield best.row


def _better(one: _Found, other: _Found) -> _Found:
    if one.row.stamp.size != other.row.stamp.size:
        raise DataError(
            "{name} is not the same photo in {one} and in {other}. Identify folders that share names together, "
            "or from the folder above them.",
            name=one.row.stamp.name,
            one=one.folder.name,
            other=other.folder.name,
        )
    return max(one, other, key=lambda found: (found.row.fault is None, found.row.stamp.mtime_ns))


def _rows(shards: list[Stored]) -> Iterator[_Found]:
    """The rows of all, in the order of a scan."""

    def own(shard: Stored) -> Iterator[_Found]:
        for place in shard.places:
            yield _Found(shard.row(place), shard.folder)

    return heapq.merge(*map(own, shards), key=lambda found: scan_order(found.row.stamp.name))


def _check(shards: list[Stored], recipe: MergeRecipe) -> None:
    first = shards[0].journal
    for shard in shards:
        other = shard.journal
        if (other.model_sha256, other.labels) != (first.model_sha256, first.labels):
            raise UsageError(
                "The results in {one} and {other} were made with two models ({first} and {second}), so they cannot "
                "be united. Identify the photos of one of them with the other's model.",
                one=shards[0].folder.name,
                other=shard.folder.name,
                first=f"{first.model_name}, {first.model_sha256[:12]}",
                second=f"{other.model_name}, {other.model_sha256[:12]}",
            )
        if not same_look(first.detector, other.detector) or tiles_of(first) != tiles_of(other):
            raise UsageError(
                "The results in {one} and {other} were not made with the same detector, crops and tiles, so they cannot "
                "be united. Identify the photos of one of them as those of the other were.",
                one=shards[0].folder.name,
                other=shard.folder.name,
            )
    folder = results_folder(recipe.output.out)
    there = read_journal(folder) if folder.is_dir() else None
    if there is not None and not there.merged:
        raise UsageError(
            "The results at {out} were made by taxolens identify and would be lost. Name another --out.",
            out=recipe.output.out,
        )
    if any(shard.folder.resolve() == folder.resolve() for shard in shards):
        raise UsageError(
            "{out} is one of the results that are united. Name another --out.", out=recipe.output.out
        )


def _tell(shards: list[Stored], progress: Progress, say: Say) -> None:
    """Says what is not whole: it can be united all the same, and again later."""
    for shard in shards:
        if not shard.finished:
            progress.note(
                say("The run that left {folder} has not reached its end. Photos answered: {count}.").format(
                    folder=shard.folder.name, count=len(shard.places)
                )
            )
    parts = {shard.journal.shard for shard in shards if shard.journal.shard}
    counts = {int(part.partition("/")[2]) for part in parts}
    for count in sorted(counts):
        missing = [f"{i}/{count}" for i in range(1, count + 1) if f"{i}/{count}" not in parts]
        if missing:
            progress.note(say("Parts of the photos are missing: {shards}.").format(shards=", ".join(missing)))


def _asked(shards: list[Stored], progress: Progress, say: Say) -> Asked:
    """How the first was asked for."""
    asked = [parse_recipe(Asked, shard.asked) for shard in shards]
    if any(one != asked[0] for one in asked):
        progress.note(
            say("The results were asked for in several ways; the table is decided as {folder} was.").format(
                folder=shards[0].folder.name
            )
        )
    return asked[0]


def _journal(first: Stored) -> Journal:
    journal = new_journal(
        model_sha256=first.journal.model_sha256,
        model_name=first.journal.model_name,
        labels=first.journal.labels,
        photos=first.root,
        card=first.card,
        detector=first.journal.detector,
    )
    return replace(journal, created=first.journal.created, engine=first.journal.engine, merged=True)


def _corrections(shards: list[Stored], folder: Path) -> Mapping[str, Correction]:
    """What people said of the photos of any; of several about one photo, the last."""
    said: dict[str, Correction] = {}
    for shard in shards:
        said |= keep_corrections(shard.folder, None)
    if said:
        write_corrections(said, folder / FILE)
    return said


def _rendering(first: Stored, asked: Asked, corrections: Mapping[str, Correction]) -> Rendering:
    rule = rule_for(
        first.card,
        first.journal.detector,
        top_k=asked.top_k,
        threshold=asked.threshold,
        detector_threshold=asked.detector_threshold,
    )
    context = Context(asked.site_by, asked.sequence_by, asked.gap)
    return Rendering(rule, first.root, context, corrections=corrections)
