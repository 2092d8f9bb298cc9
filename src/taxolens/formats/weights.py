"""What a file of weights (safetensors) says of the network that it belongs to.

Source of the format: https://huggingface.co/docs/safetensors: eight bytes with the length of a JSON header, the
header, tensors. Our own description is one entry of the header's metadata; other files have none.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from taxolens.core.backbone import Triple

Shapes = Mapping[str, tuple[int, ...]]
"""Name of a tensor to its shape."""

_KEY = "taxolens"
_LENGTH = struct.Struct("<Q")
_LONGEST_HEADER = 100_000_000


@dataclass(frozen=True, slots=True)
class WeightsCard:
    """A network whose weights one of our trainings left.

    Attributes:
        network: "timm:NAME" or a network of ours.
        classes: labels, in the order of its head.
        size: side of its input in pixels.
        mean: normalisation of pixels in 0..1.
        std: likewise.
        arguments: of the network's builder, as text.
        licence: of the weights that it started from, where known.
        shapes: of the tensors that pruning made smaller than the network's builder makes them.
    """

    network: str
    classes: tuple[str, ...]
    size: int
    mean: Triple
    std: Triple
    arguments: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    licence: str | None = None
    shapes: Shapes = field(default_factory=lambda: MappingProxyType({}))

    def metadata(self) -> dict[str, str]:
        """For the header of the file."""
        document = {
            "network": self.network,
            "classes": self.classes,
            "size": self.size,
            "mean": self.mean,
            "std": self.std,
            "arguments": dict(self.arguments),
            "licence": self.licence,
            "shapes": {name: list(shape) for name, shape in self.shapes.items()},
        }
        return {_KEY: json.dumps(document, ensure_ascii=False)}


class _Document(BaseModel):
    # Later versions may say more.
    model_config = ConfigDict(extra="ignore")

    network: Annotated[str, Field(min_length=1)]
    classes: tuple[str, ...]
    size: Annotated[int, Field(ge=1)]
    mean: Triple
    std: Triple
    arguments: dict[str, str] = Field(default_factory=dict)
    licence: str | None = None
    shapes: dict[str, tuple[Annotated[int, Field(ge=1)], ...]] = Field(default_factory=dict)


def read_weights_card(file: Path) -> WeightsCard | None:
    """The description in a file of weights; None where there is none, or no such file."""
    try:
        with file.open("rb") as opened:
            (length,) = _LENGTH.unpack(opened.read(_LENGTH.size))
            header = json.loads(opened.read(length)) if length <= _LONGEST_HEADER else {}
        found = _Document.model_validate_json(header["__metadata__"][_KEY])
    # Whoever loads the tensors tells what is wrong with the file.
    except (OSError, struct.error, ValueError, KeyError, TypeError, RecursionError):
        return None
    return WeightsCard(
        found.network,
        found.classes,
        found.size,
        found.mean,
        found.std,
        found.arguments,
        found.licence,
        found.shapes,
    )
