"""Which misses and false finds are worth a look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from taxolens.core.geometry import Box
from taxolens.evaluation.detection.answers import BoxAnswers, Boxes
from taxolens.evaluation.detection.errors import RIGHT, Verdicts
from taxolens.evaluation.detection.matching import NONE, Overlaps
from taxolens.evaluation.detection.result import ErrorKind, FalseFind, Miss, Near

Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]

_SHOWN = 24
_OF_ONE_PHOTO = 2


def misses(answers: BoxAnswers, pairs: Overlaps, lies_on: Whole, work: Flags) -> tuple[Miss, ...]:
    """True boxes that no working box lies on, the largest first, at most two of one photo.

    Args:
        pairs: whatever their classes.
        lies_on: int64 [f], the true box that each working box lies on, or `NONE`.
    """
    missed = np.ones(len(answers.truth), dtype=bool)
    missed[lies_on[work & (lies_on != NONE)]] = False
    rows = np.flatnonzero(missed)
    rows = rows[np.argsort(-answers.truth.area[rows], kind="stable")]
    return tuple(
        Miss(
            answers.names[answers.truth.image[row]],
            answers.labels[answers.truth.label[row]],
            _box(answers, answers.truth, row),
            _near(answers, pairs, row),
        )
        for row in _few_of_each(rows.tolist(), answers.truth)
    )


def false_finds(answers: BoxAnswers, said: Verdicts, work: Flags) -> tuple[FalseFind, ...]:
    """Wrong boxes of the working point, the surest first, at most two of one photo."""
    rows = np.flatnonzero(work & (said.kind != RIGHT))
    rows = rows[np.argsort(-answers.score[rows], kind="stable")]
    return tuple(_false_find(answers, said, row) for row in _few_of_each(rows.tolist(), answers.found))


def _false_find(answers: BoxAnswers, said: Verdicts, row: int) -> FalseFind:
    meant = int(said.meant[row])
    there = meant != NONE
    return FalseFind(
        answers.names[answers.found.image[row]],
        answers.labels[answers.found.label[row]],
        _box(answers, answers.found, row),
        float(answers.score[row]),
        list(ErrorKind)[said.kind[row]],
        answers.labels[answers.truth.label[meant]] if there else None,
        _box(answers, answers.truth, meant) if there else None,
    )


def _few_of_each(rows: Iterable[int], boxes: Boxes) -> Iterator[int]:
    shown, of_photo = 0, dict[int, int]()
    for row in rows:
        photo = int(boxes.image[row])
        of_photo[photo] = of_photo.get(photo, 0) + 1
        if of_photo[photo] <= _OF_ONE_PHOTO and shown < _SHOWN:
            shown += 1
            yield row


def _near(answers: BoxAnswers, pairs: Overlaps, row: int) -> Near | None:
    own = np.flatnonzero(pairs.truth == row)
    if not len(own):
        return None
    found = int(pairs.found[own[np.argmax(pairs.iou[own])]])
    return Near(
        answers.labels[answers.found.label[found]],
        _box(answers, answers.found, found),
        float(answers.score[found]),
    )


def _box(answers: BoxAnswers, boxes: Boxes, row: int) -> Box:
    """As shares of the photo; what reaches beyond it is cut."""
    width, height = answers.sizes[boxes.image[row]].tolist()
    x, y, wide, high = boxes.edges[row].tolist()
    left, top = min(max(x / width, 0.0), 1.0), min(max(y / height, 0.0), 1.0)
    right, bottom = min(max((x + wide) / width, left), 1.0), min(max((y + high) / height, top), 1.0)
    return Box(left, top, right - left, bottom - top)
