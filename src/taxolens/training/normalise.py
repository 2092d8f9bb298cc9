"""Pixels as they lie in a file to numbers as a network wants them, inside the network."""

from __future__ import annotations

import torch
from torch import nn

from taxolens.core.trainer import NetworkInput

_GREY_LEVELS = 255.0


class Normalised(nn.Module):
    """A network behind its own normalisation: uint8 [N, height, width, 3] to logits [N, c]."""

    def __init__(self, network: nn.Module, wanted: NetworkInput) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(wanted.mean).view(1, 3, 1, 1) * _GREY_LEVELS)
        self.register_buffer("scale", 1 / (torch.tensor(wanted.std).view(1, 3, 1, 1) * _GREY_LEVELS))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """RGB pixels to logits."""
        logits: torch.Tensor = self.network(self.floats(pixels))
        return logits

    def floats(self, pixels: torch.Tensor) -> torch.Tensor:
        """uint8 [N, h, w, 3] to normalised float32 [N, 3, h, w]; channels stay last in memory."""
        seen: torch.Tensor = (pixels.permute(0, 3, 1, 2).float() - self.mean) * self.scale  # type: ignore[operator]
        return seen

    def grey_levels(self, floats: torch.Tensor) -> torch.Tensor:
        """Normalised float32 [N, 3, h, w] back to RGB in 0..255."""
        seen: torch.Tensor = floats.detach() / self.scale + self.mean  # type: ignore[operator]
        return seen
