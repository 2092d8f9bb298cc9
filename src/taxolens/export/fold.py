"""A graph with everything computed beforehand that can be: what a quantiser wants to see."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

from taxolens.core.errors import ModelError

PHOTOS = "N"
_ERRORS_ONLY = 3
_CLOSE = 1e-4


def folded(graph: bytes) -> onnx.ModelProto:
    """The same network with constants folded, norms and padding taken into convolutions.

    What a graph computes about the shape of its input is known once the number of photos is: it is folded for
    one photo, and takes any number again where that is shown to change nothing.

    Args:
        graph: serialised ONNX, the first dimension of its input the number of photos.

    Raises:
        ModelError: onnxruntime cannot run it.
    """
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "folded.onnx"
        options = ort.SessionOptions()
        options.log_severity_level = _ERRORS_ONLY
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(out)
        name = _dimension(onnx.load_from_string(graph))
        if name:
            options.add_free_dimension_override_by_name(name, 1)
        _open(graph, options)
        model = onnx.load(out)
    return _for_any_number(model) if name else model


def _for_any_number(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph for any number of photos, if two at once are answered as one by one."""
    wide = onnx.ModelProto()
    wide.CopyFrom(model)
    del wide.graph.value_info[:]
    for tensor in (*wide.graph.input, *wide.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_param = PHOTOS
    shape = [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim[1:]]
    if not all(shape):
        return model
    pair = np.random.default_rng(0).integers(0, 256, (2, *shape), dtype=np.uint8)
    try:
        session = _open(wide.SerializeToString(), _quiet())
        kind = np.uint8 if session.get_inputs()[0].type == "tensor(uint8)" else np.float32
        asked = {session.get_inputs()[0].name: pair.astype(kind)}
        together = session.run(None, asked)
        alone = [
            session.run(None, {name: values[row : row + 1] for name, values in asked.items()})
            for row in (0, 1)
        ]
    # onnxruntime's exceptions have no base of their own; a graph that cannot take two stays as it is.
    except Exception:
        return model
    same = all(
        np.allclose(both, np.concatenate(each), atol=_CLOSE)
        for both, each in zip(together, zip(*alone, strict=True), strict=True)
    )
    return wide if same else model


def _dimension(model: onnx.ModelProto) -> str:
    dimensions = model.graph.input[0].type.tensor_type.shape.dim
    return str(dimensions[0].dim_param) if dimensions else ""


def _quiet() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY + 1
    return options


def _open(graph: bytes, options: ort.SessionOptions) -> ort.InferenceSession:
    try:
        return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    # onnxruntime's exceptions have no base of their own.
    except Exception as error:
        raise ModelError(
            "The model's graph cannot be run: {why}. Get the model file again or train it anew.",
            why=str(error).splitlines()[0] if str(error) else type(error).__name__,
        ) from error
