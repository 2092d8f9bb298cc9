"""Weights out of an exported YOLOX: its convolutions put back, with batch norms that can learn again.

An export folds every batch norm into the convolution before it. Each is put back with the mean and deviation that its
inputs have on some photos, and a scale and shift that undo them: the network answers as before, and in training its
norms find the statistics that they expect.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import nn

from taxolens.core.errors import ModelError

_CLOSE = 1e-3
"""Of the largest number that the network answers with."""

Convolutions = list[tuple[NDArray[np.float32], NDArray[np.float32]]]


def load_yolox(network: nn.Module, file: Path, pictures: torch.Tensor) -> None:
    """Fills a network with the weights of an export of the same architecture.

    Args:
        network: YOLOX, with any number of classes; the layers that name them are left as they are where the
            numbers differ.
        pictures: float32 [n, 3, side, side], BGR, 0..255: photos as it will see them.

    Raises:
        ModelError: it is an export of another network.
    """
    graph = _opened(file)
    found = _convolutions(graph.graph)
    layers = _in_order(network, pictures[:1])
    unfit = len(found) != len(layers)
    for (weight, bias), (conv, norm) in zip(found, layers, strict=False):
        if unfit or tuple(conv.weight.shape[1:]) != weight.shape[1:]:
            raise _misfit(file)
        if conv.weight.shape[0] == weight.shape[0]:
            _fill(conv, norm, weight, bias)
        elif norm is not None:
            raise _misfit(file)
    whole = all(
        conv.weight.shape[0] == len(weight) for (weight, _), (conv, _) in zip(found, layers, strict=True)
    )
    if whole:
        _check_same(network, file, pictures[:1])
    _settle_norms(network, layers, pictures)


def _misfit(file: Path) -> ModelError:
    return ModelError(
        "The weights in {file} are of another network. Name the YOLOX that they are of with --backbone.",
        file=file,
    )


def _opened(file: Path) -> onnx.ModelProto:
    try:
        return onnx.load(file, load_external_data=False)
    except Exception as error:  # onnx raises what protobuf raises
        raise ModelError("The file {file} cannot be read as ONNX. Name another.", file=file) from error


def _convolutions(graph: onnx.GraphProto) -> Convolutions:
    """Weights and biases in the order in which the graph computes, which is that of the network's own calls."""
    kept = {one.name: one for one in graph.initializer}
    found: Convolutions = []
    for node in graph.node:
        if node.op_type != "Conv" or node.input[1] not in kept:
            continue
        weight = numpy_helper.to_array(kept[node.input[1]]).astype(np.float32)
        has_bias = len(node.input) > 2 and node.input[2] in kept
        bias = numpy_helper.to_array(kept[node.input[2]]) if has_bias else np.zeros(len(weight))
        found.append((weight, bias.astype(np.float32)))
    return found


def _in_order(network: nn.Module, picture: torch.Tensor) -> list[tuple[nn.Conv2d, nn.BatchNorm2d | None]]:
    """Convolutions as they are called, each with the norm that is called next, if one is."""
    called: list[nn.Module] = []
    with _hooks(network, lambda layer, given, made: called.append(layer)), torch.no_grad():
        network.eval()(picture)
    pairs: list[tuple[nn.Conv2d, nn.BatchNorm2d | None]] = []
    for place, layer in enumerate(called):
        if isinstance(layer, nn.Conv2d):
            after = called[place + 1] if place + 1 < len(called) else None
            pairs.append((layer, after if isinstance(after, nn.BatchNorm2d) else None))
    return pairs


def _fill(
    conv: nn.Conv2d, norm: nn.BatchNorm2d | None, weight: NDArray[np.float32], bias: NDArray[np.float32]
) -> None:
    with torch.no_grad():
        conv.weight.copy_(torch.from_numpy(weight))
        if norm is None:
            if conv.bias is not None:
                conv.bias.copy_(torch.from_numpy(bias))
            return
        norm.weight.fill_(1.0)
        norm.bias.copy_(torch.from_numpy(bias))
        norm.running_mean.zero_()  # type: ignore[union-attr]
        norm.running_var.fill_(1.0 - norm.eps)  # type: ignore[union-attr]


def _check_same(network: nn.Module, file: Path, picture: torch.Tensor) -> None:
    """The class confidences do not depend on whether boxes are decoded in the graph."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    wanted = session.get_inputs()[0]
    if list(wanted.shape[2:]) != list(picture.shape[2:]):
        picture = nn.functional.interpolate(picture, size=tuple(wanted.shape[2:]))
    theirs = np.asarray(session.run(None, {wanted.name: picture.numpy()})[0])[..., 4:]
    with torch.no_grad():
        maps = network(picture)
    ours = torch.cat([one.flatten(2).transpose(1, 2) for one in maps], dim=1)[..., 4:].numpy()
    if theirs.shape != ours.shape or float(np.abs(theirs - ours).max()) > _CLOSE:
        raise _misfit(file)


def _settle_norms(
    network: nn.Module,
    layers: Sequence[tuple[nn.Conv2d, nn.BatchNorm2d | None]],
    pictures: torch.Tensor,
) -> None:
    """Gives norms the statistics of photos, and scales and shifts that undo them."""
    sums: dict[Any, list[torch.Tensor]] = {norm: [] for _, norm in layers if norm is not None}

    def collect(layer: nn.Module, given: tuple[torch.Tensor, ...], made: torch.Tensor) -> None:
        if layer in sums:
            flat = given[0].transpose(0, 1).flatten(1).double()
            sums[layer].append(torch.stack([flat.mean(1), flat.square().mean(1)]))

    with _hooks(network, collect), torch.no_grad():
        for picture in torch.split(pictures, 8):
            network.eval()(picture)
        for norm, told in sums.items():
            mean, square = torch.stack(told).mean(0)
            spread = (square - mean.square()).clamp_min(1e-6)
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(spread)
            norm.weight.copy_((spread + norm.eps).sqrt())
            norm.bias.add_(mean)


@contextmanager
def _hooks(network: nn.Module, tell: Any) -> Iterator[None]:
    hooks = [
        layer.register_forward_hook(tell)
        for layer in network.modules()
        if isinstance(layer, nn.Conv2d | nn.BatchNorm2d)
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
