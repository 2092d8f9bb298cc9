"""Which weights learn, and how fast."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from taxolens.models.network import build_network  # noqa: E402
from taxolens.recipes.network import NetworkRecipe, Norms, Optimizer, Schedule  # noqa: E402
from taxolens.training.optimizer import (  # noqa: E402
    Plateau,
    freeze,
    optimizer_of,
    share_of_rate,
    stilled_norms,
)

LABELS = ("a", "b", "c")
SMALL = NetworkRecipe("small_cnn", size=16, rate=0.1, layer_decay=0.5, weight_decay=0.3)
TIMM = replace(SMALL, name="timm:resnet18", size=32)


def rates(recipe: NetworkRecipe, *, pretrained: bool) -> dict[str, tuple[float, float]]:
    """Rate and decay of each weight by name."""
    network = replace(build_network(recipe, LABELS, pretrained=False), pretrained=pretrained)
    names = {id(weights): name for name, weights in network.module.named_parameters()}
    return {
        names[id(weights)]: (group["lr"], group["weight_decay"])
        for group in optimizer_of(network, recipe).param_groups
        for weights in group["params"]
    }


def test_each_layer_below_learns_slower_by_the_same_factor() -> None:
    found = rates(SMALL, pretrained=True)
    assert found["head.weight"][0] == pytest.approx(0.1)
    assert found["dense.weight"][0] == pytest.approx(0.05)
    assert found["features.3.weight"][0] == pytest.approx(0.025)
    assert found["features.0.weight"][0] == pytest.approx(0.0125)


def test_a_network_that_knows_nothing_learns_everywhere_as_fast() -> None:
    assert {rate for rate, _ in rates(SMALL, pretrained=False).values()} == {0.1}


def test_biases_and_norms_do_not_decay() -> None:
    found = rates(TIMM, pretrained=True)
    assert found["conv1.weight"][1] == found["fc.weight"][1] == 0.3
    assert {found[name][1] for name in ("fc.bias", "bn1.weight", "bn1.bias", "layer4.1.bn2.weight")} == {0.0}


def test_every_weight_is_in_one_group_and_frozen_ones_in_none() -> None:
    network = build_network(TIMM, LABELS, pretrained=False)
    freeze(network, 2)
    learning = {id(weights) for weights in network.module.parameters() if weights.requires_grad}
    groups = optimizer_of(network, TIMM).param_groups
    held = [id(weights) for group in groups for weights in group["params"]]
    assert len(held) == len(set(held)) and set(held) == learning


@pytest.mark.parametrize(("unfreeze", "parts"), [(1, {"fc"}), (2, {"fc", "layer4"}), (0, None), (999, None)])
def test_the_last_layers_learn_and_the_others_are_still(unfreeze: int, parts: set[str] | None) -> None:
    network = build_network(TIMM, LABELS, pretrained=False)
    freeze(network, unfreeze)
    learning = {
        name.split(".")[0] for name, weights in network.module.named_parameters() if weights.requires_grad
    }
    assert learning == (parts or {name.split(".")[0] for name, _ in network.module.named_parameters()})


def test_norms_of_frozen_layers_keep_their_statistics_whatever_is_asked() -> None:
    network = build_network(TIMM, LABELS, pretrained=False)
    freeze(network, 1)
    for norms in Norms:
        assert len(stilled_norms(network, replace(TIMM, norms=norms), 10)) == 20


@pytest.mark.parametrize(
    ("norms", "pretrained", "photos", "stilled"),
    [
        (Norms.AUTO, True, 500, 20),
        (Norms.AUTO, True, 10**6, 0),
        (Norms.AUTO, False, 500, 0),
        (Norms.KEEP, False, 500, 20),
        (Norms.LEARN, True, 500, 0),
    ],
)
def test_norms_take_new_statistics_where_there_is_enough_to_take_them_from(
    norms: Norms, pretrained: bool, photos: int, stilled: int
) -> None:
    network = replace(build_network(TIMM, LABELS, pretrained=False), pretrained=pretrained)
    assert len(stilled_norms(network, replace(TIMM, norms=norms), photos)) == stilled


@pytest.mark.parametrize("optimizer", Optimizer)
def test_every_optimizer_has_a_rate_and_a_decay_that_suit_it(optimizer: Optimizer) -> None:
    recipe = replace(SMALL, optimizer=optimizer, rate=None, weight_decay=None)
    values = rates(recipe, pretrained=False).values()
    assert all(0 < rate <= 0.1 for rate, _ in values)
    # Decay that goes through the gradient must be far smaller than AdamW's.
    assert (max(decay for _, decay in values) > 1e-3) == (optimizer is Optimizer.ADAMW)


@pytest.mark.parametrize("schedule", Schedule)
def test_the_rate_rises_first_and_never_beyond_its_full_height(schedule: Schedule) -> None:
    recipe = replace(SMALL, schedule=schedule, warmup=0.2)
    shares = [share_of_rate(recipe, done) for done in np.linspace(0, 1, 51)]
    assert shares[0] == pytest.approx(0.01) and max(shares) == pytest.approx(1.0)
    assert all(a < b for a, b in pairwise(shares[:11]))
    assert all(a >= b for a, b in pairwise(shares[10:]))
    falls = schedule in (Schedule.COSINE, Schedule.LINEAR)
    assert shares[-1] == pytest.approx(0.01 if falls else 1.0)


def test_a_plateau_lowers_the_rate_once_patience_is_over() -> None:
    plateau = Plateau(patience=2, factor=0.5)
    for loss in (1.0, 0.9, 0.95, 0.95):
        plateau.tell(loss)
    assert plateau.share == 1.0
    plateau.tell(0.95)
    assert plateau.share == 0.5
    plateau.tell(0.8)
    assert (plateau.share, plateau.best, plateau.waited) == (0.5, 0.8, 0)
