"""What a smaller network gained and lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from taxolens.evaluation.result import Interval
from taxolens.workflows.compare_speed import Speed


@dataclass(frozen=True, slots=True)
class Contender:
    """One of the two networks.

    Attributes:
        multiplications: for one photo.
        size: of the model file in bytes.
        quality: accuracy, of a detector mAP50, on the photos held back, 0..1.
    """

    multiplications: int
    size: int
    speed: Speed
    quality: Interval


@dataclass(frozen=True, slots=True)
class ShrinkFacts:
    """The smaller network against the original, on the same photos and in the same minutes.

    Attributes:
        of: sha256 of the original's model file.
        run: name of the original's run folder.
        n: photos that were held back.
        gained: quality of the smaller network less that of the original, -1..1, with its 95 % interval.
        p: of the test that both are right equally often.
        at_most_lost: points of quality that were allowed to be lost.
        boxes: these are detectors.
    """

    of: str
    run: str
    n: int
    original: Contender
    shrunk: Contender
    gained: Interval
    p: float
    at_most_lost: float
    boxes: bool = False

    @property
    def faster(self) -> float:
        """How many times as fast the network alone is now."""
        return self.shrunk.speed.alone.value / self.original.speed.alone.value

    @property
    def points(self) -> float:
        """Points of quality gained; lost where negative."""
        return 100 * self.gained.value

    @property
    def is_worth_it(self) -> bool:
        """Whether it is faster and loses no more than was allowed."""
        return self.faster > 1 and -self.points <= self.at_most_lost + 1e-9

    @property
    def is_proven(self) -> bool:
        """Whether even the lower end of the interval loses no more than was allowed."""
        return -100 * self.gained.low <= self.at_most_lost + 1e-9

    @property
    def measure(self) -> str:
        """Name of the quality in files."""
        return "map50" if self.boxes else "accuracy"

    def document(self) -> dict[str, Any]:
        """For `metrics.json`."""
        name = self.measure
        return {
            "of": self.of,
            "run": self.run,
            "original": _figures(self.original, name),
            "shrunk": _figures(self.shrunk, name),
            "faster": self.faster,
            f"{name}_difference": [self.gained.value, self.gained.low, self.gained.high],
            "mcnemar_p": self.p,
            "at_most_lost": self.at_most_lost,
        }


def milliseconds(rate: Interval) -> Interval:
    """What one photo takes, from photos per second."""
    return Interval(1000 / rate.value, 1000 / rate.high, 1000 / rate.low)


def _figures(one: Contender, measure: str) -> dict[str, Any]:
    alone, whole = milliseconds(one.speed.alone), milliseconds(one.speed.whole)
    return {
        "multiplications": one.multiplications,
        "bytes": one.size,
        "milliseconds": [alone.value, alone.low, alone.high],
        "milliseconds_with_decoding": [whole.value, whole.low, whole.high],
        measure: [one.quality.value, one.quality.low, one.quality.high],
    }
