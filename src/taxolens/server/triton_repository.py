"""Models as a repository that Triton Inference Server reads.

    NAME/config.pbtxt   what the model takes and gives
    NAME/labels.txt     its classes, one a line, in the order of its output
    NAME/1/model.onnx   the model file as it is

https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md
Triton wants what the graph takes; how a photo becomes that, the card in the model file says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import onnxruntime as ort

from taxolens.core.errors import UsageError
from taxolens.modelfile.card import Task
from taxolens.modelfile.pipeline import is_pipeline
from taxolens.modelfile.read import ModelFile, read_model
from taxolens.server.options import NamedFile
from taxolens.storage.atomic import told_as_output, written_whole

_MOST_PHOTOS = 8
_TYPES: Mapping[str, str] = MappingProxyType(
    {"tensor(uint8)": "TYPE_UINT8", "tensor(float)": "TYPE_FP32", "tensor(int64)": "TYPE_INT64"}
)
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class _Slot:
    """An input or output of a graph; -1 is a size that varies."""

    name: str
    datatype: str
    shape: tuple[int, ...]


def write_repository(models: Sequence[NamedFile], folder: Path) -> tuple[Path, ...]:
    """Writes the repository, and gives the folder of each model.

    Raises:
        UsageError: two models have one name, or one is a pipeline, which Triton does not know.
        ModelError: a file cannot be used.
        OutputError: the folder cannot be written.
    """
    read = [(_name(one, model), model) for one, model in ((one, _model(one.path)) for one in models)]
    names = [name for name, _ in read]
    for name in names:
        if names.count(name) > 1:
            raise UsageError("Two models are called {name}. Name them: NAME=FILE", name=name)
    return tuple(_write(name, model, folder / name) for name, model in read)


def _model(path: Path) -> ModelFile:
    if is_pipeline(path):
        raise UsageError(
            "{file} is a pipeline, which Triton does not know. Export its detector and its classifier.",
            file=path,
        )
    return read_model(path)


def _name(file: NamedFile, model: ModelFile) -> str:
    return _NOT_IN_A_NAME.sub("-", file.name or model.card.name).strip("-.") or "model"


def _write(name: str, model: ModelFile, folder: Path) -> Path:
    with told_as_output(folder):
        (folder / "1").mkdir(parents=True, exist_ok=True)
    with written_whole(folder / "1" / "model.onnx") as file:
        file.write(model.graph)
    with written_whole(folder / "labels.txt") as file:
        file.write("".join(f"{_line(label)}\n" for label in model.card.labels).encode("utf-8"))
    # Last: Triton takes up a model that has a configuration.
    with written_whole(folder / "config.pbtxt") as file:
        file.write(_configuration(name, model).encode("utf-8"))
    return folder


def _configuration(name: str, model: ModelFile) -> str:
    session = ort.InferenceSession(model.graph, providers=["CPUExecutionProvider"])
    given = [_slot(one) for one in session.get_inputs()]
    said = [_slot(one) for one in session.get_outputs()]
    # Triton adds the axis of photos itself where every tensor leaves it open.
    batched = all(slot.shape and slot.shape[0] == -1 for slot in (*given, *said))
    labelled = model.card.output.tensor if model.card.task is Task.CLASSIFY else ""
    parts = [
        f'name: "{name}"',
        'platform: "onnxruntime_onnx"',
        f"max_batch_size: {_MOST_PHOTOS if batched else 0}",
        *(_part("input", slot, batched) for slot in given),
        *(_part("output", slot, batched, labels=slot.name == labelled) for slot in said),
        f'parameters {{ key: "sha256" value {{ string_value: "{model.sha256}" }} }}',
    ]
    return "\n".join(parts) + "\n"


def _slot(one: Any) -> _Slot:
    return _Slot(
        one.name, _TYPES[one.type], tuple(size if isinstance(size, int) else -1 for size in one.shape)
    )


def _part(kind: str, slot: _Slot, batched: bool, *, labels: bool = False) -> str:
    sizes = ", ".join(map(str, slot.shape[1:] if batched else slot.shape))
    lines = [
        f"{kind} {{",
        f"  name: {_quoted(slot.name)}",
        f"  data_type: {slot.datatype}",
        f"  dims: [{sizes}]",
    ]
    if labels:
        lines.append('  label_filename: "labels.txt"')
    return "\n".join([*lines, "}"])


def _line(label: str) -> str:
    return " ".join(label.split())


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
