"""One trial of a search: train with these values, stop when it lags or when time is out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from taxolens.core.errors import TrainingFailed, UsageError
from taxolens.core.progress import Progress
from taxolens.core.search import Attempt, Outcome, Trial, TrialState, best_of
from taxolens.core.texts import Say, noted
from taxolens.core.tracking import Ending
from taxolens.core.trainer import AnyTrainer, Epoch, TrainingRequest
from taxolens.recipes.network import NetworkRecipe
from taxolens.recipes.space import Ranges, applied
from taxolens.recipes.train import TrainRecipe
from taxolens.report.wording import Wording
from taxolens.workflows.network_lesson import NetworkLesson
from taxolens.workflows.network_training import request_of
from taxolens.workflows.tracking import Tracking
from taxolens.workflows.tune_place import TunePlace

Item = TypeVar("Item")

_NO_NUMBER = noted("The validation loss is no number.")


@dataclass(frozen=True, slots=True)
class Bench:
    """What all trials share.

    Attributes:
        settings: what is not searched, with the values of trial 0.
        tracking: of the search.
    """

    recipe: TrainRecipe
    teacher: AnyTrainer
    settings: NetworkRecipe
    ranges: Ranges
    lesson: NetworkLesson
    place: TunePlace
    tracking: Tracking

    def request(self, settings: NetworkRecipe, number: int) -> TrainingRequest[object]:
        """What the trainer is asked in a trial; its checkpoint lies with the trial."""
        folder = self.place.of_trial(number)
        folder.mkdir(parents=True, exist_ok=True)
        return request_of(self.recipe, settings, self.lesson, folder)


class Rehearsal:
    """Makes trials until `deadline`, a reading of the monotonic clock.

    Args:
        known: gives all trials so far.

    Attributes:
        latest: number of the trial that was made last.
    """

    def __init__(
        self,
        bench: Bench,
        known: Callable[[], tuple[Trial, ...]],
        deadline: float,
        progress: Progress,
        say: Say,
    ) -> None:
        self._bench, self._known, self._deadline = bench, known, deadline
        self._progress, self._say = progress, say
        self.latest = 0

    @property
    def out_of_time(self) -> bool:
        """Whether no further epoch is to begin."""
        return time.monotonic() >= self._deadline

    def __call__(self, attempt: Attempt) -> Outcome:
        """Trains; what fails is a failed trial, unless it is the default that cannot be meant.

        The same values lead to the same network, so they are not tried twice.
        """
        self.latest = attempt.number
        for one in self._known():
            if one.outcome.state is TrialState.COMPLETE and one.values == attempt.values:
                return replace(one.outcome, seconds=0.0)
        watcher = _Watcher(self, attempt, self._bench.settings.epochs)
        what = self._say("Trial {number}").format(number=attempt.number)
        with self._bench.tracking.part(attempt.number, attempt.values) as tracking:
            try:
                settings = applied(self._bench.ranges.base, attempt.values)
                request = self._bench.request(settings, attempt.number)
                request = replace(request, on_epoch=watcher, watch=tracking.learnt)
                epochs = self._bench.teacher.rehearse(
                    request, progress=_Under(self._progress, what), say=self._say
                )
            except (TrainingFailed, UsageError) as error:
                if isinstance(error, UsageError) and attempt.number == 0:
                    raise
                tracking.ending = Ending.FAILED
                return Outcome(TrialState.FAILED, why=error.told(self._say))
            outcome = outcome_of(epochs, watcher.state, self._say)
            tracking.ending = Ending.DONE if outcome.state is TrialState.COMPLETE else Ending.STOPPED
            return outcome


class _Watcher:
    """Told of every epoch of a trial."""

    def __init__(self, rehearsal: Rehearsal, attempt: Attempt, total: int) -> None:
        self._rehearsal, self._attempt, self._total = rehearsal, attempt, total
        self.state = TrialState.COMPLETE

    def __call__(self, number: int, epoch: Epoch) -> bool:
        going_on = self._attempt.report(number, epoch.val_accuracy or 0.0)
        if number >= self._total:
            return True
        if not going_on:
            self.state = TrialState.PRUNED
        elif self._rehearsal.out_of_time:
            self.state = TrialState.UNFINISHED
        return self.state is TrialState.COMPLETE


class _Under:
    """Progress of one trial: its bars bear its name, its epochs are not told line by line."""

    def __init__(self, progress: Progress, what: str) -> None:
        self._progress, self._what = progress, what

    def track(self, items: Iterable[Item], *, what: str, total: int | None = None) -> Iterator[Item]:
        """Yields the items and counts them."""
        return self._progress.track(items, what=f"{self._what} · {what}", total=total)

    def note(self, text: str) -> None:
        """Says nothing."""
        del text


def outcome_of(epochs: Sequence[Epoch], state: TrialState, say: Say) -> Outcome:
    """The figures of the epoch whose weights are kept: the one with the least loss on validation."""
    known = [one for one in epochs if one.val_loss is not None and math.isfinite(one.val_loss)]
    best = min(known, key=lambda one: one.val_loss or 0.0, default=None)
    if best is None and state is TrialState.COMPLETE:
        return Outcome(TrialState.FAILED, why=say(_NO_NUMBER), epochs=len(epochs))
    return Outcome(
        state=state,
        figure=best.val_accuracy if best else None,
        loss=best.val_loss if best else None,
        best=best.number if best else None,
        epochs=len(epochs),
        seconds=sum(one.seconds for one in epochs),
    )


def told_trial(trials: tuple[Trial, ...], last: Trial, most: int, wording: Wording) -> str:
    """A trial in one line, with the time that is left."""
    say, outcome, best = wording.say, last.outcome, best_of(trials)
    done = [one for one in trials if one.outcome.state is not TrialState.UNFINISHED]
    each = sum(one.outcome.seconds for one in done) / max(1, len(done))
    parts = [
        say("Trial {number}, {done} of {most}: {state}").format(
            number=last.number, done=len(done), most=most, state=say(outcome.state.value)
        )
    ]
    if outcome.why:
        parts[0] += f" ({outcome.why})"
    if outcome.figure is not None:
        parts.append(say("{right} right").format(right=wording.percent(outcome.figure)))
    if best is not None and best.outcome.figure is not None:
        parts.append(
            say("best so far trial {number} with {right}").format(
                number=best.number, right=wording.percent(best.outcome.figure)
            )
        )
    if len(done) < most:
        left = wording.duration((most - len(done)) * each)
        parts.append(say("about {time} left").format(time=left))
    return ", ".join(parts)
