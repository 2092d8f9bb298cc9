"""RT-DETR as it is exported with its best answers chosen, among them MegaDetector 6.

Zhao et al. 2024, "DETRs Beat YOLOs on Real-time Object Detection" (arXiv 2304.08069). Columns of [n, 6]: centre x,
centre y, width and height in shares of the input, score, number of the class. One and the same box stands there once
for each of its classes that is among the best; its rows are put together, so that it has a score for each of them.
"""

from __future__ import annotations

import numpy as np

from taxolens.inference.decoders.candidates import Candidates, Output, around
from taxolens.inference.decoders.end_to_end import COLUMNS, class_numbers


def decode_rt_detr(output: Output, *, least: float) -> Candidates:
    """Reads [n, 6]; see `Decode`."""
    values = output.values
    if values.ndim != 2 or values.shape[1] != COLUMNS:
        raise output.misfit()
    boxes, row = np.unique(values[:, :4], axis=0, return_inverse=True)
    sure = values[:, 4] > 0
    scores = np.zeros((len(boxes), output.classes), np.float32)
    numbers = class_numbers(values[sure], output.classes)
    np.maximum.at(scores, (row.reshape(-1)[sure], numbers), values[sure, 4].clip(0, 1))
    kept = np.flatnonzero(scores.max(axis=1, initial=0.0) >= least)
    # Surest first, as other decoders' rows come, so that what follows does not depend on where boxes lie.
    kept = kept[np.argsort(-scores[kept].max(axis=1, initial=0.0), kind="stable")]
    return Candidates(np.asarray(around(boxes[kept]), np.float32), scores[kept])
