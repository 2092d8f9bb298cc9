"""Everything that a training needs to go on: tensors as safetensors, the rest as JSON beside them in one file.

No pickle: a file that came from elsewhere can be wrong, but it cannot run code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from taxolens.core.errors import UsageError
from taxolens.storage.atomic import written_whole

_PLACE, _PAIRS = "tensor", "pairs"
_TREE = "tree"


def save_checkpoint(tree: Mapping[str, Any], path: Path) -> None:
    """Writes nested dictionaries and lists of tensors, numbers and texts; whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    tensors: dict[str, torch.Tensor] = {}
    skeleton = _taken_apart(tree, tensors)
    with written_whole(path) as file:
        file.write(save(tensors, metadata={_TREE: json.dumps(skeleton)}))


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    """What `save_checkpoint` wrote; None where there is nothing.

    Raises:
        UsageError: it is damaged.
    """
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            skeleton = json.loads(file.metadata()[_TREE])
        tree: dict[str, Any] = dict(_put_together(skeleton, tensors))
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise UsageError(
            "The checkpoint {file} is damaged. Remove it, or begin anew with --restart.", file=path
        ) from error
    return tree


def _taken_apart(value: Any, tensors: dict[str, torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        name = str(len(tensors))
        # Two names may stand for one memory, which safetensors refuses.
        tensors[name] = value.detach().clone().contiguous()
        return {_PLACE: name}
    if isinstance(value, Mapping):
        # JSON knows only texts as keys; optimizers number their weights.
        return {_PAIRS: [[key, _taken_apart(one, tensors)] for key, one in value.items()]}
    if isinstance(value, list | tuple):
        return [_taken_apart(one, tensors) for one in value]
    return value


def _put_together(value: Any, tensors: Mapping[str, torch.Tensor]) -> Any:
    if isinstance(value, dict):
        if _PLACE in value:
            return tensors[value[_PLACE]]
        return {key: _put_together(one, tensors) for key, one in value[_PAIRS]}
    if isinstance(value, list):
        return [_put_together(one, tensors) for one in value]
    return value
