"""Which found box stands for which true box.

The rules are those of pycocotools: found boxes choose in the order of their scores; each takes the free true box
that it overlaps most, one that counts before one that is ignored, of equals the last in order. Overlap is
intersection over union (IoU). Instead of photo by photo, all photos take their turns together: first the surest
box of every photo, then the second, and so on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.evaluation.detection.answers import Boxes

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]

NONE = -1
"""In place of a number of a true box: there is none."""

_AT_ONCE = 2_000_000  # pairs of boxes held at a time
_EXACT = 1 - 1e-10


@dataclass(frozen=True, slots=True)
class Overlaps:
    """Pairs of a found and a true box of the same photo, by found box, then by true box.

    Attributes:
        found: int64 [p], number of the found box.
        truth: int64 [p], number of the true box.
        iou: float64 [p], 0..1.
    """

    found: Whole
    truth: Whole
    iou: Floats

    def at(self, chosen: Flags) -> Overlaps:
        """Some of the pairs."""
        return Overlaps(self.found[chosen], self.truth[chosen], self.iou[chosen])


def overlaps(truth: Boxes, found: Boxes, least: float) -> Overlaps:
    """All pairs of one photo that overlap by at least `least`, whatever their classes."""
    order = np.argsort(truth.image, kind="stable")
    images = truth.image[order]
    begins = np.searchsorted(images, found.image, side="left")
    counts = np.searchsorted(images, found.image, side="right") - begins
    parts = [Overlaps(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
    for rows in _portions(counts):
        many = counts[rows]
        mine = np.repeat(np.arange(rows.start, rows.stop), many)
        inner = np.arange(len(mine)) - np.repeat(np.cumsum(many) - many, many)
        theirs = order[np.repeat(begins[rows], many) + inner]
        iou = _iou(found.edges[mine], truth.edges[theirs])
        near = iou >= least
        parts.append(Overlaps(mine[near], theirs[near], iou[near]))
    return Overlaps(
        np.concatenate([one.found for one in parts]),
        np.concatenate([one.truth for one in parts]),
        np.concatenate([one.iou for one in parts]),
    )


def _portions(counts: Whole) -> Iterator[slice]:
    """Runs of rows with about `_AT_ONCE` pairs each."""
    part = np.cumsum(counts) // _AT_ONCE
    edges = np.flatnonzero(np.diff(part)) + 1
    stops = [*edges.tolist(), len(counts)]
    yield from (slice(begin, stop) for begin, stop in zip([0, *stops], stops, strict=False) if stop > begin)


def _iou(found: Floats, truth: Floats) -> Floats:
    """Step by step as in pycocotools' `bbIou`, so that not even rounding differs."""
    width = np.minimum(found[:, 0] + found[:, 2], truth[:, 0] + truth[:, 2]) - np.maximum(
        found[:, 0], truth[:, 0]
    )
    height = np.minimum(found[:, 1] + found[:, 3], truth[:, 1] + truth[:, 3]) - np.maximum(
        found[:, 1], truth[:, 1]
    )
    common = np.maximum(width, 0.0) * np.maximum(height, 0.0)
    union = found[:, 2] * found[:, 3] + truth[:, 2] * truth[:, 3] - common
    return np.asarray(np.divide(common, union, out=np.zeros_like(common), where=union > 0))


def matched(pairs: Overlaps, rivals: Whole, thresholds: Floats, ignored: Flags) -> NDArray[np.int32]:
    """Gives true boxes to found ones.

    Args:
        pairs: which could be matched; found boxes are numbered so that of rivals the surer comes first.
        rivals: int64 [f], boxes of one number choose from the same true boxes, one after the other.
        thresholds: [h], least overlap.
        ignored: bool [a, t], true boxes that do not count, one row for each way to see it.

    Returns:
        int32 [a, h, f]: number of the true box, or `NONE`.
    """
    ways, heights = len(ignored), len(thresholds)
    given = np.full((ways, heights, len(rivals)), NONE, dtype=np.int32)
    taken = np.zeros((ways, heights, ignored.shape[1]), dtype=bool)
    least = np.minimum(thresholds, _EXACT)[None, :, None]
    for turn in _turns(pairs, rivals):
        begins = np.flatnonzero(np.append(True, np.diff(turn.found) != 0))
        chosen = _chosen(turn, begins, taken, least, ignored)
        way, height, one = np.nonzero(chosen != NONE)
        pair = chosen[way, height, one]
        taken[way, height, turn.truth[pair]] = True
        given[way, height, turn.found[pair]] = turn.truth[pair]
    return given


def _turns(pairs: Overlaps, rivals: Whole) -> Iterator[Overlaps]:
    """The pairs of the first of all rivals, then those of the second, and so on."""
    if not len(pairs.found):
        return
    boxes, box_of_pair = np.unique(pairs.found, return_inverse=True)
    order = np.lexsort((boxes, rivals[boxes]))
    sets = rivals[boxes][order]
    begins = np.flatnonzero(np.append(True, np.diff(sets) != 0)) if len(sets) else np.empty(0, np.int64)
    turn = np.empty(len(boxes), dtype=np.int64)
    turn[order] = np.arange(len(boxes)) - np.repeat(begins, np.diff(np.append(begins, len(sets))))
    when = turn[box_of_pair]
    in_turn = np.argsort(when, kind="stable")
    begin = 0
    for stop in np.cumsum(np.bincount(when)).tolist():
        rows = in_turn[begin:stop]
        begin = stop
        yield Overlaps(pairs.found[rows], pairs.truth[rows], pairs.iou[rows])


def _chosen(turn: Overlaps, begins: Whole, taken: Flags, least: Floats, ignored: Flags) -> Whole:
    """For each box of the turn its pair, or `NONE`: [a, h, boxes]."""
    sizes = np.diff(np.append(begins, len(turn.found)))
    fits = ~taken[:, :, turn.truth] & (turn.iou >= least)
    counted = fits & ~ignored[:, None, turn.truth]
    any_counted = np.repeat(np.logical_or.reduceat(counted, begins, axis=2), sizes, axis=2)
    value = np.where(counted | (fits & ~any_counted), turn.iou, -1.0)
    best = np.repeat(np.maximum.reduceat(value, begins, axis=2), sizes, axis=2)
    place = np.where((value == best) & (best >= 0), np.arange(len(turn.found)), NONE)
    return np.asarray(np.maximum.reduceat(place, begins, axis=2))
