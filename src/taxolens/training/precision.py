"""Which numbers a network computes with while it learns."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn

from taxolens.core.errors import UsageError
from taxolens.recipes.network import Device, NetworkRecipe, Precision

_TIMES = 3
_WORTH = 1.3


def device_of(recipe: NetworkRecipe) -> torch.device:
    """Where to compute.

    Raises:
        UsageError: a graphics card is asked for and there is none that PyTorch can use.
    """
    if recipe.device is Device.CUDA and not torch.cuda.is_available():
        raise UsageError(
            "PyTorch finds no graphics card here. Leave out --device cuda, or install a PyTorch for your card."
        )
    wanted = recipe.device is not Device.CPU and torch.cuda.is_available()
    return torch.device("cuda" if wanted else "cpu")


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[object]:
    """Computes in bfloat16 where that is asked for; weights stay float32."""
    if precision is not Precision.BF16:
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


def precision_of(recipe: NetworkRecipe, network: nn.Module, pixels: torch.Tensor) -> Precision:
    """What the recipe asks for; for auto, bfloat16 where a step really is faster with it.

    Processors differ: with the instructions for it, ordinary convolutions gain about twofold, depthwise ones
    nothing; without, it is slower.

    Args:
        pixels: a step's photos, on the network's device.
    """
    if recipe.precision is not Precision.AUTO:
        return recipe.precision
    seconds = {one: _seconds(network, pixels, one) for one in (Precision.FP32, Precision.BF16)}
    faster = seconds[Precision.BF16] * _WORTH < seconds[Precision.FP32]
    return Precision.BF16 if faster else Precision.FP32


def _seconds(network: nn.Module, pixels: torch.Tensor, precision: Precision) -> float:
    """The shortest of a few steps, forwards and backwards; nothing is learnt from them."""
    kept = {name: buffer.clone() for name, buffer in network.named_buffers()}
    found = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        with autocast(pixels.device, precision):
            total = network(pixels).float().square().mean()
        torch.autograd.backward(total)
        if pixels.is_cuda:
            # A graphics card has only been told what to do so far.
            torch.cuda.synchronize(pixels.device)
        found.append(time.perf_counter() - began)
        network.zero_grad(set_to_none=True)
    for name, buffer in network.named_buffers():
        buffer.copy_(kept[name])
    return min(found)
