"""What was written is what is read, and nothing half-written is ever taken for whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from safetensors.torch import save_file  # noqa: E402

from taxolens.core.errors import UsageError  # noqa: E402
from taxolens.training.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402

KINDS = (torch.float32, torch.float64, torch.bfloat16, torch.int64, torch.uint8, torch.bool)
TENSORS = st.builds(
    lambda shape, kind: (torch.rand(shape) * 9).to(kind),
    st.lists(st.integers(0, 3), max_size=3),
    st.sampled_from(KINDS),
)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), TENSORS)
KEYS = st.one_of(
    st.text(max_size=4), st.integers(0, 9), st.sampled_from(["a", "a.b", "b", "tensor", "pairs"])
)
TREES = st.dictionaries(
    KEYS,
    st.recursive(
        LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_size=4,
)


def same(first: Any, second: Any) -> bool:
    if isinstance(first, torch.Tensor):
        return first.dtype == second.dtype and torch.equal(first, second)
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    if isinstance(first, list):
        return len(first) == len(second) and all(map(same, first, second))
    return type(first) is type(second) and first == second


@given(tree=TREES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_whatever_is_saved_comes_back_the_same(tree: dict[Any, Any], tmp_path: Path) -> None:
    save_checkpoint(tree, tmp_path / "kept")
    assert same(tree, load_checkpoint(tmp_path / "kept"))


def test_tensors_that_share_memory_and_strange_strides_come_back(tmp_path: Path) -> None:
    whole = torch.arange(24.0).view(2, 3, 2, 2).to(memory_format=torch.channels_last)
    save_checkpoint({"a": whole, "b": whole, "c": whole[:, 1]}, tmp_path / "kept")
    found = load_checkpoint(tmp_path / "kept") or {}
    assert torch.equal(found["a"], whole) and torch.equal(found["b"], whole)
    assert torch.equal(found["c"], whole[:, 1])


def test_an_optimizer_goes_on_from_what_was_kept(tmp_path: Path) -> None:
    weights = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.AdamW([weights], lr=0.1)
    weights.grad = torch.ones(3)
    optimizer.step()
    save_checkpoint(optimizer.state_dict(), tmp_path / "kept")
    other = torch.optim.AdamW([weights], lr=0.5)
    other.load_state_dict(load_checkpoint(tmp_path / "kept") or {})
    assert other.param_groups[0]["lr"] == 0.1
    assert torch.equal(other.state[weights]["exp_avg"], optimizer.state[weights]["exp_avg"])


def test_where_nothing_is_kept_there_is_nothing(tmp_path: Path) -> None:
    assert load_checkpoint(tmp_path / "kept") is None


@pytest.mark.parametrize("spoil", ["cut", "no tree", "no JSON", "no table"])
def test_a_damaged_checkpoint_is_told_in_a_sentence(tmp_path: Path, spoil: str) -> None:
    file = tmp_path / "kept"
    save_checkpoint({"a": torch.ones(100)}, file)
    if spoil == "cut":
        file.write_bytes(file.read_bytes()[:-7])
    else:
        tree = {"no tree": None, "no JSON": "{", "no table": json.dumps([1, 2])}[spoil]
        save_file({"0": torch.ones(2)}, file, metadata=None if tree is None else {"tree": tree})
    with pytest.raises(UsageError, match="damaged.*--restart"):
        load_checkpoint(file)
