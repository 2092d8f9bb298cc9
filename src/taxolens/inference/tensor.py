"""Pixels to the tensor that a graph takes, and its answer to probabilities.

Our own graphs take pixels and give probabilities; these are for graphs of other makers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import ModelError
from taxolens.modelfile.card import CardInput

DECODERS = ("probabilities", "logits")
_BEYOND = 1e-3
_SUM_BEYOND = 1e-2
"""Half-precision and quantised graphs round: so far may a value and the sum be off."""


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
        ModelError: another decoder, or numbers that are no probabilities.
    """
    if decoder == "probabilities":
        check_probabilities(answer)
        return answer
    if decoder == "logits":
        powers = np.exp(answer - answer.max())
        return np.asarray(powers / powers.sum(), dtype=np.float32)
    raise ModelError(
        "The output of the model is read by the decoder {decoder}, which is not one for classes. Known: {known}.",
        decoder=decoder,
        known=", ".join(DECODERS),
    )


def check_probabilities(answer: NDArray[np.generic]) -> None:
    """Checks that scores lie in 0..1 and sum to 1, as far as rounding lets them.

    Raises:
        ModelError: they do not, or are no numbers.
    """
    values = np.asarray(answer, dtype=np.float64)
    low, high, total = values.min(), values.max(), values.sum()
    # Written so that NaN fails.
    if not (low >= -_BEYOND and high <= 1 + _BEYOND and abs(total - 1) <= _SUM_BEYOND):
        raise ModelError(
            "The model answers with numbers from {low:.3g} to {high:.3g} that sum to {total:.3g}, which are no "
            "probabilities. Describe the network anew: taxolens models describe FILE --activation softmax",
            low=low,
            high=high,
            total=total,
        )
