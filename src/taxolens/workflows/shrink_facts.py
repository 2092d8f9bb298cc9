"""What a smaller network gained and lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from taxolens.evaluation.paired import Paired
from taxolens.evaluation.result import Interval
from taxolens.workflows.compare_speed import Speed


@dataclass(frozen=True, slots=True)
class Contender:
    """One of the two networks.

    Attributes:
        multiplications: for one photo.
        size: of the model file in bytes.
        accuracy: on the photos held back, 0..1.
    """

    multiplications: int
    size: int
    speed: Speed
    accuracy: Interval


@dataclass(frozen=True, slots=True)
class ShrinkFacts:
    """The smaller network against the original, on the same photos and in the same minutes.

    Attributes:
        of: sha256 of the original's model file.
        run: name of the original's run folder.
        n: photos that were held back.
        paired: the smaller network's answers against the original's.
        at_most_lost: points of accuracy that were allowed to be lost.
    """

    of: str
    run: str
    n: int
    original: Contender
    shrunk: Contender
    paired: Paired
    at_most_lost: float

    @property
    def faster(self) -> float:
        """How many times as fast the network alone is now."""
        return self.shrunk.speed.alone.value / self.original.speed.alone.value

    @property
    def points(self) -> float:
        """Points of accuracy gained; lost where negative."""
        return 100 * self.paired.accuracy.value

    @property
    def is_worth_it(self) -> bool:
        """Whether it is faster and loses no more than was allowed."""
        return self.faster > 1 and -self.points <= self.at_most_lost + 1e-9

    def document(self) -> dict[str, Any]:
        """For `metrics.json`."""
        accuracy = self.paired.accuracy
        return {
            "of": self.of,
            "run": self.run,
            "original": _figures(self.original),
            "shrunk": _figures(self.shrunk),
            "faster": self.faster,
            "accuracy_difference": [accuracy.value, accuracy.low, accuracy.high],
            "mcnemar_p": self.paired.mcnemar,
            "at_most_lost": self.at_most_lost,
        }


def milliseconds(rate: Interval) -> Interval:
    """What one photo takes, from photos per second."""
    return Interval(1000 / rate.value, 1000 / rate.high, 1000 / rate.low)


def _figures(one: Contender) -> dict[str, Any]:
    alone, whole = milliseconds(one.speed.alone), milliseconds(one.speed.whole)
    return {
        "multiplications": one.multiplications,
        "bytes": one.size,
        "milliseconds": [alone.value, alone.low, alone.high],
        "milliseconds_with_decoding": [whole.value, whole.low, whole.high],
        "accuracy": [one.accuracy.value, one.accuracy.low, one.accuracy.high],
    }
