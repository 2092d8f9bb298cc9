"""New photos to a table that names each of them; stops and goes on."""

from __future__ import annotations

import time
from array import array
from dataclasses import dataclass

from taxolens.core.errors import DataError, MissingExtra, UsageError
from taxolens.core.progress import Progress, Silent
from taxolens.core.texts import Say, plain
from taxolens.imaging.video import can_read_clips
from taxolens.inference.answered import Answered, Place
from taxolens.inference.cascade import rule_for
from taxolens.inference.cascade_predictor import CascadePredictor
from taxolens.inference.clip import Sampling
from taxolens.inference.context import Context
from taxolens.inference.decision import DecisionRule
from taxolens.inference.journal import Journal, new_journal
from taxolens.inference.opened import AnyPredictor, open_model
from taxolens.inference.pipeline import MENDED_ELSEWHERE, Found, Look, answer, find
from taxolens.inference.predictor import threads_for
from taxolens.inference.rendering import Rendering, results
from taxolens.inference.row import Row
from taxolens.inference.scan import Shard, scan
from taxolens.inference.store import Store, open_store
from taxolens.recipes.identify import IdentifyRecipe
from taxolens.recipes.shard import shard_of
from taxolens.storage.photos import LeftOut, is_clip
from taxolens.storage.signature import image_format, read_head
from taxolens.workflows.clock_check import ClockCheck
from taxolens.workflows.draw import Gallery, check_gallery, draw_pictures
from taxolens.workflows.finished import Finished
from taxolens.workflows.kept_corrections import CorrectionCheck, keep_corrections
from taxolens.workflows.marks import Marks
from taxolens.workflows.results_out import ResultsOut, results_out
from taxolens.workflows.tally import Counts, Tally

_NAMED = 5


@dataclass(frozen=True, slots=True)
class IdentifySummary(Counts):
    """What an identification found.

    Attributes:
        skipped: photos whose answer an earlier run had kept.
        seconds: wall time.
        drawn: pictures of what was found that there are now; None where none were asked for.
    """

    skipped: int
    seconds: float
    drawn: int | None = None


def identify(
    recipe: IdentifyRecipe, *, progress: Progress | None = None, say: Say = plain
) -> IdentifySummary:
    """Names what is in photos and writes what was asked for.

    A stop at any moment, also a hard one, keeps what was answered: the same recipe goes on and ends with
    what an uninterrupted run would have written. A recipe that differs only in how it decides (threshold,
    top_k, site_by, sequence_by) or writes (format) renders the results anew without looking at a photo.

    Raises:
        UsageError: a value of the recipe cannot be meant, or the results at `out` belong to other work.
        DataError: there are no photos, or they went away.
        ModelError: the model file cannot be used.
        OutputError: results cannot be written.
        MissingExtra: the format needs a library that is not installed.
    """
    progress = progress or Silent()
    began = time.monotonic()
    workers = _checked(recipe)
    predictor = open_model(
        recipe.model, recipe.engine, calls=workers, detector=recipe.detector, tile=recipe.tile
    )
    rule = _rule(recipe, predictor)
    shard = Shard(*shard_of(recipe.shard))
    _check_something(recipe)
    sampling = Sampling(recipe.every, recipe.most_frames)
    look = Look(
        recipe.photos, predictor, workers, recipe.max_megapixels, shard, sampling, clips=can_read_clips()
    )
    journal = _journal(recipe, predictor)
    card = predictor.card
    out = results_out(recipe.output, journal, card, taxa=card.taxa, top_k=recipe.top_k)
    with open_store(recipe.out, journal, restart=recipe.restart) as store:
        out = out.made(store.journal.created)
        tally, skipped, pictures = _run(recipe, look, store, rule, out, progress, say)
    counts = {name: getattr(tally, name) for name in Counts.__slots__}
    seconds = time.monotonic() - began
    return IdentifySummary(**counts, skipped=skipped, seconds=seconds, drawn=pictures)


def _rule(recipe: IdentifyRecipe, predictor: AnyPredictor) -> DecisionRule:
    return rule_for(
        predictor.card,
        predictor.part if isinstance(predictor, CascadePredictor) else None,
        top_k=recipe.top_k,
        threshold=recipe.threshold,
        detector_threshold=recipe.detector_threshold,
    )


def _checked(recipe: IdentifyRecipe) -> int:
    """Refuses what cannot be meant before anything is touched; how many threads to use."""
    if not recipe.photos.exists():
        raise UsageError("There is no photo and no folder {photos}. Check the path.", photos=recipe.photos)
    is_photo = image_format(read_head(recipe.photos)) is not None or is_clip(recipe.photos.name)
    if recipe.photos.is_file() and not is_photo:
        raise UsageError(
            "{photos} is no photo. Name a photo, or a folder of photos; unpack an archive first.",
            photos=recipe.photos,
        )
    _check_apart(recipe)
    if not recipe.max_megapixels > 0:
        raise UsageError(
            "Photos of at most {megapixels} megapixels are none. Give a number above 0.",
            megapixels=recipe.max_megapixels,
        )
    return threads_for(recipe.workers)


def _check_something(recipe: IdentifyRecipe) -> None:
    """Refuses a folder of nothing, or of nothing but clips where these cannot be read."""
    if next(scan(recipe.photos, clips=can_read_clips()), None) is not None:
        return
    if next(scan(recipe.photos, clips=True), None) is not None:
        raise MissingExtra(
            "There are only clips in {photos}. Reading clips needs an optional part: "
            "pip install 'taxolens[video]'.",
            photos=recipe.photos,
        )
    raise DataError("There are no photos in {photos}. Name another folder.", photos=recipe.photos)


def _check_apart(recipe: IdentifyRecipe) -> None:
    out = recipe.out
    read = (recipe.model, recipe.photos, *([recipe.detector] if recipe.detector else []))
    if out.resolve() in {one.resolve() for one in read}:
        raise UsageError("{out} is read, so results cannot be written there. Name another --out.", out=out)
    if recipe.draw is not None:
        check_gallery(recipe.draw, recipe.photos)


def _journal(recipe: IdentifyRecipe, predictor: AnyPredictor) -> Journal:
    number, count = shard_of(recipe.shard)
    return new_journal(
        model_sha256=predictor.model.sha256,
        model_name=predictor.card.name,
        labels=predictor.labels,
        photos=recipe.photos.resolve(),
        card=predictor.card,
        shard=f"{number}/{count}" if count > 1 else "",
        engine=predictor.engine,
        detector=predictor.part if isinstance(predictor, CascadePredictor) else None,
    )


def _run(
    recipe: IdentifyRecipe,
    look: Look,
    store: Store,
    rule: DecisionRule,
    out: ResultsOut,
    progress: Progress,
    say: Say,
) -> tuple[Counts, int, int | None]:
    """From an open store to what is written; the counts, how many photos were answered before, and how many
    pictures were drawn."""
    corrections = keep_corrections(store.folder, recipe.corrections)
    answered = _answered(recipe, store, progress, say)
    places, known = _places(look, store, answered, progress, say)
    store.enrol(places, _asked(recipe))
    finished = Finished(recipe, store, places, corrections)
    counts = finished.counts()
    context = Context(recipe.site_by, recipe.sequence_by, recipe.gap)
    how = Rendering(rule, recipe.photos, context, corrections=corrections)
    if counts is None:
        counts = _written(places, store, how, out, progress, say)
        finished.leave(counts)
    if recipe.draw is None:
        return counts, known, None
    gallery = Gallery(recipe.draw, recipe.photos, recipe.draw_blanks, recipe.max_megapixels)
    marks, total = Marks(out.about.names(), recipe.language, say), len(places)
    found = results(places, store, how)
    drawn = draw_pictures(
        gallery, found, marks, workers=look.workers, total=total, progress=progress, say=say
    )
    return counts, known, drawn


def _written(
    places: array[Place], store: Store, how: Rendering, out: ResultsOut, progress: Progress, say: Say
) -> Counts:
    """Writes the results, and says what of them is odd."""
    check, clocks, tally = CorrectionCheck(how.corrections, how.rule.labels), ClockCheck(), Tally()
    rows = tally.counting(clocks.watching(check.watching(results(places, store, how))))
    # How many boxes there are is known once they are counted.
    total = len(places) if how.rule.least is None else None
    try:
        out.write(progress.track(rows, what=say("Writing the results"), total=total))
    except KeyboardInterrupt:
        progress.note(say("Stopped. All photos are answered; the same command writes the results."))
        raise
    check.tell(progress, say)
    clocks.tell(progress, say)
    return tally.counts()


def _places(
    look: Look, store: Store, answered: Answered, progress: Progress, say: Say
) -> tuple[array[Place], int]:
    """Looks at the photos that are not answered; where all rows lie, and how many were there before."""
    found = find(look.root, answered, look.shard, clips=look.clips)
    _tell_left_out(found, progress, say)
    _tell_clips(found, progress, say)
    known = len(found.places)
    if known:
        progress.note(
            say("{known} of {found} photos are answered already.").format(known=known, found=found.photos)
        )
    if known == found.photos:
        return found.places, known
    places = answer(look, store, answered, total=found.photos - known, progress=progress, say=say)
    if look.changed.count:
        progress.note(
            say(
                "Photos that changed while they were read: {count} ({names}). The next run looks again."
            ).format(count=look.changed.count, names=", ".join(sorted(look.changed.names)[:_NAMED]))
        )
    return places, known


def _tell_left_out(found: Found, progress: Progress, say: Say) -> None:
    links, resources = found.left_out[LeftOut.LINK], found.left_out[LeftOut.RESOURCE]
    if resources:
        progress.note(
            say("Files whose names begin with ._ are no photos; left out: {count}.").format(count=resources)
        )
    if links:
        progress.note(
            say("Links that lead out of the folder are not followed: {count} ({links}).").format(
                count=links,
                links=", ".join([*found.links, "..."] if links > len(found.links) else found.links),
            )
        )


def _tell_clips(found: Found, progress: Progress, say: Say) -> None:
    if found.clips:
        progress.note(
            say(
                "Clips that are not looked at: {count} ({names}). Reading clips needs an optional part: "
                "pip install 'taxolens[video]'."
            ).format(
                count=found.clips,
                names=", ".join(
                    [*found.clip_names, "..."] if found.clips > len(found.clip_names) else found.clip_names
                ),
            )
        )


def _asked(recipe: IdentifyRecipe) -> dict[str, object]:
    """How the table is decided, for those who decide anew."""
    return {
        "threshold": recipe.threshold,
        "detector_threshold": recipe.detector_threshold,
        "top_k": recipe.top_k,
        "site_by": recipe.site_by.value,
        "sequence_by": recipe.sequence_by.value,
        "gap": recipe.gap,
    }


def _answered(recipe: IdentifyRecipe, store: Store, progress: Progress, say: Say) -> Answered:
    def again(row: Row) -> bool:
        looked = row.looked
        if looked is not None and (looked.every, looked.most) != (recipe.every, recipe.most_frames):
            return True  # other frames of the clip are asked for
        return row.fault is not None and (recipe.retry_failed or row.fault.code in MENDED_ELSEWHERE)

    def damaged(name: str) -> None:
        progress.note(
            say(
                "A part of the earlier results was damaged and is set aside as {name}; "
                "its photos are looked at again."
            ).format(name=name)
        )

    return store.load(again=again, damaged=damaged)
