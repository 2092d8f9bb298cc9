"""The outcome of judging a detector, as plain values: what a report draws and a JSON file holds.

Figures that do not exist (a class without true boxes) are NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from taxolens.core.geometry import Box
from taxolens.core.texts import noted
from taxolens.evaluation.result import Calibration, Interval


class ErrorKind(StrEnum):
    """What is wrong with a found box, or that there is none (Bolya et al. 2020, arXiv 2008.08115)."""

    LABEL = noted("wrong class")
    PLACE = noted("badly placed")
    BOTH = noted("wrong class and badly placed")
    DUPLICATE = noted("found twice")
    BACKGROUND = noted("nothing there")
    MISSED = noted("missed")


@dataclass(frozen=True, slots=True)
class WorkingPoint:
    """What comes of all boxes with at least `score`; shares of all classes together."""

    score: float
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A recall (0, 0.01, ... 1), the precision there (dips filled) and the score that it takes."""

    recall: float
    precision: float
    score: float


@dataclass(frozen=True, slots=True)
class BoxClassResult:
    """How one class fared.

    Attributes:
        ap50: average precision at overlap 0.5.
        ap50_95: mean over the overlaps 0.50 to 0.95.
        precision: at the working point.
        recall: at the working point.
        f1: at the working point.
        best: the score with the best F1 of this class alone; None where nothing of it is right.
        support: true boxes.
        found: boxes at the working point.
        curve: precision by recall at overlap 0.5; empty where there are no true boxes.
    """

    label: str
    ap50: Interval
    ap50_95: float
    precision: Interval
    recall: Interval
    f1: float
    best: WorkingPoint | None
    support: int
    found: int
    curve: tuple[CurvePoint, ...]


@dataclass(frozen=True, slots=True)
class SizeResult:
    """How things of one size fared.

    Attributes:
        name: "small", "medium" or "large".
        low: least area in square pixels.
        high: largest area.
        support: true boxes.
        average_precision: COCO's AP of this size, mean over classes and overlaps.
        average_recall: COCO's AR of this size, mean over classes and overlaps, however unsure the boxes.
        recall: share found at the working point, all classes together.
    """

    name: str
    low: float
    high: float
    support: int
    average_precision: float
    average_recall: float
    recall: Interval


@dataclass(frozen=True, slots=True)
class ErrorResult:
    """One kind of error.

    Attributes:
        count: boxes at the working point.
        lost: by how much mAP at the overlap judged at would rise if none were left, 0..1 (Bolya et al. 2020).
    """

    kind: ErrorKind
    count: int
    lost: float


@dataclass(frozen=True, slots=True)
class CountResult:
    """Counting by boxes at the working point, photo by photo.

    Attributes:
        label: None: all classes together.
        images: photos counted in: of a class, those where it truly is or was found.
        bias: mean of found less true; above 0 too many.
        error: mean of the absolute difference.
        exact: share of photos with the true count.
        differences: (found less true, photos), rising.
    """

    label: str | None
    images: int
    bias: float
    error: float
    exact: float
    differences: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Near:
    """The found box that overlaps a true one most, however unsure it is."""

    label: str
    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class Miss:
    """A true box that no box of the working point lies on; `near` may be too unsure, or badly placed."""

    name: str
    label: str
    box: Box
    near: Near | None


@dataclass(frozen=True, slots=True)
class FalseFind:
    """A found box that stands for no true box of its class, and the true box that it may have meant."""

    name: str
    label: str
    box: Box
    score: float
    kind: ErrorKind
    truth: str | None
    truth_box: Box | None


@dataclass(frozen=True, slots=True)
class NamingResult:
    """The class distributions of found boxes that lie on true ones.

    Attributes:
        n: such boxes.
        accuracy: share of them whose best class is the true one.
        temperature: of the distributions; see `taxolens.evaluation.calibration.shares_at`.
        before: calibration as it would be at a temperature of 1.
        after: calibration as it is.
    """

    n: int
    accuracy: float
    temperature: float
    before: Calibration
    after: Calibration


@dataclass(frozen=True, slots=True)
class DetectionResult:
    """A detector on photos whose boxes are known.

    Attributes:
        n: photos judged.
        groups: independent groups among them; None where unknown, and then the intervals treat every photo as
            independent.
        true: true boxes.
        found: found boxes, at most `limit` of a class in a photo.
        left_out: found boxes beyond the limit.
        overlap: least overlap of a right box at the working point.
        map50: mean average precision at overlap 0.5.
        map50_95: mean over the overlaps 0.50 to 0.95.
        work: the working point, with intervals of its precision and recall.
        precision: of the working point.
        recall: of the working point.
        chosen: the working point was chosen on these photos, for the best F1.
        precise: the lowest score at which the precision asked for is reached; None where none does.
        asked: that precision.
        curve: mean precision of the classes by recall, at overlap 0.5.
        confusion: `confusion[i][j]` counts true boxes of class i that were found and called j; the last column
            those that were missed, the last row boxes where nothing is.
        counting: all classes together, then class by class.
        calibration: of the scores of all found boxes, right at `overlap`.
        misses: true boxes that were missed, the largest first, few of one photo.
        false_finds: wrong boxes, the surest first, few of one photo.
        naming: of the class distributions of boxes; None where there is one class, or they are not known.
    """

    labels: tuple[str, ...]
    n: int
    groups: int | None
    true: int
    found: int
    left_out: int
    limit: int
    overlap: float
    map50: Interval
    map50_95: Interval
    work: WorkingPoint
    precision: Interval
    recall: Interval
    chosen: bool
    precise: WorkingPoint | None
    asked: float
    curve: tuple[CurvePoint, ...]
    classes: tuple[BoxClassResult, ...]
    sizes: tuple[SizeResult, ...]
    confusion: tuple[tuple[int, ...], ...]
    errors: tuple[ErrorResult, ...]
    counting: tuple[CountResult, ...]
    calibration: Calibration
    misses: tuple[Miss, ...]
    false_finds: tuple[FalseFind, ...]
    naming: NamingResult | None = None
