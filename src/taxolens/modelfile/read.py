"""Path to verified model. Everything later works on the bytes that were checked, never on the path."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path

from taxolens.core.errors import ModelError
from taxolens.modelfile.card import Card, Task
from taxolens.modelfile.verify import card_of, check_agreement, verified_graph

LARGEST_MODEL = 2_000_000_000
_MEGABYTE = 1_000_000
_IN_A_RUN = "model.onnx"
_POINTER = b"version https://git-lfs"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A verified model.

    Attributes:
        path: where it lay.
        sha256: of the file, hexadecimal.
        card: what it says of itself.
        graph: the file's bytes, for onnxruntime.
    """

    path: Path
    sha256: str
    card: Card
    graph: bytes


def read_model(path: Path, *, task: Task | None = None, largest: int = LARGEST_MODEL) -> ModelFile:
    """Reads and verifies a model file.

    Args:
        path: the file.
        task: what it must be for; None: anything.
        largest: bytes beyond which the file is refused unread.

    Raises:
        ModelError: absent, a folder, too large, damaged, refused, without card or made for another task.
    """
    data = read_bytes(path, largest=largest)
    if path.suffix.lower() == ".toml":
        raise ModelError(
            "{file} names several models and is understood by taxolens identify and evaluate. Name one model file "
            "(.onnx) here.",
            file=path,
        )
    return model_from_bytes(data, path, task=task)


def model_from_bytes(data: bytes, path: Path, *, task: Task | None = None) -> ModelFile:
    """Verifies a model file that was read already."""
    model = verified_graph(data, path)
    card = card_of(model, path)
    if card is None:
        raise ModelError(
            "The ONNX file {file} has no Taxolens card, so its classes are not known. Give it one: taxolens models "
            "describe {file} --labels FILE --out model.onnx. As a backbone it needs none: taxolens train DATA "
            "--backbone {file}",
            file=path,
        )
    if task is not None:
        check_task(card, task, path)
    check_agreement(model, card, path)
    return ModelFile(path, hashlib.sha256(data).hexdigest(), card, data)


def check_task(card: Card, task: Task, path: Path) -> None:
    """Checks what a model is for.

    Raises:
        ModelError: something else.
    """
    if card.task is not task:
        raise ModelError(
            'The model {file} is made for the task "{is_for}", but "{wanted}" is needed here. Name another model.',
            file=path,
            is_for=card.task.value,
            wanted=task.value,
        )


def read_bytes(path: Path, *, largest: int = LARGEST_MODEL) -> bytes:
    """The bytes of a plain file, read once, never more than `largest`.

    Raises:
        ModelError: absent, a folder, a device or pipe, too large or unreadable.
    """
    try:
        kind = path.stat().st_mode
        # A pipe or device would block, so only a plain file is opened.
        if not stat.S_ISREG(kind):
            raise _not_plain(path, kind)
        with path.open("rb") as stream:
            data = stream.read(largest + 1)
    except FileNotFoundError as error:
        raise ModelError("There is no model file {file}. Check the path.", file=path) from error
    except OSError as error:
        raise ModelError("The model {file} cannot be read: {why}.", file=path, why=error.strerror) from error
    if len(data) > largest:
        raise ModelError(
            "The model {file} is larger than {limit} MB, which is refused.",
            file=path,
            limit=largest // _MEGABYTE,
        )
    if data.startswith(_POINTER):
        raise ModelError(
            "{file} is a Git LFS pointer, not the model itself. Fetch it with: git lfs pull", file=path
        )
    return data


def _not_plain(path: Path, kind: int) -> ModelError:
    if stat.S_ISDIR(kind):
        inside = path / _IN_A_RUN
        if inside.is_file():
            return ModelError(
                "{file} is a folder. Name the model file in it: {inside}", file=path, inside=inside
            )
        return ModelError("{file} is a folder. Name a model file (.onnx) in it.", file=path)
    return ModelError("{file} is not a plain file. Name a model file (.onnx).", file=path)
