"""Several classifiers on the same photos: each against one of them, and which to choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from taxolens.evaluation.answers import Answers
from taxolens.evaluation.paired import Paired, compare_paired, holm

LEVEL = 0.05
"""Chance of error that is accepted when a difference is called shown."""

SAME_SPEED = 0.05
"""Speeds that differ by less count as the same: so much they vary from one measurement to the next."""


class Finding(StrEnum):
    """What a comparison shows of the second model."""

    BETTER = "better"
    WORSE = "worse"
    NO_DIFFERENCE = "no_difference_shown"


@dataclass(frozen=True, slots=True)
class Rivalry:
    """One model against another.

    Attributes:
        first: place of the one that is compared with.
        second: place of the other, of which `paired` says how much more it is right.
        p: p-value of `paired`, adjusted for all the comparisons that were made with it (Holm).
    """

    first: int
    second: int
    paired: Paired
    p: float

    @property
    def finding(self) -> Finding:
        """Better or worse only where test and interval both say so."""
        accuracy = self.paired.accuracy
        if self.p < LEVEL and accuracy.low > 0:
            return Finding.BETTER
        if self.p < LEVEL and accuracy.high < 0:
            return Finding.WORSE
        return Finding.NO_DIFFERENCE


@dataclass(frozen=True, slots=True)
class Contender:
    """What is chosen by: share of right answers, photos per second."""

    accuracy: float
    speed: float


@dataclass(frozen=True, slots=True)
class Choice:
    """Which model to take.

    Attributes:
        accuracy: place of the most accurate; of equals the fastest.
        speed: place of the fastest that is not shown to be worse than that one.
        fastest: place of the fastest of all.
        front: places of those that no other beats in one respect and equals in the other.
        against_best: every other model against the most accurate one.
    """

    accuracy: int
    speed: int
    fastest: int
    front: tuple[int, ...]
    against_best: tuple[Rivalry, ...]


def rivalries(answers: Sequence[Answers], against: int, *, seed: int = 0) -> tuple[Rivalry, ...]:
    """Every model against one of them, the p-values adjusted together.

    Args:
        answers: of each model, on the same photos.
        against: place of the one.
    """
    found = [
        Rivalry(against, place, paired := compare_paired(answers[against], one, seed=seed), paired.p)
        for place, one in enumerate(answers)
        if place != against
    ]
    adjusted = holm(tuple(one.p for one in found))
    return tuple(replace(one, p=p) for one, p in zip(found, adjusted, strict=True))


def choose(contenders: Sequence[Contender], answers: Sequence[Answers], *, seed: int = 0) -> Choice:
    """Chooses for accuracy and for speed."""
    places = range(len(contenders))
    best = max(places, key=lambda place: (contenders[place].accuracy, contenders[place].speed))
    against_best = rivalries(answers, best, seed=seed)
    worse = {one.second for one in against_best if one.finding is Finding.WORSE}
    front = pareto_front(contenders)
    eligible = [place for place in places if place not in worse]
    fast_enough = max(contenders[place].speed for place in eligible) * (1 - SAME_SPEED)
    return Choice(
        accuracy=best,
        speed=max(
            (place for place in eligible if contenders[place].speed >= fast_enough),
            key=lambda place: (contenders[place].accuracy, contenders[place].speed),
        ),
        fastest=max(places, key=lambda place: contenders[place].speed),
        front=front,
        against_best=against_best,
    )


def pareto_front(contenders: Sequence[Contender]) -> tuple[int, ...]:
    """Places of those that no other one beats in one respect without losing in the other."""
    return tuple(
        place for place, one in enumerate(contenders) if not any(_beats(other, one) for other in contenders)
    )


def _beats(one: Contender, other: Contender) -> bool:
    """More accurate and not slower, or faster and not less accurate."""
    if one.accuracy > other.accuracy:
        return one.speed > other.speed * (1 - SAME_SPEED)
    return one.accuracy == other.accuracy and one.speed > other.speed * (1 + SAME_SPEED)
