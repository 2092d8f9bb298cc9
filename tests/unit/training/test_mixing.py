"""Blended photos and blended labels tell the same story."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from taxolens.recipes.network import NetworkRecipe  # noqa: E402
from taxolens.training.mixing import mixed  # noqa: E402

PLAIN = NetworkRecipe("small_cnn")


def step(n: int = 6, side: int = 20) -> tuple[torch.Tensor, torch.Tensor]:
    """Photos full of their own number, each its own class."""
    pixels = torch.arange(n, dtype=torch.float32).view(n, 1, 1, 1).expand(n, 3, side, side).contiguous()
    return pixels, torch.eye(n)


@given(
    mixup=st.sampled_from([0.0, 0.2, 1.0]), cutmix=st.sampled_from([0.0, 0.5, 1.0]), seed=st.integers(0, 99)
)
def test_targets_still_sum_to_one_and_say_what_is_in_the_pixels(
    mixup: float, cutmix: float, seed: int
) -> None:
    pixels, targets = step()
    blended, told = mixed(
        pixels, targets, replace(PLAIN, mixup=mixup, cutmix=cutmix), np.random.default_rng(seed)
    )
    assert torch.allclose(told.sum(1), torch.ones(6))
    assert (told >= 0).all()
    # A photo's mean is the mean of the numbers of its classes, weighted as the targets say.
    expected = told @ torch.arange(6, dtype=torch.float32)
    assert torch.allclose(blended.mean((1, 2, 3)), expected, atol=1e-4)


@given(seed=st.integers(0, 200))
def test_the_share_of_cutmix_is_the_area_that_is_left(seed: int) -> None:
    pixels, targets = step()
    blended, told = mixed(pixels, targets, replace(PLAIN, cutmix=1.0), np.random.default_rng(seed))
    own = (blended[:, 0] == pixels[:, 0]).float().mean((1, 2))
    assert torch.allclose(own, told.diagonal(), atol=1e-6)
    assert set(blended.unique().tolist()) <= set(range(6)), "cutmix pastes, it does not blend"


def test_without_mixing_nothing_changes() -> None:
    pixels, targets = step()
    blended, told = mixed(pixels, targets, PLAIN, np.random.default_rng(0))
    assert torch.equal(blended, pixels) and torch.equal(told, targets)


def test_where_both_are_asked_for_each_has_its_turn() -> None:
    pixels, targets = step()
    both = replace(PLAIN, mixup=1.0, cutmix=1.0)
    pasted = [
        set(mixed(pixels, targets, both, np.random.default_rng(seed))[0].unique().tolist()) <= set(range(6))
        for seed in range(40)
    ]
    assert 8 < sum(pasted) < 32
