"""Variants of a model beside each other: what each lost and gained, and which is to be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from taxolens.core.texts import Say
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.detection.answers import BoxAnswers
from taxolens.evaluation.detection.gate import GatedBoxes
from taxolens.evaluation.gate import Gated, Verdict
from taxolens.evaluation.result import Interval
from taxolens.modelfile.read import ModelFile
from taxolens.workflows.compare_speed import Speed
from taxolens.workflows.shrink_facts import milliseconds


@dataclass(frozen=True, slots=True)
class Way:
    """How a variant differs from the original.

    Attributes:
        base: name of another model file that it was made from; "": the original.
        side: (width, height) of its input where that is smaller; None: as before.
        integers: kinds of whole numbers, such as "U8S8"; "": floats.
        floats: layers that stayed float among whole numbers.
    """

    base: str = ""
    side: tuple[int, int] | None = None
    integers: str = ""
    floats: int = 0

    def told(self, say: Say) -> str:
        """In a few words."""
        parts = [self.base] if self.base else []
        if self.side:
            parts.append(say("{width} × {height} pixels").format(width=self.side[0], height=self.side[1]))
        if self.integers:
            parts.append("int8")
        if self.floats:
            parts.append(say("layers kept float: {n}").format(n=self.floats))
        return ", ".join(parts) or say("Original")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that may take the original's place, with its answers.

    Attributes:
        accuracy: on the photos of the comparison, 0..1; of a detector its mAP50.
        agreement: share of these photos that it names as the original does, 0..1; of a detector the share of the
            original's boxes that it finds too.
    """

    way: Way
    model: ModelFile
    answers: Answers | BoxAnswers
    accuracy: Interval
    agreement: float


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate with its speed and the verdict; the original is judged by nobody."""

    candidate: Candidate
    speed: Speed
    gated: Gated | None

    @property
    def rate(self) -> float:
        """Photos per second of the network alone, on one thread."""
        return self.speed.alone.value


@dataclass(frozen=True, slots=True)
class Refused:
    """A way that led to no candidate, and why, ready to be read."""

    way: Way
    why: str


@dataclass(frozen=True, slots=True)
class VariantFacts:
    """What a search for a faster variant found.

    Attributes:
        data: name of the photos.
        n: photos of the comparison.
        calibrated: photos that whole numbers took their ranges from.
        original: the model itself.
        variants: what was made of it, in the order in which it was made.
        refused: what could not be made.
        chosen: what was written: one of the variants, or the original.
    """

    data: str
    n: int
    calibrated: int
    original: Judged
    variants: tuple[Judged, ...]
    refused: tuple[Refused, ...]
    chosen: Judged

    @property
    def boxes(self) -> bool:
        """Whether these are detectors."""
        return isinstance(self.original.candidate.answers, BoxAnswers)

    @property
    def all(self) -> tuple[Judged, ...]:
        """The original first."""
        return self.original, *self.variants

    def faster(self, one: Judged) -> float:
        """How many times as fast as the original, without decoding."""
        return one.rate / self.original.rate

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "photos": self.n,
            "calibrated_on": self.calibrated,
            "chosen": self.all.index(self.chosen),
            "variants": [self._figures(one) for one in self.all],
            "refused": [{"way": _way(one.way), "why": one.why} for one in self.refused],
        }

    def _figures(self, one: Judged) -> dict[str, Any]:
        found, alone, whole = one.candidate, milliseconds(one.speed.alone), milliseconds(one.speed.whole)
        return {
            "way": _way(found.way),
            "sha256": found.model.sha256,
            "bytes": len(found.model.graph),
            "map50" if self.boxes else "accuracy": [
                found.accuracy.value,
                found.accuracy.low,
                found.accuracy.high,
            ],
            "agreement": found.agreement,
            "milliseconds": [alone.value, alone.low, alone.high],
            "milliseconds_with_decoding": [whole.value, whole.low, whole.high],
            "faster": self.faster(one),
            **(_verdict(one.gated) if one.gated else {}),
        }


def chosen_of(original: Judged, variants: tuple[Judged, ...], *, unproven: bool) -> Judged:
    """The fastest variant that may take the original's place, else the original."""
    good = {Verdict.KEPT, Verdict.NOT_PROVEN} if unproven else {Verdict.KEPT}
    return max(
        (one for one in variants if one.gated and one.gated.verdict in good),
        key=lambda one: one.rate,
        default=original,
    )


def _verdict(gated: Gated) -> dict[str, Any]:
    return {
        "verdict": gated.verdict.value,
        "lost": gated.lost,
        "lost_at_most": gated.lost_at_most,
        "photos_needed": gated.needed,
        **(_by_size(gated) if isinstance(gated, GatedBoxes) else {}),
    }


def _by_size(gated: GatedBoxes) -> dict[str, Any]:
    """Boxes of each size that the original found, and that the variant did."""
    return {
        "boxes_by_size": {
            one.name: {
                "n": one.outcomes.n,
                "original": one.outcomes.both + one.outcomes.only_first,
                "variant": one.outcomes.both + one.outcomes.only_second,
            }
            for one in gated.sizes
        }
    }


def _way(way: Way) -> dict[str, Any]:
    return {
        "base": way.base or None,
        "input": list(way.side) if way.side else None,
        "integers": way.integers or None,
        "float_layers": way.floats,
    }
