"""What a network says of photos that it does not learn from."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from taxolens.core.trainer import Pixels, TrainingRequest

_AT_ONCE = 64


def logits_of(
    network: nn.Module, pixels: Pixels, rows: NDArray[np.int64], classes: int
) -> NDArray[np.float32]:
    """Logits, float32 [k, c].

    Args:
        network: uint8 [N, h, w, 3] to logits.
        rows: int64 [k], photos to look at.
    """
    was_training = network.training
    network.eval()
    device = next(network.parameters()).device
    found = [np.empty((0, classes), np.float32)]
    with torch.no_grad():
        for start in range(0, len(rows), _AT_ONCE):
            batch = np.stack([pixels[row] for row in rows[start : start + _AT_ONCE].tolist()])
            found.append(network(torch.from_numpy(batch).to(device)).float().cpu().numpy())
    network.train(was_training)
    return np.concatenate(found)


def judged(logits: NDArray[np.float32], truth: NDArray[np.int64]) -> tuple[float, float]:
    """Mean cross-entropy and accuracy."""
    loss = functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(truth)).item()
    return loss, float((logits.argmax(1) == truth).mean())


def validated(network: nn.Module, request: TrainingRequest[Any]) -> tuple[float | None, float | None]:
    """Mean cross-entropy and accuracy on the validation photos; None where there are none."""
    if not len(request.val):
        return None, None
    logits = logits_of(network, request.pixels, request.val, len(request.labels))
    return judged(logits, request.truth[request.val])
