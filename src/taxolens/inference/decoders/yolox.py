"""YOLOX as its own exporter writes it: boxes still counted in cells of a grid.

Ge et al. 2021, "YOLOX: Exceeding YOLO Series in 2021" (arXiv 2107.08430). Columns of [cells, 5 + classes]: centre
from the cell's corner in cells, logarithm of width and height in cells, objectness, classes; the last two are
probabilities already, and a class's score is their product.
"""

from __future__ import annotations

import numpy as np

from taxolens.inference.decoders.candidates import Candidates, Output, around
from taxolens.inference.decoders.grid import grid, strides_for

_LARGEST_LOG = 20.0
"""A side of e^20 cells is infinite for any photo, and still a number."""


def decode_yolox(output: Output, *, least: float) -> Candidates:
    """Reads [cells, 5 + classes]; see `Decode`."""
    values = output.values
    if values.ndim != 2 or values.shape[1] != 5 + output.classes:
        raise output.misfit()
    strides = strides_for(len(values), output.width, output.height)
    if strides is None:
        raise output.misfit()
    scores = values[:, 5:] * values[:, 4:5]
    sure = np.flatnonzero(scores.max(axis=1) >= least)
    place, raw = grid(output.width, output.height, strides), values[sure]
    stride = place.strides[sure]
    middle = (raw[:, :2] + place.corners[sure]) * stride
    sides = np.exp(np.minimum(raw[:, 2:4], _LARGEST_LOG)) * stride
    corners = around(np.concatenate([middle, sides], axis=1))
    return Candidates(output.shares(corners), scores[sure].clip(0, 1))
