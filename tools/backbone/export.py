"""Writes the network as one ONNX file: weights as float16, arithmetic as float32."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import helper, numpy_helper
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tools.backbone.network import SIDE, Network
from tools.backbone.trunk import Block

OPSET = 17
LARGEST = 2_000_000  # bytes
HEAVY = 512  # numbers; smaller tensors stay float32
TOLERANCE = 1e-3


def _prepare(network: Network) -> Network:
    """Fold the normalisations into the convolutions and round the weights to what will be stored."""
    for block in network.modules():
        if isinstance(block, Block) and isinstance(block.norm, nn.BatchNorm2d):
            block.conv, block.norm = fuse_conv_bn_eval(block.conv, block.norm), nn.Identity()
    for weight in network.parameters():
        if weight.numel() > HEAVY:
            weight.data = weight.data.half().float()
    return network


def _store_as_float16(model: onnx.ModelProto) -> None:
    """Replace heavy float32 tensors by float16 ones, each followed by a Cast that is folded at load."""
    casts = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size <= HEAVY:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT))
    nodes = casts + list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def build(network: Network) -> onnx.ModelProto:
    """The checked ONNX graph of a network in evaluation mode, `image` -> `embedding`."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "network.onnx")
        torch.onnx.export(
            network, (torch.zeros(2, SIDE, SIDE, 3, dtype=torch.uint8),), file, dynamo=False,
            opset_version=OPSET, input_names=["image"], output_names=["embedding"],
            dynamic_axes={"image": {0: "N"}, "embedding": {0: "N"}},
        )  # fmt: skip
        model = onnx.load(file)
    _store_as_float16(model)
    model.producer_name, model.producer_version = "taxolens tools.backbone", ""
    onnx.checker.check_model(model, full_check=True)
    return model


def check(network: Network, data: bytes) -> None:
    """Fail unless the file says what the network says, alone and in a batch.

    Raises:
        RuntimeError: the file is too large, or the answers differ.
    """
    if len(data) > LARGEST:
        raise RuntimeError(f"the file has {len(data)} bytes, more than {LARGEST}")
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    image = np.random.default_rng(0).integers(0, 256, (8, SIDE, SIDE, 3), dtype=np.uint8)
    image[4:] //= 4
    image[7] = 120
    together = session.run(None, {"image": image})[0]
    alone = np.concatenate([session.run(None, {"image": one[None]})[0] for one in image])
    with torch.no_grad():
        expected = network(torch.from_numpy(image)).numpy()
    scale = np.abs(expected).max()
    apart, batched = np.abs(together - expected).max() / scale, np.abs(together - alone).max() / scale
    print(
        f"{len(data)} bytes, {expected.shape[1]} values; parity {apart:.1e}, batch 8 against 1 {batched:.1e}"
    )
    if max(apart, batched) > TOLERANCE:
        raise RuntimeError("the exported file does not agree with the network")


def export(network: Network, path: Path) -> None:
    """Write the network to path, after the checks, atomically."""
    network = _prepare(network.eval())
    data = build(network).SerializeToString()
    check(network, data)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.replace(path)
