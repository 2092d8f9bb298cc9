"""Backbones that a user gave a name to, and the networks of a learning library that some of them were."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from taxolens.core.backbone import Triple
from taxolens.core.errors import UsageError
from taxolens.modelfile.catalogue import catalogue
from taxolens.storage.atomic import told_as_output, written_whole

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RESERVED = frozenset({"auto", "taxolens-tiny", "small_cnn", "dog_cnn", "fast_cnn"})
_WEIGHTS, _NETWORK = ".safetensors", ".json"


@dataclass(frozen=True, slots=True)
class RememberedNetwork:
    """What a remembered backbone was made of; with it, a network can be taught further.

    Attributes:
        network: "timm:NAME".
        arguments: of its builder, as text.
        mean: normalisation of pixels in 0..1; None: the network's own.
        std: likewise.
        weights: safetensors file; None: the library's own weights.
    """

    network: str
    arguments: Mapping[str, str]
    mean: Triple | None
    std: Triple | None
    weights: Path | None = None


def remember_network(name: str, home: Path, network: RememberedNetwork, weights: bytes | None) -> None:
    """Keeps a network under the name of its backbone, with a copy of its weights.

    Raises:
        OutputError: it cannot be written.
    """
    kept = _folder(home) / f"{name}{_WEIGHTS}"
    with told_as_output(kept.parent):
        kept.parent.mkdir(parents=True, exist_ok=True)
    if weights is None:
        kept.unlink(missing_ok=True)
    else:
        with written_whole(kept) as file:
            file.write(weights)
    document = {
        "network": network.network,
        "arguments": dict(network.arguments),
        "mean": network.mean,
        "std": network.std,
        "weights": weights is not None,
    }
    with written_whole(_folder(home) / f"{name}{_NETWORK}") as file:
        file.write(json.dumps(document, indent=2).encode())


def remembered_network(name: str, home: Path) -> RememberedNetwork | None:
    """The network of that name; None where the backbone is nothing but a graph, or there is none."""
    file = _folder(home) / f"{name}{_NETWORK}"
    if not is_remembered(name, home) or not file.is_file():
        return None
    try:
        document = json.loads(file.read_bytes())
        weights = file.with_suffix(_WEIGHTS) if document.pop("weights") else None
        return TypeAdapter(RememberedNetwork).validate_python({**document, "weights": weights})
    except (OSError, ValueError, ValidationError, AttributeError, KeyError) as error:
        raise UsageError(
            "What is kept of {name} is damaged. Remove it (taxolens models remove {name}) and add it again.",
            name=name,
        ) from error


def remembered_files(name: str, home: Path) -> tuple[Path, ...]:
    """Everything that is kept under a name."""
    files = (_folder(home) / f"{name}{kind}" for kind in (".onnx", _NETWORK, _WEIGHTS))
    return tuple(file for file in files if file.is_file())


def remembered_path(name: str, home: Path) -> Path:
    """Where the backbone of that name lies or would lie."""
    return _folder(home) / f"{name}.onnx"


def is_remembered(name: str, home: Path) -> bool:
    """Whether a backbone has that name."""
    return _NAME.fullmatch(name) is not None and remembered_path(name, home).is_file()


def remembered_names(home: Path) -> tuple[str, ...]:
    """All names that were given, sorted."""
    return tuple(sorted(file.stem for file in _folder(home).glob("*.onnx") if _NAME.fullmatch(file.stem)))


def check_name(name: str) -> None:
    """Checks that a name can be given.

    Raises:
        UsageError: it could be taken for something else, or is no file name.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            "{name} cannot be the name of a backbone. Use letters, digits, dots, dashes and underscores.",
            name=name,
        )
    if name in _RESERVED or name in catalogue() or name.endswith(".onnx"):
        raise UsageError("The name {name} is taken by Taxolens itself. Choose another.", name=name)


def _folder(home: Path) -> Path:
    return home / "backbones" / "remembered"
