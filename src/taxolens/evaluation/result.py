"""The outcome of an evaluation, as plain values: what a report draws and a JSON file holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ClassResult:
    """How one class fared. `support` counts its true images."""

    label: str
    precision: Interval
    recall: Interval
    f1: Interval
    support: int


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Images whose score fell between `low` and `high`: mean score, share right, how many."""

    low: float
    high: float
    confidence: float
    accuracy: float
    count: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Expected calibration error (0..1, 15 equal-width bins) and the bins that have images."""

    ece: float
    bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True, slots=True)
class CoveragePoint:
    """Accepting all answers with at least `threshold`: share accepted, share of these that is right."""

    threshold: float
    coverage: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class ConformalResult:
    """How conformal sets did: asked and found coverage, mean size, and how many sets had each size.

    `sizes[k]` counts the sets with k labels.
    """

    asked: float
    found: float
    mean_size: float
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """An image, its true and predicted labels, and the score of the prediction."""

    name: str
    truth: str
    predicted: str
    score: float


@dataclass(frozen=True, slots=True)
class ClassificationResult:
    """A classifier on images whose truth is known.

    Attributes:
        n: images judged.
        groups: independent groups among them (sites or sequences); None where unknown, and then
            the intervals treat every image as independent.
        loss: mean negative log-likelihood of the truth, natural logarithm.
        top5: share with the truth among the five best (all classes where there are fewer).
        confusion: `confusion[i][j]` counts images of class i that were called j.
        before: calibration without the temperature; None where the model has none.
        coverage: from accepting everything to accepting only the surest.
        automatic: the point with the largest coverage at the asked accuracy; None where none reaches it.
        errors: wrong answers, the most confident first.
        sample: random images, right or wrong.
    """

    labels: tuple[str, ...]
    n: int
    groups: int | None
    accuracy: Interval
    macro_f1: Interval
    top5: Interval
    loss: float
    classes: tuple[ClassResult, ...]
    confusion: tuple[tuple[int, ...], ...]
    calibration: Calibration
    before: Calibration | None
    coverage: tuple[CoveragePoint, ...]
    automatic: CoveragePoint | None
    conformal: ConformalResult | None
    errors: tuple[Mistake, ...]
    sample: tuple[Mistake, ...]
