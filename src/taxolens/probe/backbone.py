"""A frozen network that turns prepared pixels into embeddings."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from taxolens.imaging.preprocess import Fit, Preprocess
from taxolens.modelfile.card import Card, CardInput, CardOutput, Task
from taxolens.modelfile.read import ModelFile, model_from_bytes
from taxolens.modelfile.verify import card_of, verified_graph
from taxolens.probe.tensors import dimensions
from taxolens.probe.wrap import EMBEDDING


@dataclass(frozen=True, slots=True)
class Backbone:
    """A frozen network.

    Attributes:
        name: how people call it.
        path: where its file lies; None where it lies in the package.
        sha256: of the file, hexadecimal.
        card: task "embed".
        graph: the file's bytes, uint8 [N, height, width, 3] to float32 [N, dimension].
    """

    name: str
    path: Path | None
    sha256: str
    card: Card
    graph: bytes

    @classmethod
    def of(cls, model: ModelFile, *, name: str | None = None) -> Backbone:
        """The backbone in a verified model file."""
        return cls(name or model.card.name, model.path, model.sha256, model.card, model.graph)

    @property
    def preprocess(self) -> Preprocess:
        """How a photo becomes its input."""
        return self.card.preprocess

    @property
    def dimension(self) -> int:
        """Length of an embedding."""
        if self.card.output.size is None:
            raise ValueError("a backbone's card states the size of its embedding")
        return self.card.output.size

    @property
    def licence(self) -> str | None:
        """Licence of the weights, as their source states it."""
        return self.card.licence

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know of it, in English."""
        return self.card.notes

    @property
    def identity(self) -> str:
        """Hash of graph and preprocessing: equal identities, equal embeddings."""
        rule = json.dumps(asdict(self.preprocess), sort_keys=True)
        return hashlib.sha256(f"{self.sha256}\n{rule}".encode()).hexdigest()

    def with_fit(self, fit: Fit) -> Backbone:
        """The same network on photos that fill its input in another way."""
        return replace(self, card=self.card.changed(input=self.card.input.changed(fit=fit)))


def read_backbone(data: bytes, path: Path, *, name: str | None = None) -> Backbone:
    """The backbone in the bytes of a file with card.

    Raises:
        ModelError: it is none.
    """
    return Backbone.of(model_from_bytes(data, path, task=Task.EMBED), name=name)


def bundled_backbone(data: bytes, *, name: str, licence: str) -> Backbone:
    """A packaged graph, uint8 `image` to `embedding`, with the card that it needs.

    Raises:
        ModelError: it is not such a graph.
    """
    file = Path(f"{name}.onnx")
    model = verified_graph(data, file)
    card = card_of(model, file)
    if card is None:
        height, width = dimensions(model.graph.input[0])[1:3]
        size = dimensions(model.graph.output[0])[-1]
        card = Card.made(
            name=name,
            task=Task.EMBED,
            input=CardInput.made(width=width or 0, height=height or 0),
            output=CardOutput.made(decoder=EMBEDDING, tensor=EMBEDDING, size=size),
            licence=licence,
        )
    return Backbone(name, None, hashlib.sha256(data).hexdigest(), card, data)
