"""Running a graph once to learn what it does, which no shape inference tells as surely."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray

from taxolens.core.errors import ModelError

_FATAL_ONLY = 4


def run_once(model: onnx.ModelProto, values: NDArray[np.generic], file: object) -> NDArray[np.generic]:
    """The first output of a graph with one input.

    Raises:
        ModelError: onnxruntime cannot run it on such an input.
    """
    return next(iter(run_outputs(model, values, file).values()))


def run_outputs(
    model: onnx.ModelProto, values: NDArray[np.generic], file: object
) -> dict[str, NDArray[np.generic]]:
    """All outputs of a graph with one input, by name, in its order.

    Raises:
        ModelError: onnxruntime cannot run it on such an input.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = _FATAL_ONLY
    try:
        session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        answers = session.run(names, {session.get_inputs()[0].name: values})
    # onnxruntime's exceptions have no base of their own.
    except Exception as error:
        raise ModelError(
            "The network in {file} cannot be run: {why}.",
            file=file,
            why=(str(error).splitlines() or ["?"])[0],
        ) from error
    return {name: np.asarray(answer) for name, answer in zip(names, answers, strict=True)}
