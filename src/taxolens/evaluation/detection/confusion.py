"""What was found for what, and how many in each photo."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from taxolens.evaluation.detection.answers import BoxAnswers
from taxolens.evaluation.detection.matching import NONE, Overlaps, matched
from taxolens.evaluation.detection.result import CountResult

Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]


def with_strangers(answers: BoxAnswers, pairs: Overlaps, given: Whole, work: Flags, overlap: float) -> Whole:
    """The true box that each working box lies on: its own, else a free one of another class.

    Boxes of the right class choose first, so that the diagonal of the confusion is what precision and recall count.

    Args:
        pairs: whatever their classes.
        given: int64 [f], the true box of the same class that each found one stands for, or `NONE`.
        work: [f], boxes at the working point; the others stay without.

    Returns:
        int64 [f], numbers of true boxes, or `NONE`.
    """
    kept = np.where(work, given, NONE)
    free = np.ones(len(answers.truth), dtype=bool)
    free[kept[kept != NONE]] = False
    left = work & (kept == NONE)
    near = pairs.at(left[pairs.found] & free[pairs.truth] & (pairs.iou >= overlap))
    order = np.lexsort((-answers.score, answers.found.image))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    near = replace(near, found=place[near.found])
    sort = np.lexsort((near.truth, near.found))
    near = Overlaps(near.found[sort], near.truth[sort], near.iou[sort])
    nothing = np.zeros((1, len(answers.truth)), dtype=bool)
    strange = matched(near, answers.found.image[order], np.array([overlap]), nothing)[0, 0][place]
    return np.where(left, strange, kept)


def confusion_with_background(answers: BoxAnswers, lies_on: Whole, work: Flags) -> Whole:
    """Counts true boxes by class and by what they were called.

    Args:
        lies_on: see `with_strangers`.

    Returns:
        int64 [c + 1, c + 1]: last column missed, last row boxes where nothing is, last corner 0.
    """
    c = len(answers.labels)
    matrix = np.zeros((c + 1, c + 1), dtype=np.int64)
    there = work & (lies_on != NONE)
    np.add.at(matrix, (answers.truth.label[lies_on[there]], answers.found.label[there]), 1)
    missed = np.ones(len(answers.truth), dtype=bool)
    missed[lies_on[there]] = False
    matrix[:c, c] = np.bincount(answers.truth.label[missed], minlength=c)
    matrix[c, :c] = np.bincount(answers.found.label[work & (lies_on == NONE)], minlength=c)
    return matrix


def counting(answers: BoxAnswers, work: Flags) -> tuple[CountResult, ...]:
    """How far the counts are off, for all classes together and for each."""
    c = len(answers.labels)
    shape = answers.n * c
    true = np.bincount(answers.truth.image * c + answers.truth.label, minlength=shape).reshape(-1, c)
    cell = answers.found.image * c + answers.found.label
    found = np.bincount(cell[work], minlength=shape).reshape(-1, c)
    every = [_counted(None, found.sum(axis=1), true.sum(axis=1))]
    for number, label in enumerate(answers.labels):
        there = (true[:, number] > 0) | (found[:, number] > 0)
        every.append(_counted(label, found[there, number], true[there, number]))
    return tuple(every)


def _counted(label: str | None, found: Whole, true: Whole) -> CountResult:
    difference = found - true
    if not len(difference):
        nan = float("nan")
        return CountResult(label, 0, nan, nan, nan, ())
    values, photos = np.unique(difference, return_counts=True)
    return CountResult(
        label,
        len(difference),
        float(difference.mean()),
        float(np.abs(difference).mean()),
        float((difference == 0).mean()),
        tuple(zip(values.tolist(), photos.tolist(), strict=True)),
    )
