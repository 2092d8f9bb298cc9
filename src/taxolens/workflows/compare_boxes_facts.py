"""Detectors beside each other on the same photos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from taxolens.core.records import Failure
from taxolens.evaluation.detection.document import to_json
from taxolens.evaluation.detection.paired import PairedBoxes
from taxolens.evaluation.detection.result import DetectionResult
from taxolens.evaluation.rivals import Finding
from taxolens.modelfile.card import Card
from taxolens.workflows.compare_speed import Speed


@dataclass(frozen=True, slots=True)
class BoxContender:
    """One detector of a comparison.

    Attributes:
        size: of the model file in bytes.
        speed: on one thread; None where it was not measured.
        learnt: how many of the photos it is known to have learnt from.
    """

    name: str
    card: Card
    sha256: str
    size: int
    result: DetectionResult
    speed: Speed | None
    learnt: int


@dataclass(frozen=True, slots=True)
class BoxRivalry:
    """The second detector against the first, by their places."""

    first: int
    second: int
    paired: PairedBoxes

    @property
    def finding(self) -> Finding:
        """Whether the 95 % interval of the difference in mAP50 leaves out zero, and on which side."""
        difference = self.paired.difference
        if difference.low > 0:
            return Finding.BETTER
        return Finding.WORSE if difference.high < 0 else Finding.NO_DIFFERENCE


@dataclass(frozen=True, slots=True)
class BoxComparison:
    """Several detectors on the same photos.

    Attributes:
        data: name of the photos.
        against: place of the one that the others are compared with.
        failures: photos that could not be read.
    """

    data: str
    against: int
    models: tuple[BoxContender, ...]
    rivalries: tuple[BoxRivalry, ...]
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Of the models."""
        return tuple(one.name for one in self.models)

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "against": self.names[self.against],
            "models": [
                {
                    "name": one.name,
                    "sha256": one.sha256,
                    "bytes": one.size,
                    "learnt_from": one.learnt,
                    "photos_per_second": one.speed.whole.value if one.speed else None,
                    **to_json(one.result),
                }
                for one in self.models
            ],
            "differences": [self._difference(one) for one in self.rivalries],
            "failures": [{"file": one.name, "code": one.code, "reason": one.reason} for one in self.failures],
        }

    def _difference(self, one: BoxRivalry) -> dict[str, Any]:
        difference = one.paired.difference
        return {
            "first": self.names[one.first],
            "second": self.names[one.second],
            "map50": [difference.value, difference.low, difference.high],
            "finding": one.finding.value,
            "p_of_boxes_found": one.paired.p,
            "boxes_by_size": {
                size.name: {
                    "n": size.outcomes.n,
                    "first_alone": size.outcomes.only_first,
                    "second_alone": size.outcomes.only_second,
                    "both": size.outcomes.both,
                }
                for size in one.paired.sizes
            },
        }
