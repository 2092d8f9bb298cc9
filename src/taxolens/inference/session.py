"""A graph as a function of one photo. The only file of this room that knows onnxruntime."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from taxolens.core.errors import ModelError

_ERRORS_ONLY = 3
_PHOTOS = ("N", "batch", "batch_size")
"""Names that exporters give to the number of photos."""


class Session:
    """A graph that answers one photo at a time. Safe to call from several threads at once.

    Every call is a batch of one on one thread, so an answer depends on the photo alone: neither on its
    neighbours nor on the number of workers. Speed comes from several calls side by side.

    Args:
        graph: serialised ONNX, uint8 [N, height, width, 3] to float32 [N, outputs].
        output: name of the output to use; None: the first.

    Raises:
        ModelError: onnxruntime cannot run the graph, or it has no such output.
    """

    def __init__(self, graph: bytes, *, output: str | None = None) -> None:
        try:
            self._session = _open(graph)
        # onnxruntime's exceptions have no base of their own.
        except Exception as error:
            raise ModelError(
                "The model's graph cannot be run: {why}. Get the model file again or train it anew.",
                why=str(error).splitlines()[0] if str(error) else type(error).__name__,
            ) from error
        self._input = self._session.get_inputs()[0].name
        names = [tensor.name for tensor in self._session.get_outputs()]
        self._output = names[0] if output is None else output
        if self._output not in names:
            raise ModelError(
                "The model's graph has no output called {output}. It has: {names}.",
                output=output,
                names=", ".join(names),
            )

    def __call__(self, pixels: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
        """Answers one photo.

        Args:
            pixels: what the graph takes, without the axis of photos; our graphs: uint8 [height, width, 3],
                prepared by the model's rule.

        Returns:
            float32 [outputs].

        Raises:
            ModelError: the graph fails on this input, or answers with something that is no finite number.
        """
        return self.shaped(pixels).reshape(-1)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of an answer with its axis of photos, which is -1, as everything that the graph leaves open."""
        named = {tensor.name: tensor.shape for tensor in self._session.get_outputs()}
        sides = [side if isinstance(side, int) else -1 for side in named[self._output]]
        return (-1, *sides[1:]) if sides and sides[0] in (1, -1) else tuple(sides)

    def shaped(self, pixels: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
        """Answers one photo; the answer keeps its shape, without the axis of photos.

        Raises:
            ModelError: the graph fails on this input, or answers with something that is no finite number.
        """
        values = self.whole(pixels)
        return values[0] if values.ndim and len(values) == 1 else values

    def whole(self, pixels: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
        """Answers one photo; the answer is as the graph gives it, with its axis of photos.

        Raises:
            ModelError: the graph fails on this input, or answers with something that is no finite number.
        """
        try:
            (answer,) = self._session.run([self._output], {self._input: pixels[np.newaxis]})
        except Exception as error:
            raise ModelError(
                "The model's graph failed on an input of the shape {shape}: {why}. "
                "Get the model file again or train it anew.",
                shape=list(pixels.shape),
                why=str(error).splitlines()[0] if str(error) else type(error).__name__,
            ) from error
        values = np.asarray(answer, dtype=np.float32)
        if not np.isfinite(values).all():
            raise ModelError("The model answers with something that is no number. Train it anew.")
        return values


class SessionEmbedder:
    """A backbone's graph as an embedder.

    Args:
        graph: serialised ONNX, uint8 [N, height, width, 3] to float32 [N, dimension].
        identity: hash of the graph, hexadecimal.
        dimension: length of an embedding.
    """

    def __init__(self, graph: bytes, identity: str, dimension: int) -> None:
        self._session = Session(graph)
        self._identity = identity
        self._dimension = dimension

    @property
    def identity(self) -> str:
        """Hash of everything that decides the embedding but the pixels, hexadecimal."""
        return self._identity

    @property
    def dimension(self) -> int:
        """Length of an embedding."""
        return self._dimension

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embeds one photo: uint8 [height, width, 3] to float32 [dimension]."""
        return self._session(pixels)


def _open(graph: bytes) -> ort.InferenceSession:
    session = ort.InferenceSession(graph, _options(_PHOTOS), providers=["CPUExecutionProvider"])
    photos = (session.get_inputs()[0].shape or [1])[0]
    if isinstance(photos, str):
        session = ort.InferenceSession(graph, _options((photos,)), providers=["CPUExecutionProvider"])
    return session


def _options(photos: tuple[str, ...]) -> ort.SessionOptions:
    """Settings of a session in which the dimensions of these names are 1.

    Where the number of photos is known, what a graph computes about shapes is computed once: MobileNetV2 with
    padding "same" answers in 9.0 instead of 11.1 ms.
    """
    options = ort.SessionOptions()
    for name in photos:
        options.add_free_dimension_override_by_name(name, 1)
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = _ERRORS_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
