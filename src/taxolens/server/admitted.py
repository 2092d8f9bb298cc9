"""A model that may be served, as the worker that tried it tells of it."""

from __future__ import annotations

from dataclasses import dataclass

from taxolens.modelfile.card import Card
from taxolens.server.desk import Tensor
from taxolens.server.kept import Kept


@dataclass(frozen=True, slots=True)
class Described:
    """What can be told of a model that was opened; see `taxolens.server.desk.Served`."""

    sha256: str
    card: Card
    kind: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class Admitted:
    """A model that was copied and has proven itself.

    Attributes:
        proof: see `taxolens.server.proof`.
    """

    kept: Kept
    described: Described
    proof: str
