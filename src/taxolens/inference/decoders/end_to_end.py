"""The one-to-one head of YOLOv10 and YOLO26, and any graph that thins its boxes itself.

Columns of [n, 6]: left, top, right, bottom in pixels of the input, score, number of the class; unused rows have the
score 0. Such a graph tells no class but the best of each box: the others have the score 0 here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import ModelError
from taxolens.inference.decoders.candidates import Candidates, Output

COLUMNS = 6


def decode_end_to_end(output: Output, *, least: float) -> Candidates:
    """Reads [n, 6]; see `Decode`."""
    values = output.values
    if values.ndim != 2 or values.shape[1] != COLUMNS:
        raise output.misfit()
    values = values[values[:, 4] >= least]
    numbers = class_numbers(values, output.classes)
    scores = np.zeros((len(values), output.classes), np.float32)
    scores[np.arange(len(values)), numbers] = values[:, 4].clip(0, 1)
    return Candidates(output.shares(values[:, :4]), scores)


def class_numbers(values: NDArray[np.float32], classes: int) -> NDArray[np.int64]:
    """The last column: int64 [n], each below `classes`.

    Raises:
        ModelError: there is no such class.
    """
    numbers = np.rint(values[:, 5]).astype(np.int64)
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < classes:
        raise ModelError(
            "The detector names the class number {number}, but {classes} classes are known, numbered from 0. "
            "Describe it anew: taxolens models describe FILE --labels FILE",
            number=int(numbers[(numbers < 0) | (numbers >= classes)][0]),
            classes=classes,
        )
    return numbers
