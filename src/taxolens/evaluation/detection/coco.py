"""Average precision and recall as COCO defines them (https://cocodataset.org/#detection-eval).

Precision is read at 101 recalls from the curve whose dips are filled, and averaged; mAP is the mean over classes
that have true boxes, and over the overlaps 0.50, 0.55, ... 0.95. Sizes are areas in pixels. Equal to pycocotools.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.evaluation.detection.answers import BoxAnswers
from taxolens.evaluation.detection.matching import NONE, Overlaps, matched

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

OVERLAPS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0.0, 1.0, 101)
SIZES: tuple[tuple[str, float, float], ...] = (
    ("all", 0.0, 1e10),
    ("small", 0.0, 32.0**2),
    ("medium", 32.0**2, 96.0**2),
    ("large", 96.0**2, 1e10),
)
"""Name, least and largest area in square pixels, both included."""


@dataclass(frozen=True, slots=True)
class CocoFigures:
    """All that COCO asks; NaN where a class has no true boxes (of the size).

    Attributes:
        precision: float64 [size, overlap, class, 101], at the recalls 0, 0.01, ... 1.
        score: float64 [class, 101], of the box where that recall is reached, at overlap 0.5; 0 where it is not.
        recall: float64 [size, overlap, class], of all boxes, however unsure.
        support: int64 [size, class], true boxes.
        right: bool [overlap, f], which found boxes match a true one of their class.
    """

    precision: Floats
    score: Floats
    recall: Floats
    support: NDArray[np.int64]
    right: Flags

    @property
    def by_class(self) -> Floats:
        """AP, [size, overlap, class]."""
        return np.asarray(self.precision.mean(axis=-1))


def coco_figures(answers: BoxAnswers, pairs: Overlaps) -> CocoFigures:
    """Judges boxes.

    Args:
        answers: ranked.
        pairs: of equal classes, which overlap by 0.5 or more.
    """
    area, found_area = answers.truth.area, answers.found.area
    ignored = np.stack([(area < low) | (area > high) for _, low, high in SIZES])
    beyond = np.stack([(found_area < low) | (found_area > high) for _, low, high in SIZES])
    rivals = answers.found.label * max(answers.n, 1) + answers.found.image
    given = matched(pairs, rivals, OVERLAPS, ignored)
    hit = given != NONE
    passed = np.where(hit, _looked_up(ignored, given), beyond[:, None, :])
    return _figures(answers, hit & ~passed, ~hit & ~passed, ~ignored)


def _looked_up(ignored: Flags, given: NDArray[np.int32]) -> Flags:
    """Whether the true box of each found one is ignored; anything where there is none."""
    if not ignored.shape[1]:
        return np.zeros(given.shape, dtype=bool)
    return np.stack([row[numbers] for row, numbers in zip(ignored, given, strict=True)])


def _figures(answers: BoxAnswers, right: Flags, wrong: Flags, counted: Flags) -> CocoFigures:
    shape = len(SIZES), len(OVERLAPS), len(answers.labels)
    precision, recall = np.full((*shape, len(RECALLS)), np.nan), np.full(shape, np.nan)
    score = np.zeros((shape[2], len(RECALLS)))
    support = np.stack([np.bincount(answers.truth.label[row], minlength=shape[2]) for row in counted]).astype(
        np.int64
    )
    edges = np.searchsorted(answers.found.label, np.arange(shape[2] + 1))
    for one in range(shape[2]):
        rows = np.arange(edges[one], edges[one + 1])
        rows = rows[np.argsort(-answers.score[rows], kind="stable")]
        for size in np.flatnonzero(support[:, one]).tolist():
            true = support[size, one]
            hits, misses = right[size][:, rows], wrong[size][:, rows]
            precision[size, :, one] = curve(hits, misses, true)
            recall[size, :, one] = hits.sum(axis=1) / true
        if support[0, one]:
            score[one] = _scores(answers.score[rows], right[0, 0, rows], support[0, one])
    return CocoFigures(precision, score, recall, support, right[0])


def curve(right: Flags, wrong: Flags, support: int) -> Floats:
    """Precision at the 101 recalls, dips filled.

    Args:
        right: bool [h, k], which boxes count as right, the surest first.
        wrong: bool [h, k], which count as wrong; neither: passed over.
        support: true boxes, at least 1.

    Returns:
        float64 [h, 101].
    """
    hits, misses = np.cumsum(right, axis=1), np.cumsum(wrong, axis=1)
    all_found = hits + misses
    exact = np.divide(hits, all_found, out=np.zeros(hits.shape), where=all_found > 0)
    filled = np.maximum.accumulate(exact[:, ::-1], axis=1)[:, ::-1]
    read = np.zeros((len(right), len(RECALLS)))
    for row, reached in enumerate(hits / support):
        where = np.searchsorted(reached, RECALLS, side="left")
        there = where < len(reached)
        read[row, there] = filled[row, where[there]]
    return read


def _scores(score: Floats, right: Flags, support: int) -> Floats:
    where = np.searchsorted(np.cumsum(right) / support, RECALLS, side="left")
    read = np.zeros(len(RECALLS))
    there = where < len(score)
    read[there] = score[where[there]]
    return read


def mean_known(values: Floats) -> float:
    """The mean of what is no NaN; NaN where nothing is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
