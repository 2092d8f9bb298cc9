"""What a search found, for its page, its tables and the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from taxolens.core.records import Part
from taxolens.core.search import Space, Trial, TrialState
from taxolens.report.wording import Wording


@dataclass(frozen=True, slots=True)
class Searched:
    """A search.

    Attributes:
        name: of the model.
        data: name of the photos.
        photos: how many in each part.
        asked: trials that were asked for.
        epochs: of a whole trial.
        trials: by number; 0 is the default.
        best: None where no trial came to an end.
        importances: share of the differences that each parameter explains; empty: too few trials.
    """

    name: str
    data: str
    method: str
    network: str
    photos: Mapping[Part, int]
    classes: int
    asked: int
    epochs: int
    space: Space
    trials: tuple[Trial, ...]
    best: Trial | None
    importances: Mapping[str, float]

    @property
    def default(self) -> Trial:
        """Trial 0."""
        return self.trials[0]

    def count(self, state: TrialState) -> int:
        """How many trials came to this."""
        return sum(one.outcome.state is state for one in self.trials)

    @property
    def seconds(self) -> float:
        """Of all epochs together."""
        return sum(one.outcome.seconds for one in self.trials)

    @property
    def gain(self) -> float | None:
        """By how much the best is more accurate than the default; None where the default came to no end."""
        default, best = self.default.outcome, self.best.outcome if self.best else None
        if best is None or best.figure is None or default.figure is None:
            return None
        return best.figure - default.figure if default.state is TrialState.COMPLETE else None

    def verdict(self, wording: Wording) -> tuple[str, ...]:
        """The sentences to take away."""
        say = wording.say
        if self.best is None or self.best.outcome.figure is None:
            return (say("No trial came to an end, so the default is used."),)
        number, right = self.best.number, wording.percent(self.best.outcome.figure)
        if number == 0:
            return (
                say("Nothing was better than the default: {right} of the validation photos right.").format(
                    right=right
                ),
            )
        if self.gain is None:
            text = say("Trial {number} is the best: {right} of the validation photos right.")
            return (text.format(number=number, right=right),)
        text = say(
            "Trial {number} is the best: {right} of the validation photos right, {points} points more than the default."
        )
        return (text.format(number=number, right=right, points=wording.decimal(100 * self.gain, 1)),)

    def origin(self, wording: Wording) -> str:
        """Where the settings of the run come from, and what that does to its figures."""
        say = wording.say
        return say(
            "The settings are those of the best of {n} trials, chosen by {val} validation photos, so figures on "
            "these are too good. The photos held back took no part in the search."
        ).format(n=wording.count(len(self.trials)), val=wording.count(self.photos[Part.VAL]))
