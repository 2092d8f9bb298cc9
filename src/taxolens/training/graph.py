"""A network that has learnt, as an ONNX graph that takes pixels as they lie in a file."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray

from taxolens.core.errors import ParityError
from taxolens.models.timm_backbone import OPSET
from taxolens.training.normalise import Normalised

INPUT, OUTPUT = "image", "logits"
_LARGEST_DIFFERENCE = 1e-3


def exported(whole: Normalised, height: int, width: int) -> bytes:
    """uint8 [N, height, width, 3] to float32 [N, c] `logits`, whatever N."""
    buffer: Any = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            whole.cpu().eval(),
            (torch.zeros(1, height, width, 3, dtype=torch.uint8),),
            buffer,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes={INPUT: {0: "N"}, OUTPUT: {0: "N"}},
            opset_version=OPSET,
            dynamo=False,
        )
    return bytes(buffer.getvalue())


def compare(graph: bytes, whole: Normalised, pixels: NDArray[np.uint8]) -> float:
    """Largest difference between graph and network, relative to the largest answer.

    Args:
        pixels: uint8 [n, height, width, 3].

    Raises:
        ParityError: it is too large.
    """
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = whole(torch.from_numpy(pixels)).numpy()
    (answered,) = session.run(None, {INPUT: pixels})
    scale = float(np.abs(expected).max()) or 1.0
    difference = float(np.abs(answered - expected).max()) / scale
    if not difference <= _LARGEST_DIFFERENCE:
        raise ParityError(
            "The exported network differs from the trained one by {difference}, more than {allowed}. "
            "Choose another network.",
            difference=f"{difference:.2g}",
            allowed=_LARGEST_DIFFERENCE,
        )
    return difference
