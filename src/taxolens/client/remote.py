"""A graph on another machine, used as if it were here."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from taxolens.client.exchange import Exchange
from taxolens.client.tensors import LENGTH_HEADER, Message, bytes_message, read_outputs, tensor_message
from taxolens.core.errors import ModelError


class RemoteGraph:
    """A model of a server of the Open Inference Protocol v2. Safe to use from several threads.

    Args:
        exchange: the server.
        model: its name there.
        version: of it; None: the server's choice.
        input_name: of the graph.
        output_name: of the graph; another is used where the graph has only that one.
    """

    def __init__(
        self, exchange: Exchange, model: str, version: str | None, *, input_name: str, output_name: str
    ) -> None:
        self._exchange = exchange
        self.model = model
        self._path = f"/v2/models/{quote(model, safe='')}"
        if version is not None:
            self._path += f"/versions/{quote(version, safe='')}"
        self._input = input_name
        self._output = output_name

    def ready(self) -> bool:
        """Whether the model answers now. Asked once."""
        return self._exchange.status(f"{self._path}/ready") == 200

    def __call__(self, pixels: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
        """Answers one photo, as `taxolens.inference.session.Session` does."""
        return self.shaped(pixels).reshape(-1)

    def shaped(self, pixels: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
        """Answers one photo; the answer keeps its shape, without the axis of photos.

        Raises:
            ModelError: the answer is not what the card says, or no finite number.
            UsageError: the server declines.
            NetworkError: nothing answers, or something strange does.
        """
        return self.one(self._sent(tensor_message(self._input, pixels[np.newaxis], {})))

    def encoded(self, photo: bytes, **parameters: Any) -> dict[str, NDArray[Any]]:
        """All outputs for a photo that the server decodes itself.

        Raises:
            UsageError: the server declines, as for a photo that it cannot read.
            NetworkError: nothing answers, or something strange does.
        """
        return self._sent(bytes_message(self._input, [photo], parameters))

    def one(self, outputs: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        """The output that the card names, or the only one, without the axis of photos.

        Raises:
            ModelError: there is none, or it holds no finite number.
        """
        values = outputs.get(self._output)
        if values is None and len(outputs) == 1:
            (values,) = outputs.values()
        if values is None:
            raise ModelError(
                "The model {model} has no output {output} there, but {names}. Name the right one.",
                model=self.model,
                output=self._output,
                names=", ".join(outputs) or "none",
            )
        numbers = np.asarray(values, np.float32)
        if not np.isfinite(numbers).all():
            raise ModelError("The model {model} answers with something that is no number.", model=self.model)
        return numbers[0] if numbers.ndim and len(numbers) == 1 else numbers

    def _sent(self, message: Message) -> dict[str, NDArray[Any]]:
        reply = self._exchange.send(
            "POST", f"{self._path}/infer", content=message.body, headers=dict(message.headers)
        )
        return read_outputs(reply.content, reply.headers.get(LENGTH_HEADER), self._exchange.url)
