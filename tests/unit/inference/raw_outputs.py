"""Boxes written as each family of detectors would answer them: the decoders' way back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STRIDES = (8, 16, 32)
BINS = 8
Floats = NDArray[np.float32]


def cell_table(width: int, height: int) -> NDArray[np.float64]:
    """[cells, 3]: column, row and side of each cell, finest first, row by row."""
    return np.array(
        [
            (column, row, stride)
            for stride in STRIDES
            for row in range(height // stride)
            for column in range(width // stride)
        ],
        np.float64,
    )


def written(family: str, corners: Floats, scores: Floats, width: int, height: int) -> Floats:
    """The raw output that means these boxes, in distinct places, and nothing else.

    Args:
        corners: [n, 4] in pixels.
        scores: [n, classes].
    """
    return _FAMILIES[family](corners.astype(np.float64), scores.astype(np.float64), width, height).astype(
        np.float32
    )


def _centred(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    near, far = corners[:, :2], corners[:, 2:]
    return np.concatenate([(near + far) / 2, far - near], axis=1)


def _with_objectness(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    sure = np.sqrt(scores.max(axis=1, keepdims=True))
    return np.concatenate([sure, scores / np.maximum(sure, 1e-9)], axis=1)


def _yolov5(
    corners: NDArray[np.float64], scores: NDArray[np.float64], width: int, height: int
) -> NDArray[np.float64]:
    table = np.zeros((3 * len(cell_table(width, height)), 5 + scores.shape[1]))
    table[: len(corners)] = np.concatenate([_centred(corners), _with_objectness(scores)], axis=1)
    return table[::-1]


def _yolov8(
    corners: NDArray[np.float64], scores: NDArray[np.float64], width: int, height: int
) -> NDArray[np.float64]:
    table = np.zeros((len(cell_table(width, height)), 4 + scores.shape[1]))
    table[: len(corners)] = np.concatenate([_centred(corners), scores], axis=1)
    return table.T


def _yolox(
    corners: NDArray[np.float64], scores: NDArray[np.float64], width: int, height: int
) -> NDArray[np.float64]:
    cells = cell_table(width, height)
    table = np.zeros((len(cells), 5 + scores.shape[1]))
    # Any cell may answer for any box: here those at the end, whose strides differ.
    rows = np.arange(len(corners)) * 7 + len(cells) - 7 * len(corners)
    place, boxes = cells[rows], _centred(corners)
    offset = boxes[:, :2] / place[:, 2:] - place[:, :2]
    table[rows] = np.concatenate(
        [offset, np.log(boxes[:, 2:] / place[:, 2:]), _with_objectness(scores)], axis=1
    )
    return table


def _picodet(
    corners: NDArray[np.float64], scores: NDArray[np.float64], width: int, height: int
) -> NDArray[np.float64]:
    cells = cell_table(width, height)
    table = np.zeros((len(cells), scores.shape[1] + 4 * BINS))
    middles = (cells[:, :2] + 0.5) * cells[:, 2:]
    for box, score in zip(corners, scores, strict=True):
        distances = np.concatenate([middles - box[:2], box[2:] - middles], axis=1) / cells[:, 2:]
        able = ((distances >= 0) & (distances <= BINS - 1)).all(axis=1) & (table.max(axis=1) == 0)
        row = int(np.flatnonzero(able)[-1])
        table[row, : len(score)] = score
        table[row, len(score) :] = np.concatenate([_bins(one) for one in distances[row]])
    return table


def _bins(distance: float) -> NDArray[np.float64]:
    """Logits whose softmax has this expected value."""
    logits = np.full(BINS, -60.0)
    low = min(int(distance), BINS - 2)
    share = distance - low
    logits[low], logits[low + 1] = np.log(max(1 - share, 1e-20)), np.log(max(share, 1e-20))
    return logits


def _end_to_end(
    corners: NDArray[np.float64], scores: NDArray[np.float64], width: int, height: int
) -> NDArray[np.float64]:
    del width, height
    table = np.zeros((300, 6))
    best = scores.argmax(axis=1)
    table[: len(corners)] = np.concatenate(
        [corners, scores.max(axis=1, keepdims=True), best[:, np.newaxis]], axis=1
    )
    return table


def _rt_detr(
    corners: NDArray[np.float64], scores: NDArray[np.float64], width: int, height: int
) -> NDArray[np.float64]:
    """One row for each class of a box that has a score, surest first, as a choice of the best gives them."""
    boxes = _centred(corners) / np.array([width, height, width, height])
    rows = [
        [*box, score, number]
        for box, own in zip(boxes, scores, strict=True)
        for number, score in enumerate(own)
    ]
    table = np.zeros((300, 6))
    table[: len(rows)] = np.reshape(sorted(rows, key=lambda row: -row[4]), (-1, 6))
    return table


_FAMILIES = {
    "yolov5": _yolov5,
    "yolov8": _yolov8,
    "yolox": _yolox,
    "picodet": _picodet,
    "end-to-end": _end_to_end,
    "rt-detr": _rt_detr,
}
