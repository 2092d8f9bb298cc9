"""From labelled photos to the best settings that a search finds, and the run that they lead to."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from taxolens.core.errors import TrainingFailed, UsageError
from taxolens.core.progress import Passing, Progress, Silent
from taxolens.core.records import Failure, Part
from taxolens.core.search import (
    PHOTOS,
    RANGES,
    SETTINGS,
    STUDY,
    Searcher,
    SearchPlan,
    Study,
    Trial,
    TrialState,
    best_of,
)
from taxolens.core.texts import Say, noted, plain
from taxolens.core.tracking import TrackerOpener
from taxolens.core.trainer import AnyTrainer
from taxolens.evaluation.result import ClassificationResult
from taxolens.recipes.network import NetworkRecipe
from taxolens.recipes.space import Ranges, applied, extremes_of, ranges_of
from taxolens.recipes.tune import TuneRecipe
from taxolens.report.wording import Wording
from taxolens.storage.atomic import written_whole
from taxolens.workflows.listener import Listener
from taxolens.workflows.model_card import class_taxa
from taxolens.workflows.network_lesson import fingerprint_of
from taxolens.workflows.network_run import write_network_run
from taxolens.workflows.network_training import Schooled, judged_network, look_at_photos
from taxolens.workflows.networks import resolve_network
from taxolens.workflows.run_folder import (
    BEST,
    REPORT,
    TRIALS,
    TUNING,
    check_free,
    json_text,
    run_folder,
)
from taxolens.workflows.stopwatch import Stopwatch
from taxolens.workflows.tracking import Trackers, Tracking, figures_of_test, run_of
from taxolens.workflows.tune_document import best_toml, search_document, write_trials
from taxolens.workflows.tune_facts import Searched
from taxolens.workflows.tune_page import tuning_page
from taxolens.workflows.tune_place import TunePlace, tune_place
from taxolens.workflows.tune_trials import Bench, Rehearsal, told_trial

_NOTHING_TO_CHOOSE_BY = noted(
    "There are no validation photos to choose by. Keep some with --split, such as --split 70/20/10."
)


@dataclass(frozen=True, slots=True)
class TuneSummary:
    """What a search left.

    Attributes:
        run: the run folder; None: another process still works at the search and will write it.
        found: the search.
        result: of the best trial's network, on the photos that were held back.
        failures: photos that could not be read.
    """

    run: Path | None
    found: Searched
    result: ClassificationResult | None
    failures: tuple[Failure, ...]

    def lines(self, wording: Wording) -> tuple[str, ...]:
        """The outcome in a few sentences."""
        say = wording.say
        if self.run is None:
            return (say("Another process still works at this search and will write the run."),)
        told = [*self.found.verdict(wording)]
        if self.result is not None and self.result.n:
            told.append(
                say("On {n} photos that the search had never seen, it named {right} rightly.").format(
                    n=wording.count(self.result.n), right=wording.percent(self.result.accuracy.value)
                )
            )
        told.append(say("The search: {page}").format(page=self.run / TUNING))
        told.append(say("The report: {report}").format(report=self.run / REPORT))
        told.append(say("The settings, for taxolens train --recipe: {file}").format(file=self.run / BEST))
        return tuple(told)


def tune(
    recipe: TuneRecipe,
    *,
    home: Path,
    trainer: Callable[[str], AnyTrainer],
    searcher: Callable[[], Searcher],
    tracker: Callable[[str], TrackerOpener] | None = None,
    progress: Progress | None = None,
    say: Say = plain,
) -> TuneSummary:
    """Searches as the recipe says, or goes on with a search, beside other processes perhaps.

    Args:
        home: the user's Taxolens folder.
        trainer: gives what trains networks, by the method's name.
        searcher: gives what searches.
        tracker: gives what tracks a training, by name.

    Raises:
        UsageError: a recipe that cannot be meant, or a search of something else in the same folder.
        TrainingFailed: no trial came to an end.
        OutputError: the run folder cannot be written.
    """
    began = time.monotonic()
    train = recipe.train
    check_free(train.out, overwrite=train.overwrite, data=train.source.data)
    class_taxa(train, ())
    listener, watch = Listener(progress or Silent()), Stopwatch()
    trackers = Trackers(train.track, tracker)
    teacher, search = trainer(train.method), searcher()
    settings = teacher.settled(resolve_network(train.network, train.method, home))
    ranges = _ranges(recipe, teacher, settings)
    with (
        tune_place(recipe) as place,
        trackers.track(run_of(train, place.tracking, home), listener.progress, say) as tracking,
    ):
        bench = _bench(recipe, teacher, settings, ranges, place, home, tracking, listener, watch, say)
        study = search(place.folder, _plan(recipe, bench))
        deadline = began + 60 * (recipe.minutes or math.inf)
        rehearsal = Rehearsal(bench, study.trials, deadline, listener, say)
        teller = progress or Silent()
        try:
            with watch.stage(noted("Searching")):
                _search(recipe, study, rehearsal, bench, teller, say)
            return _concluded(recipe, bench, study, listener, watch, say)
        except KeyboardInterrupt:
            teller.note(say("Stopped. All trials are kept; the same command goes on."))
            raise
        finally:
            study.close()


def _concluded(
    recipe: TuneRecipe, bench: Bench, study: Study, listener: Listener, watch: Stopwatch, say: Say
) -> TuneSummary:
    """The last process that is left writes the run."""
    if not study.running():
        with bench.place.alone() as mine:
            if mine:
                return _finished(recipe, bench, _searched(recipe, bench, study), listener, watch, say)
    return TuneSummary(None, _searched(recipe, bench, study), None, bench.lesson.failures)


def _ranges(recipe: TuneRecipe, teacher: AnyTrainer, settings: NetworkRecipe) -> Ranges:
    """What is searched; what can be refused is refused before the first photo is looked at."""
    ranges = ranges_of(settings, recipe.train.method, recipe.space)
    teacher.input_of(applied(ranges.base, ranges.first), ())
    if recipe.space:
        for one in extremes_of(ranges):
            teacher.input_of(one, ())
    return ranges


def _bench(
    recipe: TuneRecipe,
    teacher: AnyTrainer,
    settings: NetworkRecipe,
    ranges: Ranges,
    place: TunePlace,
    home: Path,
    tracking: Tracking,
    listener: Listener,
    watch: Stopwatch,
    say: Say,
) -> Bench:
    train = recipe.train
    wanted = teacher.input_of(settings, ())
    lesson = look_at_photos(
        train, settings, wanted, place.own, home=home, listener=listener, watch=watch, say=say
    )
    if not len(lesson.rows(Part.VAL)):
        raise UsageError(_NOTHING_TO_CHOOSE_BY)
    return Bench(train, teacher, applied(ranges.base, ranges.first), ranges, lesson, place, tracking)


def _plan(recipe: TuneRecipe, bench: Bench) -> SearchPlan:
    ranges, train = bench.ranges, recipe.train
    told = {name: [type(one).__name__, asdict(one)] for name, one in sorted(ranges.space.items())}
    return SearchPlan(
        space=ranges.space,
        first=ranges.first,
        epochs=bench.settings.epochs,
        seed=train.network.seed,
        prune=recipe.prune,
        identity={
            PHOTOS: fingerprint_of(train, NetworkRecipe(), bench.lesson),
            # Without trial 0's values, which the ranges decide.
            RANGES: hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest(),
            SETTINGS: fingerprint_of(train, bench.settings, bench.lesson),
        },
    )


def _search(
    recipe: TuneRecipe, study: Study, rehearsal: Rehearsal, bench: Bench, progress: Progress, say: Say
) -> None:
    """Trial by trial, until there are enough or time is out."""
    wording = Wording(say, recipe.train.language)
    while study.attempt(recipe.trials, rehearsal):
        # Listed first: a trial that another process begins from now on must keep its checkpoint.
        there = bench.place.checkpoints()
        trials = study.trials()
        latest = next(one for one in trials if one.number == rehearsal.latest)
        progress.note(Passing(told_trial(trials, latest, recipe.trials, wording)))
        bench.place.forget(there - _kept(trials))
        if rehearsal.out_of_time:
            progress.note(say("The time is out."))
            return


def _kept(trials: tuple[Trial, ...]) -> frozenset[int]:
    """Those whose checkpoint is of use: the best, and what is to be gone on with."""
    best = best_of(trials)
    going = {one.number for one in trials if one.outcome.state is TrialState.UNFINISHED}
    return frozenset(going | ({best.number} if best else set()))


def _searched(recipe: TuneRecipe, bench: Bench, study: Study) -> Searched:
    train = recipe.train
    trials = study.trials()
    return Searched(
        name=train.name or train.source.data.resolve().stem,
        data=train.source.data.name,
        method=train.method,
        network=bench.settings.name,
        photos={part: len(bench.lesson.rows(part)) for part in Part},
        classes=len(bench.lesson.labels),
        asked=recipe.trials,
        epochs=bench.settings.epochs,
        space=bench.ranges.space,
        trials=trials,
        best=best_of(trials),
        importances=study.importances(),
    )


def _finished(
    recipe: TuneRecipe, bench: Bench, found: Searched, listener: Listener, watch: Stopwatch, say: Say
) -> TuneSummary:
    """Takes the best trial's training up again, which costs nothing, and makes a run of it."""
    train, wording = recipe.train, Wording(say, recipe.train.language)
    chosen = found.best or found.trials[0]
    if found.best is None and chosen.outcome.state is TrialState.FAILED:
        raise TrainingFailed("No trial came to an end. The default failed: {why}", why=chosen.outcome.why)
    settings = applied(bench.ranges.base, chosen.values)
    if found.best is None:
        listener.note(say("No trial came to an end, so the default is trained."))
    listener.note(found.origin(wording))
    with watch.stage(noted("Training the network")):
        request = bench.request(settings, chosen.number)
        network = bench.teacher.train(request, progress=listener, say=say)
    final = replace(train, network=settings)
    with watch.stage(noted("Judging")):
        schooled = judged_network(final, bench.lesson, network, listener, say)
    with (
        run_folder(train.out, overwrite=train.overwrite, data=train.source.data) as folder,
        watch.stage(noted("Writing and proving the model")),
    ):
        write_network_run(schooled, folder, dict(watch.seconds), listener, say)
        _write_search(schooled, bench, found, folder, wording)
        bench.tracking.learnt(network.epochs, lambda: network.examples)
        bench.tracking.judged(figures_of_test(schooled.result), folder)
    if recipe.json:
        document = search_document(found, final, schooled.result)
        with written_whole(recipe.json) as file:
            file.write(json_text(document).encode("utf-8"))
    return TuneSummary(train.out, found, schooled.result, bench.lesson.failures)


def _write_search(schooled: Schooled, bench: Bench, found: Searched, folder: Path, wording: Wording) -> None:
    (folder / TUNING).write_text(tuning_page(found, wording), encoding="utf-8")
    (folder / BEST).write_text(best_toml(schooled.recipe, found), encoding="utf-8")
    write_trials(found, folder / TRIALS)
    shutil.copyfile(bench.place.folder / STUDY, folder / STUDY)
