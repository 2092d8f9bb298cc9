"""Mixup (Zhang et al. 2018) and cutmix (Yun et al. 2019): photos of a step blended with one another.

Written here rather than taken from timm, whose Mixup draws from numpy's global generator: a training that was
stopped could then not go on as if it had not been.
"""

from __future__ import annotations

import numpy as np
import torch

from taxolens.recipes.network import NetworkRecipe


def mixed(
    pixels: torch.Tensor,
    targets: torch.Tensor,
    recipe: NetworkRecipe,
    rng: np.random.Generator,
    mine: slice = slice(None),
) -> tuple[torch.Tensor, torch.Tensor]:
    """Blends each photo with another one of the step; where both ways are asked for, one is drawn by lot.

    Args:
        pixels: float32 [b, 3, h, w].
        targets: float32 [b, c], rows sum to 1.
        mine: the rows that are wanted.

    Returns:
        Pixels and targets, blended in the same proportion.
    """
    ways = [way for way, alpha in ((_mixup, recipe.mixup), (_cutmix, recipe.cutmix)) if alpha > 0]
    if not ways:
        return pixels[mine], targets[mine]
    way = ways[int(rng.integers(len(ways)))]
    alpha = recipe.mixup if way is _mixup else recipe.cutmix
    other = torch.from_numpy(rng.permutation(len(pixels)))[mine]
    blended, share = way(pixels[mine], pixels[other], float(rng.beta(alpha, alpha)), rng)
    return blended, share * targets[mine] + (1 - share) * targets[other]


def _mixup(
    first: torch.Tensor, second: torch.Tensor, share: float, rng: np.random.Generator
) -> tuple[torch.Tensor, float]:
    del rng
    return share * first + (1 - share) * second, share


def _cutmix(
    first: torch.Tensor, second: torch.Tensor, share: float, rng: np.random.Generator
) -> tuple[torch.Tensor, float]:
    """A rectangle of the second photo in the first; the share is what is really left of the first."""
    height, width = first.shape[2:]
    side = float(np.sqrt(1 - share))
    y, x = int(rng.integers(height)), int(rng.integers(width))
    top, bottom = max(0, round(y - side * height / 2)), min(height, round(y + side * height / 2))
    left, right = max(0, round(x - side * width / 2)), min(width, round(x + side * width / 2))
    blended = first.clone()
    blended[:, :, top:bottom, left:right] = second[:, :, top:bottom, left:right]
    return blended, 1 - (bottom - top) * (right - left) / (height * width)
