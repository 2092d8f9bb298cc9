"""Photos in another size, averaged as decoding averages them: antialiased, by a triangle filter."""

from __future__ import annotations

import torch
from torch.nn import functional


def resized(pixels: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """float32 [b, 3, h, w] to [b, 3, height, width]; photos of that size stay as they are."""
    if pixels.shape[2:] == (height, width):
        return pixels
    return functional.interpolate(
        pixels, (height, width), mode="bilinear", antialias=True, align_corners=False
    )
