"""YOLOv5 with anchors, and YOLOX that was exported with its boxes decoded.

Columns of [n, 5 + classes]: centre x, centre y, width, height in pixels of the input, objectness, classes. A class's
score is objectness x class, as in YOLOv5's own suppression (Jocher 2020, doi 10.5281/zenodo.3908559).
"""

from __future__ import annotations

import numpy as np

from taxolens.inference.decoders.candidates import Candidates, Output, around


def decode_yolov5(output: Output, *, least: float) -> Candidates:
    """Reads [n, 5 + classes]; see `Decode`."""
    values = output.values
    if values.ndim != 2 or values.shape[1] != 5 + output.classes:
        raise output.misfit()
    # Most of 25,200 rows are dropped by objectness alone, before anything is multiplied.
    values = values[values[:, 4] >= least]
    scores = values[:, 5:] * values[:, 4:5]
    sure = np.flatnonzero(scores.max(axis=1) >= least)
    return Candidates(output.shares(around(values[sure, :4])), scores[sure].clip(0, 1))
