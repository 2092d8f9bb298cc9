"""Trackers beside a training: they are told what happens, and none of them can end it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from taxolens.core.errors import TaxolensError, UsageError
from taxolens.core.progress import Progress
from taxolens.core.search import Value
from taxolens.core.texts import Say, noted
from taxolens.core.tracking import Ending, TrackedEpoch, TrackedRun, Tracker, TrackerOpener
from taxolens.core.trainer import Examples
from taxolens.evaluation.detection.result import DetectionResult
from taxolens.evaluation.result import ClassificationResult
from taxolens.recipes.parse import recipe_document
from taxolens.recipes.train import TrainRecipe, parts_unread_by
from taxolens.tracking.history import History
from taxolens.workflows.runs_compare import flat_fields

CSV = "csv"
_TRACKED = noted("Tracked with {tracker}: {where}")
_LEFT_OUT = noted("{tracker} cannot be written: {why}. The training goes on without it.")


class Trackers:
    """What was asked for by name, loaded before any work is done.

    Args:
        names: as in the recipe; the table of epochs is always kept, and only told of when asked for.
        load: gives a tracker by name.

    Raises:
        UsageError: there is no such tracker.
        MissingExtra: it is not installed.
    """

    def __init__(self, names: Sequence[str], load: Callable[[str], TrackerOpener] | None) -> None:
        self._openers: dict[str, TrackerOpener] = {CSV: History}
        for name in names:
            if name != CSV:
                self._openers[name] = (load or _unknown)(name)
        self._asked = frozenset(names)

    @property
    def asked(self) -> bool:
        """Whether there is more than the table."""
        return len(self._openers) > 1

    def track(self, run: TrackedRun, progress: Progress, say: Say) -> AbstractContextManager[Tracking]:
        """Tracks a run for as long as a block lasts, and notes how it ended."""
        return _until_the_end(Tracking(self._openers, self._asked, run, progress, say))


class Tracking:
    """Trackers of one run, opened when there is something to write: a training that is refused leaves no trace.

    One that fails is told once and left out from then on.

    Args:
        told: names of those of which the user is told where to look.
        failed: names of those that are left out.

    Attributes:
        ending: how it ended, where that is not what the block's end says.
    """

    def __init__(
        self,
        openers: Mapping[str, TrackerOpener],
        told: frozenset[str],
        run: TrackedRun,
        progress: Progress,
        say: Say,
        failed: set[str] | None = None,
    ) -> None:
        self._openers, self._asked, self._run = openers, told, run
        self._progress, self._say = progress, say
        self._unopened, self._failed = dict(openers), set() if failed is None else failed
        self._trackers: dict[str, Tracker] = {}
        self.ending: Ending | None = None

    def part(self, number: int, values: Mapping[str, Value]) -> AbstractContextManager[Tracking]:
        """Tracks a trial of a search, nested in the search, which keeps its own tables of trials."""
        openers = {name: opener for name, opener in self._openers.items() if name != CSV}
        if openers:
            self._open()
        run = replace(
            self._run,
            name=f"{self._run.name} {number}",
            settings={name: str(value) for name, value in values.items()},
            place=self._run.place / str(number),
            parent=self._run.place,
        )
        part = Tracking(openers, frozenset(), run, self._progress, self._say, self._failed)
        return _until_the_end(part)

    def learnt(self, epochs: Sequence[TrackedEpoch], examples: Examples) -> None:
        """All epochs so far."""
        self._open()
        self._each(lambda tracker: tracker.learnt(epochs, examples))

    def judged(self, figures: Mapping[str, float], folder: Path) -> None:
        """What came out, and the complete run folder."""
        self._open()
        self._each(lambda tracker: tracker.judged(figures, folder))

    def close(self, ending: Ending) -> None:
        """Lets go of all."""
        self._each(lambda tracker: tracker.close(ending))

    def _open(self) -> None:
        while self._unopened:
            name = next(iter(self._unopened))
            opener = self._unopened.pop(name)
            if name not in self._failed:
                self._guarded(name, partial(self._open_one, name, opener))

    def _open_one(self, name: str, opener: TrackerOpener) -> None:
        self._run.place.mkdir(parents=True, exist_ok=True)
        self._trackers[name] = tracker = opener(self._run)
        if name in self._asked:
            self._progress.note(self._say(_TRACKED).format(tracker=name, where=tracker.where))

    def _each(self, act: Callable[[Tracker], None]) -> None:
        for name, tracker in tuple(self._trackers.items()):
            self._guarded(name, partial(act, tracker))

    def _guarded(self, name: str, act: Callable[[], None]) -> None:
        try:
            act()
        # A locked store, a server out of reach, a full disk, a fault of a library: the training matters more.
        except Exception as error:
            self._trackers.pop(name, None)
            self._failed.add(name)
            why = error.told(self._say) if isinstance(error, TaxolensError) else _first_line(error)
            self._progress.note(self._say(_LEFT_OUT).format(tracker=name, why=why.rstrip(".")))


@contextmanager
def _until_the_end(tracking: Tracking) -> Iterator[Tracking]:
    ending = Ending.FAILED
    try:
        yield tracking
        ending = Ending.DONE
    except KeyboardInterrupt:
        ending = Ending.STOPPED
        raise
    finally:
        tracking.close(tracking.ending or ending)


def _unknown(name: str) -> TrackerOpener:
    raise UsageError("There is no tracker {name}. Choose {known}.", name=name, known=CSV)


def run_of(recipe: TrainRecipe, place: Path, home: Path) -> TrackedRun:
    """A training as trackers see it."""
    document = recipe_document(recipe)
    for unused in parts_unread_by(recipe.method):
        document.pop(unused)
    return TrackedRun(
        name=recipe.out.resolve().name,
        group=recipe.name or recipe.source.data.resolve().stem,
        settings=dict(flat_fields(document)),
        place=place,
        out=recipe.out,
        home=home,
    )


def figures_of_test(result: ClassificationResult) -> dict[str, float]:
    """The plain figures of an evaluation, without those that it could not give."""
    found = {
        "accuracy": result.accuracy.value,
        "macro_f1": result.macro_f1.value,
        "top5": result.top5.value,
        "loss": result.loss,
        "ece": result.calibration.ece,
        "n": result.n,
    }
    return {name: float(value) for name, value in found.items() if value is not None}


def figures_of_boxes(result: DetectionResult) -> dict[str, float]:
    """The same of a detector."""
    found = {
        "map50": result.map50.value,
        "map50_95": result.map50_95.value,
        "precision": result.precision.value,
        "recall": result.recall.value,
        "f1": result.work.f1,
        "ece": result.calibration.ece,
        "n": result.n,
    }
    return {name: float(value) for name, value in found.items() if math.isfinite(value)}


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
