"""Pixels to the tensor that a graph takes, and its answer to probabilities.

Our own graphs take pixels and give probabilities; these are for graphs of other makers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import ModelError
from taxolens.modelfile.card import CardInput

DECODERS = ("probabilities", "logits")


def to_tensor(pixels: NDArray[np.uint8], rule: CardInput) -> NDArray[np.uint8] | NDArray[np.float32]:
    """Normalises and orders axes where the graph does not do so itself.

    Args:
        pixels: uint8 [height, width, 3].

    Returns:
        uint8 or float32, [height, width, 3] or [3, height, width].
    """
    if rule.uint8:
        return pixels if rule.layout == "nhwc" else pixels.transpose(2, 0, 1)
    mean, std = np.array(rule.mean, np.float32), np.array(rule.std, np.float32)
    values = (pixels.astype(np.float32) / np.float32(255) - mean) / std
    return values if rule.layout == "nhwc" else np.ascontiguousarray(values.transpose(2, 0, 1))


def to_probabilities(answer: NDArray[np.float32], decoder: str) -> NDArray[np.float32]:
    """Reads a classifier's output.

    Args:
        answer: float32 [classes].
        decoder: "probabilities", or "logits" for numbers that softmax turns into them.

    Raises:
        ModelError: another decoder.
    """
    if decoder == "probabilities":
        return answer
    if decoder == "logits":
        powers = np.exp(answer - answer.max())
        return np.asarray(powers / powers.sum(), dtype=np.float32)
    raise ModelError(
        "The output of the model is read by the decoder {decoder}, which is not one for classes. Known: {known}.",
        decoder=decoder,
        known=", ".join(DECODERS),
    )
