"""A backbone on its way from a training framework to a file: what is asked, what comes back.

The torch rooms and the torch-free rooms meet here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class BackboneRequest:
    """A network by the name its library gives it.

    Attributes:
        architecture: name in the library ("mobilenetv2_100").
        weights: file with its weights; None asks the library to fetch its own.
        arguments: further arguments of the library's builder, as text ("pad_type": "same").
        mean: what to subtract from each channel of pixels in 0..1; None: what the library says.
        std: what to divide by; None: what the library says.
        size: side of the square input in pixels; None: what the library says.
    """

    architecture: str
    weights: Path | None = None
    arguments: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    mean: Triple | None = None
    std: Triple | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class MadeBackbone:
    """A network as an ONNX graph.

    Attributes:
        onnx: serialised graph, float32 [N, 3, height, width] (normalised RGB) to float32 [N, D].
        width: input width in pixels.
        height: input height in pixels.
        mean: normalisation of pixels in 0..1.
        std: normalisation of pixels in 0..1.
        licence: licence of the weights as their source states it.
        largest_difference: largest absolute difference between the library's answer and the graph's,
            relative to the largest absolute value.
    """

    onnx: bytes
    width: int
    height: int
    mean: Triple
    std: Triple
    licence: str | None
    largest_difference: float


class BackboneMaker(Protocol):
    """Turns a request into an ONNX graph; needs the library it speaks for."""

    def __call__(self, request: BackboneRequest) -> MadeBackbone: ...
