"""What is wrong with boxes, and what each kind of error costs.

Bolya, Foley, Hays and Hoffman, "TIDE: A General Toolbox for Identifying Object Detection Errors", ECCV 2020,
arXiv 2008.08115, with its overlaps: 0.5 to be right, 0.1 to be anything but background.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.evaluation.detection.answers import BoxAnswers
from taxolens.evaluation.detection.coco import curve, mean_known
from taxolens.evaluation.detection.matching import NONE, Overlaps
from taxolens.evaluation.detection.result import ErrorKind, ErrorResult

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]

BACKGROUND = 0.1
"""Boxes that overlap no true box by this much lie on nothing."""

_KINDS = (ErrorKind.LABEL, ErrorKind.PLACE, ErrorKind.BOTH, ErrorKind.DUPLICATE, ErrorKind.BACKGROUND)
RIGHT = -1


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What each found box is.

    Attributes:
        kind: int64 [f], place in `ErrorKind`, or `RIGHT`.
        meant: int64 [f], the true box that it is, or would be with another class or place; else `NONE`.
    """

    kind: Whole
    meant: Whole


def verdicts(answers: BoxAnswers, pairs: Overlaps, given: Whole, overlap: float) -> Verdicts:
    """Looks at every found box.

    Args:
        answers: ranked.
        pairs: whatever their classes, that overlap by `BACKGROUND` or more.
        given: int64 [f], the true box that each found one stands for, or `NONE`.
        overlap: least overlap of a right box.
    """
    same = answers.found.label[pairs.found] == answers.truth.label[pairs.truth]
    own, own_truth = _nearest(pairs.at(same), len(given))
    other, other_truth = _nearest(pairs.at(~same), len(given))
    rules = (
        (given != NONE, RIGHT, given),
        ((own >= BACKGROUND) & (own < overlap), _place(ErrorKind.PLACE), own_truth),
        (other >= overlap, _place(ErrorKind.LABEL), other_truth),
        (own >= overlap, _place(ErrorKind.DUPLICATE), own_truth),
        (other >= BACKGROUND, _place(ErrorKind.BOTH), other_truth),
    )
    told = [condition for condition, _, _ in rules]
    kind = np.select(told, [number for _, number, _ in rules], _place(ErrorKind.BACKGROUND))
    return Verdicts(kind, np.select(told, [truth for _, _, truth in rules], NONE))


def error_results(answers: BoxAnswers, said: Verdicts, given: Whole, work: Flags) -> tuple[ErrorResult, ...]:
    """Every kind of error: how often it happens among some boxes, and what it costs among all.

    Args:
        work: [f], the boxes that are counted.
    """
    counts = [int((work & (said.kind == _place(kind))).sum()) for kind in _KINDS]
    missed = int(_missed(answers, said, given, work).sum())
    now = _mean_ap(
        answers.score, answers.found.label, said.kind == RIGHT, _support(answers), len(answers.labels)
    )
    lost = [_mended(answers, said, kind, given) - now for kind in _KINDS]
    everything = np.ones(len(work), dtype=bool)
    unseen = _missed(answers, said, given, everything)
    left = _support(answers) - np.bincount(answers.truth.label[unseen], minlength=len(answers.labels))
    without = _mean_ap(answers.score, answers.found.label, said.kind == RIGHT, left, len(answers.labels))
    gained = (without if left.any() else 1.0) - now
    found = [ErrorResult(*row) for row in zip(_KINDS, counts, lost, strict=True)]
    return (*found, ErrorResult(ErrorKind.MISSED, missed, gained))


def _place(kind: ErrorKind) -> int:
    return list(ErrorKind).index(kind)


def _nearest(pairs: Overlaps, found: int) -> tuple[Floats, Whole]:
    """For each found box the largest overlap, and with which true box; 0 and `NONE` where there is none."""
    best, truth = np.zeros(found), np.full(found, NONE, dtype=np.int64)
    order = np.argsort(pairs.iou, kind="stable")  # of several the last is kept
    best[pairs.found[order]] = pairs.iou[order]
    truth[pairs.found[order]] = pairs.truth[order]
    return best, truth


def _missed(answers: BoxAnswers, said: Verdicts, given: Whole, rows: Flags) -> Flags:
    """[t]: true boxes that no box of `rows` stands for, nor would with another class or place."""
    missed = np.ones(len(answers.truth), dtype=bool)
    missed[given[rows & (given != NONE)]] = False
    near = np.isin(said.kind, (_place(ErrorKind.LABEL), _place(ErrorKind.PLACE)))
    missed[said.meant[rows & near]] = False
    return missed


def _mended(answers: BoxAnswers, said: Verdicts, kind: ErrorKind, given: Whole) -> float:
    """mAP if boxes of this kind were as they should: the surest one takes the true box that it meant, where no
    box stands for it yet, and the others are not there."""
    wrong = said.kind == _place(kind)
    right, label = said.kind == RIGHT, answers.found.label.copy()
    kept = ~wrong
    if kind in (ErrorKind.LABEL, ErrorKind.PLACE):
        free = np.ones(len(answers.truth), dtype=bool)
        free[given[given != NONE]] = False
        rows = np.flatnonzero(wrong)
        rows = rows[free[said.meant[rows]]]
        rows = rows[np.argsort(-answers.score[rows], kind="stable")]
        first = rows[np.unique(said.meant[rows], return_index=True)[1]]
        kept[first] = right[first] = True
        label[first] = answers.truth.label[said.meant[first]]
    return _mean_ap(answers.score[kept], label[kept], right[kept], _support(answers), len(answers.labels))


def _support(answers: BoxAnswers) -> Whole:
    return np.bincount(answers.truth.label, minlength=len(answers.labels)).astype(np.int64)


def _mean_ap(score: Floats, label: Whole, right: Flags, support: Whole, classes: int) -> float:
    order = np.lexsort((-score, label))
    edges = np.searchsorted(label[order], np.arange(classes + 1))
    ap = np.full(classes, np.nan)
    for one in np.flatnonzero(support).tolist():
        hits = right[order[edges[one] : edges[one + 1]]][None]
        ap[one] = curve(hits, ~hits, int(support[one])).mean()
    return mean_known(ap)
