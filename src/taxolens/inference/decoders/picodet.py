"""PicoDet: each side of a box is a distribution over distances from the middle of a cell.

Yu et al. 2021, "PP-PicoDet" (arXiv 2111.00902); the distribution is that of Li et al. 2020, "Generalized Focal Loss"
(arXiv 2006.04388). The graph gives class maps and side maps apart; the card's graph joins them to
[cells, classes + 4 x bins]. Classes are probabilities; of the bins of each side (left, top, right, bottom) the softmax's
expected value, in cells, is the distance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taxolens.inference.decoders.candidates import Candidates, Output
from taxolens.inference.decoders.grid import grid, strides_for


def decode_picodet(output: Output, *, least: float) -> Candidates:
    """Reads [cells, classes + 4 x bins]; see `Decode`."""
    values = output.values
    bins, beyond = divmod(values.shape[-1] - output.classes, 4)
    if values.ndim != 2 or bins < 2 or beyond:
        raise output.misfit()
    strides = strides_for(len(values), output.width, output.height)
    if strides is None:
        raise output.misfit()
    scores = values[:, : output.classes]
    sure = np.flatnonzero(scores.max(axis=1) >= least)
    place = grid(output.width, output.height, strides)
    stride = place.strides[sure]
    middle = (place.corners[sure] + np.float32(0.5)) * stride
    distances = _expected(values[sure, output.classes :].reshape(-1, 4, bins)) * stride
    corners = np.concatenate([middle - distances[:, :2], middle + distances[:, 2:]], axis=1)
    return Candidates(output.shares(corners), scores[sure].clip(0, 1))


def _expected(bins: NDArray[np.float32]) -> NDArray[np.float32]:
    """The expected bin of the softmax over the last axis."""
    powers = np.exp(bins - bins.max(axis=-1, keepdims=True, initial=-np.inf))
    numbers = np.arange(bins.shape[-1], dtype=np.float32)
    return np.asarray((powers @ numbers) / powers.sum(axis=-1), np.float32)
