"""A network that learns small pictures quickly on a plain computer.

After Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU" (2024): a first layer of 2x2 patches whose
filters whiten them, three blocks of two convolutions, and a scaled linear head.
"""

from __future__ import annotations

import torch
from torch import nn

from taxolens.recipes.network import NetworkRecipe

WIDTHS = (64, 256, 256)
_WHITENED = 24
_HEAD_SCALE = 1 / 9
_NORM_MOMENTUM = 0.4


class Block(nn.Module):
    """Convolution, pooling, norm; convolution, norm."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(before, after, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(after, momentum=_NORM_MOMENTUM)
        self.second = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(after, momentum=_NORM_MOMENTUM)

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        """[N, before, h, w] to [N, after, h / 2, w / 2]."""
        seen = nn.functional.gelu(self.norm(nn.functional.max_pool2d(self.first(seen), 2)))
        return nn.functional.gelu(self.norm2(self.second(seen)))


class FastCnn(nn.Module):
    """Whitened patches, three blocks, the largest answer over the picture, a linear head."""

    def __init__(self, classes: int, dropout: float) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, _WHITENED, 2, bias=True)
        self.patches.weight.requires_grad_(False)
        self.blocks = nn.Sequential(
            *(Block(*pair) for pair in zip((_WHITENED, *WIDTHS), WIDTHS, strict=False))
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(WIDTHS[-1], classes, bias=False)

    def whiten(self, pictures: torch.Tensor) -> None:
        """Sets the first layer so that 2x2 patches of these pictures come out uncorrelated.

        Args:
            pictures: float32 [n, 3, h, w], normalised as the network will see them.
        """
        patches = pictures.unfold(2, 2, 1).unfold(3, 2, 1).permute(0, 2, 3, 1, 4, 5).reshape(-1, 12)
        patches = patches - patches.mean(0)
        values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
        scaled = vectors.T.reshape(-1, 3, 2, 2) / torch.sqrt(values + 5e-4).view(-1, 1, 1, 1)
        self.patches.weight.data.copy_(torch.cat([scaled, -scaled]))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """float32 [N, 3, side, side] to logits [N, c]."""
        seen = self.blocks(nn.functional.gelu(self.patches(pixels)))
        logits: torch.Tensor = self.head(self.dropout(seen.amax((2, 3)))) * _HEAD_SCALE
        return logits


def fast_cnn(recipe: NetworkRecipe, classes: int) -> nn.Module:
    """The network; its first layer is set when the training photos are known."""
    return FastCnn(classes, recipe.dropout or 0.0)
