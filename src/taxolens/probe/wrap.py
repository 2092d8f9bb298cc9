"""Pixels in, embedding out: what is put before and behind a network so that all backbones are alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from taxolens.core.backbone import Triple
from taxolens.core.errors import ModelError, ParityError
from taxolens.probe.entrance import BATCH, CHANNELS, Entrance, Layout, as_taken, noise
from taxolens.probe.tensors import add_constant, free_name, image_inputs, names_in, opset, rename
from taxolens.probe.trial import run_once

IMAGE = "image"
EMBEDDING = "embedding"
_VECTOR_AXES, _TOKEN_AXES, _MAP_AXES = 2, 3, 4
_REDUCE_AXES_ARE_INPUT = 18
_LARGEST_DIFFERENCE = 1e-3
Step = tuple[str, dict[str, Any], list[str]]
"""Operator, attributes, further inputs."""


def put_before(model: onnx.ModelProto, door: Entrance, mean: Triple, std: Triple) -> None:
    """Replaces the input by uint8 [N, height, width, 3] `image`, normalised inside the graph.

    Args:
        mean: what the network expects to be subtracted from pixels in 0..1.
        std: what it expects them to be divided by.
    """
    graph = model.graph
    taken = _cleared(graph, IMAGE)
    inner = image_inputs(graph)[0].name
    del graph.input[:]
    shape = (BATCH, door.height, door.width, CHANNELS)
    graph.input.append(helper.make_tensor_value_info(IMAGE, TensorProto.UINT8, shape))
    # Bytes are quicker to turn than floats, and a number for a whole channel quicker to apply than three in turns.
    first = door.layout is Layout.NCHW
    steps: list[Step] = [("Transpose", {"perm": [0, 3, 1, 2]}, [])] if first else []
    steps += _normalising(graph, door, mean, std, taken)
    kept = list(graph.node)
    del graph.node[:]
    _chain(graph, steps or [("Identity", {}, [])], IMAGE, inner, taken)
    graph.node.extend(kept)


def _chain(graph: onnx.GraphProto, steps: list[Step], start: str, end: str, taken: set[str]) -> None:
    """Appends steps one after the other."""
    current = start
    for position, (operator, attributes, more) in enumerate(steps):
        following = end if position == len(steps) - 1 else free_name(f"{end}_{operator.lower()}", taken)
        graph.node.append(helper.make_node(operator, [current, *more], [following], **attributes))
        current = following


def _normalising(
    graph: onnx.GraphProto, door: Entrance, mean: Triple, std: Triple, taken: set[str]
) -> list[Step]:
    if door.element == TensorProto.UINT8:
        return []
    deviation = np.asarray(std, dtype=np.float64)
    applied = (
        ("Mul", "pixel_scale", (1.0 / (255.0 * deviation)).astype(np.float32), 1.0),
        ("Add", "pixel_shift", (-np.asarray(mean) / deviation).astype(np.float32), 0.0),
    )
    steps: list[Step] = [("Cast", {"to": TensorProto.FLOAT}, [])]
    for operator, name, values, nothing in applied:
        if (values == nothing).all():
            continue
        alike = bool((values == values[0]).all())
        channels = values.reshape(-1, 1, 1) if door.layout is Layout.NCHW else values
        constant = free_name(name, taken)
        add_constant(graph, constant, np.asarray(values[0]) if alike else channels)
        steps.append((operator, {}, [constant]))
    if door.element == TensorProto.FLOAT16:
        steps.append(("Cast", {"to": TensorProto.FLOAT16}, []))
    return steps


def put_behind(model: onnx.ModelProto, shape: tuple[int, ...], token: int | None, file: object) -> int:
    """Makes the output float32 [N, dimension] `embedding`.

    Feature maps [N, C, h, w] are averaged over their positions; of token sequences [N, T, C] one token is
    taken, or their mean.

    Args:
        shape: of the output for one image.
        token: position in a token sequence; None: their mean.

    Returns:
        The dimension.

    Raises:
        ModelError: the output is no embedding.
    """
    graph = model.graph
    taken = _cleared(graph, EMBEDDING)
    current = graph.output[0].name
    del graph.output[:]
    steps: list[Step] = [*_pooling(model, shape, token, taken, file), ("Cast", {"to": TensorProto.FLOAT}, [])]
    _chain(graph, steps, current, EMBEDDING, taken)
    last = len(shape) != _MAP_AXES or _channels_last(shape)
    dimension = shape[-1] if last else shape[1]
    graph.output.append(helper.make_tensor_value_info(EMBEDDING, TensorProto.FLOAT, (BATCH, dimension)))
    return dimension


def _pooling(
    model: onnx.ModelProto, shape: tuple[int, ...], token: int | None, taken: set[str], file: object
) -> list[Step]:
    if len(shape) == _VECTOR_AXES and shape[0] == 1:
        return []
    if len(shape) == _TOKEN_AXES and shape[0] == 1:
        if token is None:
            return [_mean_over(model, [1], taken)]
        index = free_name("token", taken)
        add_constant(model.graph, index, np.asarray(token, dtype=np.int64))
        return [("Gather", {"axis": 1}, [index])]
    if len(shape) == _MAP_AXES and shape[0] == 1:
        return [_mean_over(model, [1, 2] if _channels_last(shape) else [2, 3], taken)]
    raise ModelError(
        "The tensor chosen as embedding in {file} has the shape {shape}, which is none for one image. "
        "Name another with --embedding.",
        file=file,
        shape=list(shape),
    )


def _mean_over(model: onnx.ModelProto, axes: list[int], taken: set[str]) -> Step:
    if opset(model) < _REDUCE_AXES_ARE_INPUT:
        return ("ReduceMean", {"axes": axes, "keepdims": 0}, [])
    name = free_name("pooled_axes", taken)
    add_constant(model.graph, name, np.asarray(axes, dtype=np.int64))
    return ("ReduceMean", {"keepdims": 0}, [name])


def _channels_last(shape: tuple[int, ...]) -> bool:
    return shape[1] == shape[2] != shape[3]


def settle_batch(model: onnx.ModelProto, door: Entrance, file: object) -> None:
    """Leaves the batch open where the network gives each photo the same answer alone and in company.

    Raises:
        ModelError: it cannot be run even on one photo.
    """
    pixels = noise(door, 2)
    single = [run_once(model, pixels[i : i + 1], file) for i in range(2)]
    try:
        together = run_once(model, pixels, file).astype(np.float64)
    except ModelError:
        together = np.empty(0)
    # A detector that thins its boxes itself finds more in one photo than in another.
    alone = np.concatenate(single).astype(np.float64) if single[0].shape == single[1].shape else np.empty(0)
    # Far looser than rounding, far tighter than photos that were mixed up.
    if (
        alone.size
        and together.shape == alone.shape
        and np.allclose(together, alone, rtol=1e-2, atol=1e-3 * np.abs(alone).max())
    ):
        return
    for value in (model.graph.input[0], model.graph.output[0]):
        value.type.tensor_type.shape.dim[0].dim_value = 1


def check_parity(
    plain: onnx.ModelProto, wrapped: onnx.ModelProto, door: Entrance, mean: Triple, std: Triple, file: object
) -> None:
    """Compares a network, given normalised pixels, with its wrapped form, given pixels as they are.

    Raises:
        ParityError: they answer differently.
    """
    pixels = noise(door, 1)
    expected = run_once(plain, as_taken(pixels, door, mean, std), file).astype(np.float64)
    answered = run_once(wrapped, pixels, file).astype(np.float64)
    if answered.shape != expected.shape:
        raise _differs(file, np.inf)
    # A detector that has hardly learnt makes boxes without end of noise, one that thins its boxes itself none
    # at all: in both, or something is wrong.
    known = np.isfinite(expected)
    if (expected.size and not known.any()) or (known != np.isfinite(answered)).any():
        raise _differs(file, np.nan)
    answered, expected = answered[known], expected[known]
    largest = float(np.abs(expected).max(initial=0.0)) or 1.0
    difference = float(np.abs(answered - expected).max(initial=0.0)) / largest
    # Half precision rounds that much in any case.
    allowed = _LARGEST_DIFFERENCE * (10 if door.element == TensorProto.FLOAT16 else 1)
    if not difference <= allowed:
        raise _differs(file, difference)


def _differs(file: object, difference: float) -> ParityError:
    return ParityError(
        "The backbone made of {file} differs from it by {difference}. Export the network anew.",
        file=file,
        difference=f"{difference:.2g}",
    )


def _cleared(graph: onnx.GraphProto, name: str) -> set[str]:
    """Frees a name that the graph uses itself; returns all taken names, that one included."""
    taken = names_in(graph)
    if name in taken:
        rename(graph, name, free_name(name, taken))
    taken.add(name)
    return taken
