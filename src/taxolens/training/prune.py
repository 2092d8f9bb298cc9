"""Makes a trained network narrower: channels that matter least are taken out, with all that hangs on them.

gradients of some photos -> channels by importance, a few at a time -> norms look at the photos anew

Source: Fang et al. 2023, "DepGraph: Towards Any Structural Pruning" (torch-pruning).
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from types import MappingProxyType

import numpy as np
import torch
from torch import nn

from taxolens.core.progress import Progress
from taxolens.core.pruner import Pruned, PruneRequest
from taxolens.core.texts import Say
from taxolens.models.narrow import shapes_of
from taxolens.models.network import Network, build_network
from taxolens.recipes.network import NetworkRecipe
from taxolens.training.channels import Narrowing, look_anew, take_out
from taxolens.training.normalise import Normalised
from taxolens.training.precision import device_of
from taxolens.training.trainer import multiplications, weights_file

_LOOKED_AT = 1024
_AT_ONCE = 32
_WIDE = 96
_GRAINS = (8, 4)
"""What widths stay multiples of in wide and in narrow networks: processors work on several channels at once."""

Looked = tuple[torch.Tensor, torch.Tensor]
"""uint8 [b, h, w, 3] photos and int64 [b] classes."""


class ChannelPruner:
    """Takes channels out of classifiers; see `core.pruner.Pruner`."""

    def multiplications(self, settings: NetworkRecipe, labels: tuple[str, ...]) -> int:
        """See `core.pruner.Pruner`."""
        network = build_network(settings, labels, pretrained=True, load=False)
        return multiplications(Normalised(network.module, network.input).eval(), network.input)

    def prune(self, request: PruneRequest[NetworkRecipe], *, progress: Progress, say: Say) -> Pruned:
        """See `core.pruner.Pruner`."""
        network = build_network(request.settings, request.labels, pretrained=True)
        whole = Normalised(network.module, network.input).eval()
        before, built = multiplications(whole, network.input), shapes_of(network.module)
        device, total = device_of(request.settings), _looks(request)
        looked = progress.track(_looked_at(request), what=say("Looking for channels to spare"), total=total)
        _gather_gradients(whole, looked, device)
        after = take_out(_narrowing(network, whole), request.left)
        whole.to(device)
        look_anew(whole, (partial(whole, pixels.to(device)) for pixels, _ in _looked_at(request)))
        whole.cpu()
        now = shapes_of(network.module)
        changed = {
            name: shape for name, shape in now.items() if shape != built[name] or name in network.shapes
        }
        narrower = replace(network, shapes=MappingProxyType(changed))
        weights = weights_file(narrower, request.settings, request.labels)
        return Pruned(weights=weights, before=before, after=after)


def _looks(request: PruneRequest[NetworkRecipe]) -> int:
    return -(-min(_LOOKED_AT, len(request.train)) // _AT_ONCE)


def _looked_at(request: PruneRequest[NetworkRecipe]) -> Iterator[Looked]:
    """Some training photos with their classes, the same for the same seed."""
    rows = np.random.default_rng(request.settings.seed).permutation(request.train)[:_LOOKED_AT]
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        pixels = np.stack([request.pixels[row] for row in some.tolist()])
        yield torch.from_numpy(pixels), torch.from_numpy(request.truth[some])


def _gather_gradients(whole: Normalised, looked: Iterable[Looked], device: torch.device) -> None:
    whole.to(device)
    whole.zero_grad()
    for pixels, truth in looked:
        loss = nn.functional.cross_entropy(whole(pixels.to(device)), truth.to(device), reduction="sum")
        torch.autograd.backward(loss)
    whole.cpu()


def _narrowing(network: Network, whole: Normalised) -> Narrowing:
    wanted = network.input
    return Narrowing(
        name=wanted.name,
        module=network.module,
        picture=torch.zeros(1, 3, wanted.height, wanted.width),
        kept=_kept_whole(network),
        grain=_grain(network.module),
        count=lambda: multiplications(whole, wanted),
    )


def _kept_whole(network: Network) -> list[nn.Module]:
    """Layers that keep all their outputs: the classes, what never learnt, and attention, whose heads go by number."""
    frozen = {name for name, weights in network.module.named_parameters() if not weights.requires_grad}
    kept = {name.rpartition(".")[0] for name in network.head | frozen}
    return [
        layer
        for name, layer in network.module.named_modules()
        if name in kept or isinstance(getattr(layer, "num_heads", None), int)
    ]


def _grain(module: nn.Module) -> int:
    """What widths stay a multiple of."""
    widths = [one.out_channels for one in module.modules() if isinstance(one, nn.Conv2d)]
    return _GRAINS[0] if not widths or statistics.median(widths) >= _WIDE else _GRAINS[1]


prune_channels = ChannelPruner()
