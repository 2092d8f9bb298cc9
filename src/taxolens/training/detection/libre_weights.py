"""Networks of LibreYOLO as files: built by name, cut down to what pruning left, written with what they are."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any

from safetensors.torch import load_file, save
from torch import nn

from taxolens.core.errors import ModelError
from taxolens.core.trainer import NetworkInput
from taxolens.formats.weights import WeightsCard, read_weights_card
from taxolens.models.narrow import narrow, shapes_of
from taxolens.storage.atomic import written_whole
from taxolens.training.detection.order import Order

_ZERO, _ONE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
_NAMES = "cls_pred"
"""In the names of the layers that have a row for every class."""


def built(family: str, size: str, classes: int, device: str) -> Any:
    """A wrapper of the library around a network that has learnt nothing."""
    from libreyolo import LibreYOLO9, LibreYOLOX

    kind = LibreYOLOX if family == "yolox" else LibreYOLO9
    return kind(None, size=size, nb_classes=classes, device=device)


def cut_down(wrapper: Any, card: WeightsCard, file: Path, device: str) -> None:
    """Makes a built network as narrow as the one that weights were taken from.

    Raises:
        ModelError: they are of another network.
    """
    if not card.shapes:
        return
    names = frozenset(name for name in card.shapes if _NAMES in name)
    wanted = NetworkInput(card.network, card.size, card.size, _ZERO, _ONE)
    wrapper.model.cpu()
    narrow(wrapper.model, card.shapes, names, wanted, file)
    wrapper.model.to(device)


def write_weights(network: nn.Module, order: Order, file: Path) -> None:
    """Writes tensors, and what network they are of."""
    whole = shapes_of(built(order.family, order.size, len(order.labels), "cpu").model)
    card = WeightsCard(
        network=f"{order.family}-{order.size}",
        classes=order.labels,
        size=order.side,
        mean=_ZERO,
        std=_ONE,
        shapes=MappingProxyType(
            {name: shape for name, shape in shapes_of(network).items() if whole.get(name, shape) != shape}
        ),
    )
    tensors = {name: one.detach().clone().contiguous() for name, one in network.state_dict().items()}
    with written_whole(file) as out:
        out.write(save(tensors, metadata=card.metadata()))


def opened(file: Path, device: str) -> tuple[Any, WeightsCard]:
    """The network of a file that `write_weights` made, with its weights.

    Raises:
        ModelError: it is no such file.
    """
    card = read_weights_card(file)
    family, _, size = card.network.partition("-") if card else ("", "", "")
    if card is None or family not in ("yolox", "yolo9"):
        raise ModelError(
            "The file {file} holds no weights of a detector. Name the weights of a run, or a YOLOX network as ONNX.",
            file=file,
        )
    wrapper = built(family, size, len(card.classes), device)
    cut_down(wrapper, card, file, device)
    wrapper.model.load_state_dict(load_file(file))
    return wrapper, card
