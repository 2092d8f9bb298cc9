"""A network as its builder makes it, made as narrow as pruning once made it.

Only shapes are kept of a pruned network, and the shapes decide everything: no object is ever unpacked.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from taxolens.core.errors import ModelError
from taxolens.core.trainer import NetworkInput
from taxolens.formats.weights import Shapes


def narrow(module: nn.Module, shapes: Shapes, head: frozenset[str], wanted: NetworkInput, file: Path) -> None:
    """Cuts tensors down to `shapes`; what they hold afterwards is no matter.

    Args:
        head: names of the parameters that have a row for every class; they keep their rows.
        wanted: what the network sees, to try it.
        file: that the shapes stand in.

    Raises:
        ModelError: shapes of another network, or that do not fit together.
    """
    built = module.state_dict()
    for name, shape in shapes.items():
        had = tuple(built[name].shape) if name in built else ()
        if name in head and shape:
            shape = (*had[:1], *shape[1:])
        if (
            name not in built
            or len(had) != len(shape)
            or any(now > before for now, before in zip(shape, had, strict=True))
        ):
            raise ModelError(
                "The file {file} says that the network was pruned, but its tensor {name} is none of this network. "
                "Name the weights as a run left them.",
                file=file,
                name=name,
            )
        _cut(module, name, shape)
    for layer in module.modules():
        _settle(layer)
    _try(module, wanted, file)


def _cut(module: nn.Module, name: str, shape: tuple[int, ...]) -> None:
    place, _, own = name.rpartition(".")
    layer = module.get_submodule(place)
    tensor = getattr(layer, own)
    smaller = tensor.detach()[tuple(slice(size) for size in shape)].clone()
    if isinstance(tensor, nn.Parameter):
        setattr(layer, own, nn.Parameter(smaller, requires_grad=tensor.requires_grad))
    else:
        setattr(layer, own, smaller)


def _settle(layer: Any) -> None:
    """Lets a layer's own numbers say what its tensors are."""
    if isinstance(layer, nn.Conv2d):
        alone = layer.groups == layer.out_channels > 1
        layer.out_channels = layer.weight.shape[0]
        layer.groups = layer.out_channels if alone else layer.groups
        layer.in_channels = layer.weight.shape[1] * layer.groups
    elif isinstance(layer, nn.Linear):
        layer.out_features, layer.in_features = layer.weight.shape
    elif isinstance(layer, nn.modules.batchnorm._BatchNorm) and layer.running_mean is not None:
        layer.num_features = layer.running_mean.shape[0]
    elif hasattr(layer, "normalized_shape") and isinstance(getattr(layer, "weight", None), nn.Parameter):
        layer.normalized_shape = tuple(layer.weight.shape)
    elif isinstance(layer, nn.GroupNorm) and layer.weight is not None:
        layer.num_channels = layer.weight.shape[0]


def _try(module: nn.Module, wanted: NetworkInput, file: Path) -> None:
    learning = module.training
    try:
        with torch.no_grad():
            module.eval()(torch.zeros(1, 3, wanted.height, wanted.width))
    except (RuntimeError, ValueError, AssertionError, IndexError) as error:
        raise ModelError(
            "The file {file} says that the network was pruned to layers that do not fit together for photos of "
            "{side} pixels. Name the weights as a run left them, without another --size.",
            file=file,
            side=wanted.width,
        ) from error
    finally:
        module.train(learning)


def shapes_of(module: nn.Module) -> Mapping[str, tuple[int, ...]]:
    """Shape of every tensor by name."""
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
