"""What quantisation did to every layer: how much noise it brought, and the shift that can be taken out again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import numpy_helper

from taxolens.export.quantise import Layer, Photo, layers_of

Floats = NDArray[np.float64]
_ERRORS_ONLY = 3
_LEAST = 1e-12
_KEPT = "_DequantizeLinear_Output"  # what is left of a tensor, whose range cuts as the activation did


@dataclass(frozen=True, slots=True)
class Noise:
    """What a layer's answer lost.

    Attributes:
        layer: its name.
        decibels: power of the answer over the power of the error.
    """

    layer: str
    decibels: float


def noise_of(
    model: onnx.ModelProto, integers: onnx.ModelProto, samples: Sequence[Photo]
) -> tuple[Noise, ...]:
    """The layers by how much their answers lost, worst first.

    Args:
        model: the folded network.
        integers: what was made of it.
        samples: photos as the network sees them; 8 to 32 will do.
    """
    layers, true, made = _side_by_side(model, integers)
    first, second = _watching(model, true), _watching(integers, made)
    power, error = np.zeros(len(layers)), np.zeros(len(layers))
    for photo in samples:
        for row, (wanted, got) in enumerate(zip(_seen(first, photo), _seen(second, photo), strict=True)):
            power[row] += float(np.square(wanted, dtype=np.float64).sum())
            error[row] += float(np.square(wanted - got, dtype=np.float64).sum())
    decibels = 10 * np.log10(np.maximum(power, _LEAST) / np.maximum(error, _LEAST))
    worst = np.argsort(decibels, kind="stable")
    return tuple(Noise(layers[row].name, float(decibels[row])) for row in worst)


def _side_by_side(
    model: onnx.ModelProto, integers: onnx.ModelProto
) -> tuple[list[Layer], list[str], list[str]]:
    """Layers that both have, and the tensors that hold their answers in the one and in the other."""
    made = {node.name: node.output[0] for node in integers.graph.node}
    known = {name for node in model.graph.node for name in node.output}
    there = {name for node in integers.graph.node for name in node.output}
    layers = [layer for layer in layers_of(model) if layer.name in made]
    # A quantiser takes an activation into its layer: what that makes then has the activation's name.
    names = [made[layer.name] if made[layer.name] in known else layer.made for layer in layers]
    return layers, names, [name + _KEPT if name + _KEPT in there else name for name in names]


def corrected(model: onnx.ModelProto, integers: onnx.ModelProto, samples: Sequence[Photo]) -> onnx.ModelProto:
    """The quantised network with the shift that rounded weights bring taken out of its biases.

    A rounded weight is off by a fixed amount, so a layer's answer is off by that amount times the mean of its
    input: known, and not noise (Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias
    Correction", section 4.2, with the means measured on samples).

    Args:
        model: the folded network.
        integers: what was made of it; it is left as it is.
        samples: photos as the network sees them.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(integers)
    constants = {one.name: one for one in copy.graph.initializer}
    maker = {node.output[0]: node for node in copy.graph.node}
    nodes = {node.name: node for node in copy.graph.node}
    weights = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    original = {node.name: node for node in model.graph.node}
    layers = [layer for layer in layers_of(model) if original[layer.name].op_type == "Conv"]
    for layer, mean in zip(layers, _means(model, [one.given for one in layers], samples), strict=True):
        node = nodes.get(layer.name)
        if node is None or len(node.input) < 3 or node.input[2] not in maker or node.input[1] not in maker:
            continue
        rounded = _floats(maker[node.input[1]], constants)
        off = (rounded - weights[original[layer.name].input[1]]).sum(axis=tuple(range(2, rounded.ndim)))
        _shift(maker[node.input[2]], constants, _carried(off, mean, len(rounded)))
    return copy


def _carried(off: Floats, mean: Floats, made: int) -> Floats:
    """What each of the channels made is off by.

    Args:
        off: error of the weights, summed over the kernel, float [made, given / groups].
        mean: of the layer's input, float [given].
    """
    groups = len(mean) // off.shape[1]
    given = mean.reshape(groups, off.shape[1]).repeat(made // groups, axis=0)
    return np.asarray((off * given).sum(axis=1))


def _shift(node: onnx.NodeProto, constants: dict[str, onnx.TensorProto], by: Floats) -> None:
    """Takes `by` out of a bias that is kept as whole numbers and a scale."""
    bias, scale = constants[node.input[0]], numpy_helper.to_array(constants[node.input[1]])
    whole = numpy_helper.to_array(bias).astype(np.int64) - np.rint(by / scale).astype(np.int64)
    limits = np.iinfo(np.int32)
    bias.CopyFrom(numpy_helper.from_array(whole.clip(limits.min, limits.max).astype(np.int32), bias.name))


def _floats(node: onnx.NodeProto, constants: dict[str, onnx.TensorProto]) -> Floats:
    """The floats that whole numbers with a scale for every channel stand for."""
    whole, scale = (numpy_helper.to_array(constants[name]).astype(np.float64) for name in node.input[:2])
    zero = numpy_helper.to_array(constants[node.input[2]]).astype(np.float64) if len(node.input) > 2 else 0.0
    axis = (-1, *(1,) * (whole.ndim - 1))
    return np.asarray((whole - np.reshape(zero, axis)) * np.reshape(scale, axis))


def _means(model: onnx.ModelProto, names: Sequence[str], samples: Sequence[Photo]) -> list[Floats]:
    """Mean of each channel of these tensors over samples, float [channels] each."""
    session = _watching(model, names)
    sums: list[Floats] | None = None
    for photo in samples:
        seen = [
            values.mean(axis=(0, *range(2, values.ndim)), dtype=np.float64)
            for values in _seen(session, photo)
        ]
        sums = seen if sums is None else [one + more for one, more in zip(sums, seen, strict=True)]
    return [one / len(samples) for one in sums or []]


def _watching(model: onnx.ModelProto, names: Sequence[str]) -> ort.InferenceSession:
    """A session that answers with these tensors in the midst of the graph."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.output[:]
    copy.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    options = ort.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    return ort.InferenceSession(copy.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _seen(session: ort.InferenceSession, photo: Photo) -> list[NDArray[np.float32]]:
    answers: list[NDArray[np.float32]] = session.run(None, {session.get_inputs()[0].name: photo[np.newaxis]})
    return answers
