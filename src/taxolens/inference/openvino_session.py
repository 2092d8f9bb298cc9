"""A graph as a function of one photo, computed by OpenVINO. The only file that knows it.

On x86 processors its whole numbers of eight bits are faster than onnxruntime's; floats are about as fast.
"""

from __future__ import annotations

import importlib
import sys
import threading
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import MissingExtra, ModelError

ANY_SIDE = -1


class OpenvinoSession:
    """A graph that answers one photo at a time; see `taxolens.inference.session.Session`.

    Args:
        graph: serialised ONNX.
        output: name of the output to use; None: the first.
        shape: of the input without the axis of photos; `ANY_SIDE` where photos differ.
        calls: how many threads call at once; each gets one thread of the engine.

    Raises:
        MissingExtra: OpenVINO is not installed.
        ModelError: OpenVINO cannot run the graph, or it has no such output.
    """

    def __init__(self, graph: bytes, *, output: str | None, shape: tuple[int, ...], calls: int) -> None:
        library = _library()
        try:
            core = library.Core()
            model = core.read_model(graph)
            model.reshape({model.inputs[0]: [1, *shape]})
            self._model = core.compile_model(model, "CPU", _settings(calls))
            port = self._model.outputs[0] if output is None else self._model.output(output)
            self._index = self._model.outputs.index(port)
        # Its exceptions are plain ones.
        except Exception as error:
            raise _refused(error) from error
        self._requests = threading.local()

    def __call__(self, pixels: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
        """Answers one photo: float32 [outputs].

        Raises:
            ModelError: the graph fails on this input, or answers with something that is no finite number.
        """
        return self.shaped(pixels).reshape(-1)

    def shaped(self, pixels: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
        """Answers one photo; the answer keeps its shape, without the axis of photos.

        Raises:
            ModelError: the graph fails on this input, or answers with something that is no finite number.
        """
        try:
            request = self._request()
            request.infer([np.ascontiguousarray(pixels[np.newaxis])], share_inputs=True)
            answer = request.get_output_tensor(self._index).data
        except Exception as error:
            raise _refused(error) from error
        values = np.array(answer, dtype=np.float32)
        if not np.isfinite(values).all():
            raise ModelError("The model answers with something that is no number. Train it anew.")
        return values[0] if values.ndim and len(values) == 1 else values

    def _request(self) -> Any:
        """One for each thread: a request answers one call at a time."""
        if not hasattr(self._requests, "own"):
            self._requests.own = self._model.create_infer_request()
        return self._requests.own


def _settings(calls: int) -> dict[str, Any]:
    # Answers in full floats: on some processors the engine would take halves by itself.
    return {"NUM_STREAMS": calls, "INFERENCE_NUM_THREADS": calls, "INFERENCE_PRECISION_HINT": "f32"}


def _library() -> ModuleType:
    # Its converters, which are not used here, would tell their maker of this machine once they are loaded beside it.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # "cannot be imported"
    try:
        return importlib.import_module("openvino")
    except ImportError as error:
        raise MissingExtra(
            "OpenVINO is an extra part: pip install 'taxolens[openvino]'. "
            "Without --engine the model runs with what is there."
        ) from error


def _refused(error: Exception) -> ModelError:
    lines = str(error).strip().splitlines()
    return ModelError(
        "OpenVINO cannot run the model's graph: {why}. Leave out --engine.",
        why=lines[-1].strip() if lines else type(error).__name__,
    )
