"""What a request asks of a model, and what it gets back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.core.records import Prediction
from taxolens.inference.detected import Detected


@dataclass(frozen=True, slots=True)
class PhotoWork:
    """One photo to be answered as `identify` would.

    Attributes:
        photo: an encoded file's bytes, or uint8 [height, width, 3], upright RGB, any size.
        name: what the answer calls it.
        top_k: length of the ranking, at least 1.
        threshold: score below which the answer is "unsure", 0..1 (for what finds boxes: below which a box is left
            out); None: the model's own.
    """

    photo: bytes | NDArray[np.uint8]
    name: str = "photo"
    top_k: int = 5
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class TensorWork:
    """A tensor as the graph itself takes it, for the inference protocol.

    Attributes:
        tensor: uint8 or float32, the shape of the graph's input with its axis of photos, at least one photo.
    """

    tensor: NDArray[np.uint8] | NDArray[np.float32]


Work = PhotoWork | TensorWork


@dataclass(frozen=True, slots=True)
class Named:
    """What a classifier says of one photo.

    Attributes:
        prediction: the decision; its status is "failed" and `failure` says why where the photo cannot be read.
        probabilities: float32 [classes]; empty where the photo cannot be read.
    """

    prediction: Prediction
    probabilities: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Raw:
    """The output of the graph for a `TensorWork`, float32, with its axis of photos."""

    output: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one piece of work.

    Attributes:
        result: `Named` of a classifier, `Detected` of a detector or a pipeline, `Raw` for a tensor.
        model: that answered, name and version: all of one answer come from one.
        version: of that model.
        waited: seconds in the queue.
        seconds: seconds at work, decoding and inference together.
        decoding: of these, from the photo's bytes to the pixels that the model sees.
    """

    result: Named | Detected | Raw
    model: str
    version: str
    waited: float
    seconds: float
    decoding: float = 0.0
