"""YOLOv5u, YOLOv8, YOLOv9, YOLO11 and the one-to-many head of YOLOv10: no objectness, no anchors.

Rows of [4 + classes, n]: centre x, centre y, width, height in pixels of the input, then one score for each class.
Exporters that turn the table over write [n, 4 + classes]; both are read.
"""

from __future__ import annotations

import numpy as np

from taxolens.inference.decoders.candidates import Candidates, Output, around


def decode_yolov8(output: Output, *, least: float) -> Candidates:
    """Reads [4 + classes, n] or [n, 4 + classes]; see `Decode`."""
    values, columns = output.values, 4 + output.classes
    if values.ndim != 2 or columns not in values.shape:
        raise output.misfit()
    if values.shape[0] == columns:
        values = values.T
    scores = values[:, 4:]
    sure = np.flatnonzero(scores.max(axis=1) >= least)
    return Candidates(output.shares(around(values[sure, :4])), scores[sure].clip(0, 1))
