from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from taxolens.core.progress import Silent
from taxolens.core.texts import plain
from taxolens.core.trainer import Epoch
from taxolens.recipes.network import NetworkRecipe, Optimizer
from taxolens.training.trainer import finetune, scratch
from tests.unit.training.test_trainer import QUICK, request, trained


def test_a_training_ends_after_the_epoch_that_is_enough_and_can_be_gone_on_with(tmp_path: Path) -> None:
    told: list[tuple[int, Epoch]] = []

    def two_are_enough(number: int, epoch: Epoch) -> bool:
        told.append((number, epoch))
        return number < 2

    asked = request(tmp_path / "a")
    stopped = scratch.rehearse(replace(asked, on_epoch=two_are_enough), progress=Silent(), say=plain)
    assert [number for number, _ in told] == [1, 2]
    assert stopped == tuple(epoch for _, epoch in told)
    whole = scratch.rehearse(asked, progress=Silent(), say=plain)
    assert whole[:2] == stopped and len(whole) == 3


def test_a_rehearsed_training_gives_the_network_that_a_training_gives(tmp_path: Path) -> None:
    rehearsed = request(tmp_path / "rehearsed")
    epochs = scratch.rehearse(rehearsed, progress=Silent(), say=plain)
    made, directly = trained(rehearsed), trained(request(tmp_path / "direct"))
    assert made.epochs == epochs, "nothing is learnt twice"
    assert np.array_equal(made.told, directly.told)


@pytest.mark.parametrize("optimizer", list(Optimizer))
def test_settled_settings_say_what_would_be_chosen(optimizer: Optimizer) -> None:
    open_ones = NetworkRecipe("small_cnn", optimizer=optimizer)
    slow, fast = finetune.settled(open_ones), scratch.settled(open_ones)
    assert slow.rate and fast.rate and fast.rate > slow.rate
    assert fast.weight_decay is not None and fast.dropout == 0.5
    assert scratch.settled(fast) == fast


def test_settled_settings_train_the_same_network(tmp_path: Path) -> None:
    settled = trained(request(tmp_path / "settled", scratch.settled(QUICK)))
    assert np.array_equal(settled.told, trained(request(tmp_path / "open")).told)
