"""A search among settings: what may be chosen, what was tried, what came out.

The torch rooms, which bring the library that searches, and the torch-free rooms meet here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from taxolens.core.texts import noted

Value = str | int | float

STUDY = "study.db"
"""Name of the file that holds a study."""

PHOTOS, SETTINGS, RANGES = "photos", "settings", "ranges"


@dataclass(frozen=True, slots=True)
class Choice:
    """A parameter that takes one of a few values, which stand in no order."""

    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Whole:
    """A parameter that is a whole number; `high` is reached from `low` in steps."""

    low: int
    high: int
    step: int = 1


@dataclass(frozen=True, slots=True)
class Real:
    """A parameter that is a number; `log`: what counts is its order of magnitude."""

    low: float
    high: float
    log: bool = False


Parameter = Choice | Whole | Real
Space = Mapping[str, Parameter]


class TrialState(StrEnum):
    """How far a trial came."""

    COMPLETE = noted("complete")
    PRUNED = noted("stopped early")
    FAILED = noted("failed")
    UNFINISHED = noted("unfinished")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial came to.

    Attributes:
        state: complete, pruned or failed; unfinished: it is to be gone on with another time.
        figure: validation accuracy of the epoch whose weights are kept, 0..1; None: there was none.
        loss: validation loss of this epoch.
        best: number of this epoch.
        epochs: how many were learnt.
        seconds: that they took.
        why: what failed, as a sentence.
    """

    state: TrialState
    figure: float | None = None
    loss: float | None = None
    best: int | None = None
    epochs: int = 0
    seconds: float = 0.0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """One way that was tried.

    Attributes:
        number: from 0, which is the default.
        values: by parameter.
        outcome: what it came to, or where it stands.
        curve: validation accuracy by epoch, where it was told.
    """

    number: int
    values: Mapping[str, Value]
    outcome: Outcome
    curve: Mapping[int, float] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What is searched.

    Attributes:
        space: what may be chosen.
        first: the values of trial 0.
        epochs: of a whole trial.
        seed: same seed, same trials, as long as one process searches.
        prune: whether trials that lag behind are stopped early.
        identity: fingerprints of what the search rests on: PHOTOS, SETTINGS and RANGES.
    """

    space: Space
    first: Mapping[str, Value]
    epochs: int
    seed: int
    prune: bool
    identity: Mapping[str, str]


class Attempt(Protocol):
    """A trial that is being made."""

    @property
    def number(self) -> int:
        """Which trial it is; the same again when a stopped one is gone on with."""
        ...

    @property
    def values(self) -> Mapping[str, Value]:
        """What to try."""
        ...

    def report(self, epoch: int, figure: float) -> bool:
        """Tells the validation accuracy after an epoch; False: it is not worth going on."""
        ...


class Study(Protocol):
    """A search on the disk, which several processes may work at."""

    def attempt(self, most: int, work: Callable[[Attempt], Outcome]) -> bool:
        """Makes one more trial, first of all one that a stopped process left.

        Whatever ends `work` before its time, the trial is kept to be gone on with.

        Args:
            most: trials in all.

        Returns:
            Whether there was one to make.
        """
        ...

    def trials(self) -> tuple[Trial, ...]:
        """All so far, by number."""
        ...

    def running(self) -> int:
        """How many trials are being made at this moment, by any process."""
        ...

    def importances(self) -> Mapping[str, float]:
        """How much of the differences between complete trials each parameter explains, together 1."""
        ...

    def close(self) -> None:
        """Lets go of the file."""
        ...


class Searcher(Protocol):
    """Something that searches, found by the name of an entry point."""

    def __call__(self, folder: Path, plan: SearchPlan) -> Study:
        """Opens the study in a folder, or begins one.

        Raises:
            UsageError: the study there rests on something else, or its file is damaged.
        """
        ...


def best_of(trials: tuple[Trial, ...]) -> Trial | None:
    """The complete trial with the highest accuracy; among equals the one with the least loss, then the first."""
    complete = [one for one in trials if one.outcome.state is TrialState.COMPLETE]
    return max(complete, key=_merit, default=None)


def _merit(trial: Trial) -> tuple[float, float, int]:
    outcome = trial.outcome
    figure = -1.0 if outcome.figure is None else outcome.figure
    loss = float("inf") if outcome.loss is None else outcome.loss
    return figure, -loss, -trial.number
