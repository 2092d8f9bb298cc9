"""A trained network as PyTorch runs it when nobody asks for more: eager, one photo at a time, on all processors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from taxolens.core.errors import ModelError
from taxolens.core.peer import Peer
from taxolens.formats.weights import read_weights_card
from taxolens.models.network import Network, build_network
from taxolens.recipes.network import NetworkRecipe


class EagerNetwork:
    """A network that answers with logits.

    Args:
        network: built, with its weights.
    """

    def __init__(self, network: Network) -> None:
        self._module = network.module.eval()
        self._mean, self._std = (
            torch.tensor(three, dtype=torch.float32).view(3, 1, 1)
            for three in (network.input.mean, network.input.std)
        )

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `core.peer.Peer`."""
        planes = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1))).float() / 255
        with torch.inference_mode():
            logits = self._module(((planes - self._mean) / self._std)[None])
        return np.asarray(logits[0].numpy())


def open_eager(weights: Path) -> Peer:
    """See `core.peer.PeerMaker`."""
    card = read_weights_card(weights)
    if card is None:
        raise ModelError(
            "{weights} does not say which network it belongs to. Name a run folder that train left.",
            weights=weights,
        )
    recipe = NetworkRecipe(
        name=card.network,
        weights=weights,
        arguments=card.arguments,
        size=card.size,
        mean=card.mean,
        std=card.std,
    )
    return EagerNetwork(build_network(recipe, card.classes, pretrained=True))
