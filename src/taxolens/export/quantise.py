"""A network that computes with whole numbers of eight bits, made from one that computes with floats.

Static post-training quantisation with a scale for every channel (Jacob et al. 2018, CVPR; Nagel et al. 2021,
"A White Paper on Neural Network Quantization"): ranges of activations are moving averages over sample photos.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

from taxolens.export.integers import Integers

Photo = NDArray[np.generic]

OPERATORS = (
    "Conv",
    "Gemm",
    "MatMul",
    "Add",
    "Mul",
    "Clip",
    "Relu",
    "GlobalAveragePool",
    "ReduceMean",
    "Concat",
    "MaxPool",
    "AveragePool",
)
OF_DETECTORS = ("Conv", "Gemm", "MatMul")
"""Of a detector only what multiplies: the rest is as fast in floats (SiLU between all layers), and loses nothing there."""
_MULTIPLYING = ("Conv", "Gemm", "MatMul")
_FEWEST_WEIGHTS = (
    64  # fewer are no layer that learnt to see, but arithmetic: the bins of YOLOv8's boxes are 16
)
_SLOWLY = 0.05  # weight of a new photo's range in the moving average


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of a folded network that multiplies with weights.

    Attributes:
        name: of its node, unique.
        given: tensor that it takes.
        made: tensor that it makes.
    """

    name: str
    given: str
    made: str


def layers_of(model: onnx.ModelProto) -> tuple[Layer, ...]:
    """The layers that multiply with weights, in the order in which they are computed."""
    weights = {one.name for one in model.graph.initializer}
    return tuple(
        Layer(node.name, node.input[0], node.output[0])
        for node in model.graph.node
        if node.op_type in _MULTIPLYING and node.input[1] in weights
    )


def tail_of(model: onnx.ModelProto) -> tuple[str, ...]:
    """The last layers, and the nodes behind them, which make boxes, scores and order out of their answers.

    There pixels, scores and numbers of places share tensors: eight bits for all of them leave nothing of a score
    (microsoft/MegaDetector#34: no boxes at all with a whole YOLOv10 in int8).

    Args:
        model: with named nodes.
    """
    sizes = {one.name: int(np.prod(one.dims)) for one in model.graph.initializer}
    layers = {
        node.name
        for node in model.graph.node
        if node.op_type in _MULTIPLYING and sizes.get(node.input[1], 0) >= _FEWEST_WEIGHTS
    }
    asked: set[str] = set()  # tensors that a layer still needs
    tail = []
    for node in reversed(model.graph.node):
        needed = bool(asked.intersection(node.output))
        if needed or node.name in layers:
            asked.update(node.input)
        if not needed:
            tail.append(node.name)
    return tuple(reversed(tail))


def named(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with a name for every node, which keeping some of them float needs."""
    seen: set[str] = set()
    for number, node in enumerate(model.graph.node):
        if not node.name or node.name in seen:
            node.name = f"{node.op_type}_{number}"
        seen.add(node.name)
    return model


def quantised(
    model: onnx.ModelProto,
    samples: Sequence[Photo],
    integers: Integers,
    *,
    keep: Sequence[str] = (),
    operators: Sequence[str] = OPERATORS,
) -> onnx.ModelProto:
    """The network in whole numbers; its input and output stay as they are.

    Args:
        model: a folded network with named nodes, its input one photo at a time.
        samples: photos as the network sees them, without the axis of photos, at least one.
        integers: the kinds of numbers.
        keep: names of nodes that stay float.
        operators: kinds of nodes to compute in whole numbers.
    """
    kind = QuantType.QInt8 if integers.signed else QuantType.QUInt8
    with tempfile.TemporaryDirectory() as place, _without_advice():
        given, made = Path(place) / "float.onnx", Path(place) / "integers.onnx"
        onnx.save(model, given)
        quantize_static(
            given,
            made,
            _Reader(model.graph.input[0].name, samples),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(operators),
            nodes_to_exclude=list(keep),
            per_channel=True,
            reduce_range=integers.seven_bits,
            activation_type=kind,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={"CalibMovingAverage": True, "CalibMovingAverageConstant": _SLOWLY},
        )
        return onnx.load(made)


@contextmanager
def _without_advice() -> Iterator[None]:
    """The quantiser advises its users by the root logger to prepare the graph, which is done."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    """Photos in the form in which the quantiser takes them."""

    def __init__(self, name: str, samples: Sequence[Photo]) -> None:
        self._batches: Iterator[dict[str, Photo]] = ({name: one[np.newaxis]} for one in samples)

    def get_next(self) -> dict[str, Photo] | None:
        """The next photo; None after the last."""
        return next(self._batches, None)
