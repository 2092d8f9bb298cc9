"""How a network takes its image: layout, element type, size."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from taxolens.core.backbone import Triple
from taxolens.core.errors import ModelError
from taxolens.probe.tensors import dimensions, image_inputs, opset

BATCH = "N"
CHANNELS = 3
_MAP_AXES = 4
_USUAL_SIDE = 224
_SMALLEST_SIDE, _LARGEST_SIDE = 8, 4096
_OLDEST_OPSET, _UPGRADED_OPSET = 9, 13
_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16)


class Layout(StrEnum):
    """Where the channels of an image tensor are."""

    NCHW = "nchw"
    NHWC = "nhwc"


@dataclass(frozen=True, slots=True)
class Entrance:
    """How a network takes an image.

    Attributes:
        name: of the input tensor.
        element: ONNX element type.
        layout: where the channels are.
        width: in pixels.
        height: in pixels.
        fixed: the network itself says how large.
    """

    name: str
    element: int
    layout: Layout
    width: int
    height: int
    fixed: bool


def entrance(model: onnx.ModelProto, file: object, *, size: int | None) -> Entrance:
    """Reads how a network takes an image.

    Raises:
        ModelError: it does not take one colour image of a usable size.
    """
    inputs = image_inputs(model.graph)
    shape = dimensions(inputs[0]) if inputs else []
    element = inputs[0].type.tensor_type.elem_type if inputs else 0
    last, first = shape[-1:] == [CHANNELS], shape[1:2] in ([CHANNELS], [None])
    usual = len(inputs) == 1 and len(shape) == _MAP_AXES and (last or first)
    if not usual or element not in (*_FLOATS, TensorProto.UINT8):
        raise ModelError(
            "The network in {file} does not take one colour image. Name another ONNX file.", file=file
        )
    layout = Layout.NHWC if last and shape[1] != CHANNELS else Layout.NCHW
    height, width = shape[1:3] if layout is Layout.NHWC else shape[2:4]
    side = size or _USUAL_SIDE
    found = Entrance(inputs[0].name, element, layout, width or side, height or side, bool(width and height))
    if not all(_SMALLEST_SIDE <= one <= _LARGEST_SIDE for one in (found.width, found.height)):
        raise ModelError(
            "The network in {file} takes images of an unusable size. Name another ONNX file.", file=file
        )
    return found


def usable_opset(model: onnx.ModelProto, file: object) -> onnx.ModelProto:
    """The model itself, or, where it is very old, the same in newer operators.

    Raises:
        ModelError: it cannot be brought up to date.
    """
    if opset(model) >= _OLDEST_OPSET:
        return model
    try:
        return onnx.version_converter.convert_version(model, _UPGRADED_OPSET)
    except Exception as error:  # the converter raises bare RuntimeError and more
        raise ModelError(
            "The network in {file} is written in operators too old to use. Export it anew.", file=file
        ) from error


def open_batch(model: onnx.ModelProto, door: Entrance) -> None:
    """Declares the image input with an open batch and settled sides."""
    sides = (CHANNELS, door.height, door.width)
    shape = (BATCH, *sides) if door.layout is Layout.NCHW else (BATCH, door.height, door.width, CHANNELS)
    value = helper.make_tensor_value_info(door.name, door.element, shape)
    image_inputs(model.graph)[0].CopyFrom(value)


def noise(door: Entrance, count: int) -> NDArray[np.uint8]:
    """Images of noise, uint8 [count, height, width, 3], always the same."""
    shape = (count, door.height, door.width, CHANNELS)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def as_taken(pixels: NDArray[np.uint8], door: Entrance, mean: Triple, std: Triple) -> NDArray[Any]:
    """Pixels [N, height, width, 3] normalised and laid out as the network takes them."""
    laid_out = pixels.transpose(0, 3, 1, 2) if door.layout is Layout.NCHW else pixels
    if door.element == TensorProto.UINT8:
        return np.ascontiguousarray(laid_out)
    along = (1, 3, 1, 1) if door.layout is Layout.NCHW else (1, 1, 1, 3)
    values = (laid_out / 255.0 - np.reshape(mean, along)) / np.reshape(std, along)
    kind = np.float16 if door.element == TensorProto.FLOAT16 else np.float32
    return np.ascontiguousarray(values, dtype=kind)
