"""New photos to a table that names each of them; stops and goes on."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from taxolens.core.errors import DataError, UsageError
from taxolens.core.progress import Progress, Silent
from taxolens.core.records import Failure, Status
from taxolens.core.texts import Say, plain
from taxolens.formats.result import Result
from taxolens.formats.results_csv import is_results_csv, write_results_csv
from taxolens.inference.answered import Answered
from taxolens.inference.context import Context
from taxolens.inference.decision import DecisionRule
from taxolens.inference.journal import Journal, new_journal
from taxolens.inference.pipeline import MENDED_ELSEWHERE, Look, answer, count, results
from taxolens.inference.predictor import Predictor, open_predictor, threads_for
from taxolens.inference.row import Row
from taxolens.inference.scan import scan
from taxolens.inference.store import SUFFIX, Store, open_store
from taxolens.recipes.identify import IdentifyRecipe
from taxolens.storage.atomic import told_as_output
from taxolens.storage.signature import image_format, read_head

_FAILURES_KEPT = 1000


@dataclass(frozen=True, slots=True)
class IdentifySummary:
    """What an identification found: found = answered + blank + failed.

    Attributes:
        found: photos found.
        answered: photos with an answer, "unsure" among them.
        blank: photos whose best class means that nothing is there.
        unsure: answers below the threshold.
        failed: photos that could not be read.
        skipped: photos whose answer an earlier run had kept.
        seconds: wall time.
        failures: the first 1,000 photos that could not be read; the table lists all.
    """

    found: int
    answered: int
    blank: int
    unsure: int
    failed: int
    skipped: int
    seconds: float
    failures: tuple[Failure, ...]


def identify(
    recipe: IdentifyRecipe, *, progress: Progress | None = None, say: Say = plain
) -> IdentifySummary:
    """Names what is in photos and writes the table.

    A stop at any moment, also a hard one, keeps what was answered: the same recipe goes on and ends with
    the table that an uninterrupted run would have written. A recipe that differs only in how it decides
    (threshold, top_k, site_by, sequence_by) renders the table anew without looking at a photo.

    Raises:
        UsageError: a value of the recipe cannot be meant, or the results at `out` belong to other work.
        DataError: there are no photos, or they went away.
        ModelError: the model file cannot be used.
        OutputError: results cannot be written.
    """
    progress = progress or Silent()
    began = time.monotonic()
    workers = _checked(recipe)
    predictor = open_predictor(recipe.model)
    rule = predictor.rule(top_k=recipe.top_k, threshold=recipe.threshold)
    if next(scan(recipe.photos), None) is None:
        raise DataError("There are no photos in {photos}. Name another folder.", photos=recipe.photos)
    look = Look(recipe.photos, predictor, workers, recipe.max_megapixels)
    with open_store(recipe.out, _journal(recipe.photos, predictor), restart=recipe.restart) as store:
        tally, skipped = _run(recipe, look, store, rule, progress, say)
    return tally.summary(skipped=skipped, seconds=time.monotonic() - began)


def _checked(recipe: IdentifyRecipe) -> int:
    """Refuses what cannot be meant before anything is touched; how many threads to use."""
    if not recipe.photos.exists():
        raise UsageError("There is no photo and no folder {photos}. Check the path.", photos=recipe.photos)
    if recipe.photos.is_file() and image_format(read_head(recipe.photos)) is None:
        raise UsageError(
            "{photos} is no photo. Name a photo, or a folder of photos; unpack an archive first.",
            photos=recipe.photos,
        )
    _check_place(recipe)
    if not recipe.max_megapixels > 0:
        raise UsageError(
            "Photos of at most {megapixels} megapixels are none. Give a number above 0.",
            megapixels=recipe.max_megapixels,
        )
    return threads_for(recipe.workers)


def _check_place(recipe: IdentifyRecipe) -> None:
    """A table takes the place of an earlier table, and of nothing else."""
    out = recipe.out
    if out.suffix.lower() != ".csv":
        raise UsageError("The table {out} must have a name that ends in .csv.", out=out)
    if out.is_dir():
        raise UsageError("{out} is a folder. Name a file for the table.", out=out)
    if out.resolve() in (recipe.model.resolve(), recipe.photos.resolve()):
        raise UsageError("{out} is read, so the table cannot be written there. Name another --out.", out=out)
    with told_as_output(out):
        if not out.is_file() or not out.stat().st_size or out.with_name(out.name + SUFFIX).is_dir():
            return
        if not is_results_csv(out):
            raise UsageError(
                "{out} is there already and is no table of results. Move it away or name another --out.",
                out=out,
            )


def _journal(photos: Path, predictor: Predictor) -> Journal:
    return new_journal(
        model_sha256=predictor.model.sha256,
        model_name=predictor.card.name,
        labels=predictor.labels,
        photos=photos.resolve(),
    )


def _run(
    recipe: IdentifyRecipe, look: Look, store: Store, rule: DecisionRule, progress: Progress, say: Say
) -> tuple[_Tally, int]:
    """From an open store to the table; the tally, and how many photos were answered before."""
    answered = _answered(recipe, store, progress, say)
    found, known = count(recipe.photos, answered)
    if known:
        progress.note(say("{known} of {found} photos are answered already.").format(known=known, found=found))
    places = answer(look, store, answered, total=found - known, progress=progress, say=say)
    tally = _Tally()
    context = Context(recipe.site_by, recipe.sequence_by, recipe.gap)
    rows = results(places, store, rule, root=recipe.photos, context=context)
    counted = progress.track(tally.counting(rows), what=say("Writing the table"), total=len(places))
    write_results_csv(counted, recipe.out, top_k=recipe.top_k)
    return tally, known


def _answered(recipe: IdentifyRecipe, store: Store, progress: Progress, say: Say) -> Answered:
    def again(row: Row) -> bool:
        return row.fault is not None and (recipe.retry_failed or row.fault.code in MENDED_ELSEWHERE)

    def damaged(name: str) -> None:
        progress.note(
            say(
                "A part of the earlier results was damaged and is set aside as {name}; "
                "its photos are looked at again."
            ).format(name=name)
        )

    return store.load(again=again, damaged=damaged)


class _Tally:
    """Counts results as they pass."""

    def __init__(self) -> None:
        self._statuses: Counter[Status] = Counter()
        self._unsure = 0
        self._failures: list[Failure] = []

    def counting(self, rows: Iterable[Result]) -> Iterator[Result]:
        """Yields the results and counts them."""
        for row in rows:
            said = row.prediction
            self._statuses[said.status] += 1
            self._unsure += said.status is Status.OK and said.label != said.top1
            if said.failure and len(self._failures) < _FAILURES_KEPT:
                self._failures.append(said.failure)
            yield row

    def summary(self, *, skipped: int, seconds: float) -> IdentifySummary:
        """The counts."""
        return IdentifySummary(
            found=self._statuses.total(),
            answered=self._statuses[Status.OK],
            blank=self._statuses[Status.BLANK],
            unsure=self._unsure,
            failed=self._statuses[Status.FAILED],
            skipped=skipped,
            seconds=seconds,
            failures=tuple(self._failures),
        )
