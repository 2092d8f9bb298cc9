"""Weights of a file into a network: all of its body, and of its head what belongs to the same classes."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from taxolens.core.errors import ModelError
from taxolens.formats.weights import read_weights_card
from taxolens.models.timm_backbone import read_weights

Tensors = Mapping[str, torch.Tensor]
_MOST_NAMED = 3
_COUNTERS = "num_batches_tracked"
_FILTERS = ("checkpoint_filter_fn", "_filter_fn")


def load_weights(module: nn.Module, file: Path, head: frozenset[str], labels: Sequence[str]) -> int:
    """Loads weights.

    Args:
        head: names of the classifier's own parameters.
        labels: the classes of the network's head, in order.

    Returns:
        of how many of these classes the head knows already.

    Raises:
        ModelError: they are those of another network; the message names keys that do not fit.
    """
    tensors = _in_todays_form(read_weights(file), module, file)
    wanted = module.state_dict()
    body = [name for name in wanted if name not in head]
    _check(tensors, wanted, body, head, file)
    module.load_state_dict({name: tensors[name] for name in body if name in tensors}, strict=False)
    card = read_weights_card(file)
    return _load_head(module, tensors, sorted(head), card.classes, labels) if card else 0


def _in_todays_form(tensors: Tensors, module: nn.Module, file: Path) -> Tensors:
    """timm's own conversion where the network has one: older names, positions for another size of input."""
    where = sys.modules[type(module).__module__]
    convert: Any = next((found for name in _FILTERS if (found := getattr(where, name, None))), None)
    if convert is None or _fit(tensors, module):
        return tensors
    given = (dict(tensors), module)[: len(inspect.signature(convert).parameters)]
    try:
        converted: Tensors = convert(*given)
    except (KeyError, RuntimeError, ValueError, AttributeError, IndexError, AssertionError) as error:
        raise ModelError(
            "The weights {file} are not those of this network: {why}. Check the architecture and its arguments.",
            file=file,
            why=str(error).splitlines()[0] if str(error) else type(error).__name__,
        ) from error
    return converted


def _fit(tensors: Tensors, module: nn.Module) -> bool:
    wanted = module.state_dict()
    return all(name in tensors and one.shape == tensors[name].shape for name, one in wanted.items())


def _check(tensors: Tensors, wanted: Tensors, body: Sequence[str], head: frozenset[str], file: Path) -> None:
    missing = [name for name in body if name not in tensors and not name.endswith(_COUNTERS)]
    misshapen = [name for name in body if name in tensors and tensors[name].shape != wanted[name].shape]
    # What a network has no part for at all (an auxiliary head, say) may be left over; more layers may not.
    parts = {name.split(".")[0] for name in body}
    left_over = [
        name for name in tensors if name not in wanted and name.split(".")[0] in parts and name not in head
    ]
    if missing or misshapen or left_over:
        raise ModelError(
            "The weights {file} are not those of this network: {missing} missing, {left_over} too many, "
            "{misshapen} of another shape (such as {example}). Check the architecture and its arguments.",
            file=file,
            missing=len(missing),
            left_over=len(left_over),
            misshapen=len(misshapen),
            example=", ".join((missing + misshapen + left_over)[:_MOST_NAMED]),
        )


def _load_head(
    module: nn.Module, tensors: Tensors, head: Sequence[str], before: Sequence[str], labels: Sequence[str]
) -> int:
    """Rows of the head by class; those of new classes stay as they are."""
    pairs = [(row, before.index(label)) for row, label in enumerate(labels) if label in before]
    wanted = module.state_dict()
    found: dict[str, torch.Tensor] = {}
    for name in head:
        old, new = tensors.get(name), wanted[name]
        if old is None or old.shape != (len(before), *new.shape[1:]):
            return 0
        found[name] = new.clone()
        for row, known in pairs:
            found[name][row] = old[known]
    module.load_state_dict(found, strict=False)
    return len(pairs)
