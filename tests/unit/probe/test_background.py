from __future__ import annotations

import numpy as np
import pytest

from taxolens.probe.background import Shortcut, background_probe


def borders(truth: np.ndarray, shift: float, seed: int = 0) -> np.ndarray:
    """Borders whose brightness is moved by class."""
    noise = np.random.default_rng(seed).normal(128, 20, size=(len(truth), 8, 3))
    return np.clip(noise + shift * truth[:, None, None], 0, 255).astype(np.uint8)


def test_a_table_of_its_own_for_each_class_gives_it_away() -> None:
    truth = np.repeat(np.arange(3), 60)

    found = background_probe(borders(truth, 40), truth, 3)

    assert found.verdict is Shortcut.STRONG
    assert found.accuracy > 0.9
    assert found.chance == pytest.approx(1 / 3)


@pytest.mark.parametrize("sizes", [(60, 60, 60), (170, 20, 20)])
def test_borders_that_are_alike_give_nothing_away(sizes: tuple[int, ...]) -> None:
    truth = np.repeat(np.arange(3), sizes)

    found = background_probe(borders(truth, 0), truth, 3)

    assert found.verdict is Shortcut.OK
    assert found.balanced < 0.45


def test_a_place_that_only_one_event_had_does_not_count_when_events_stay_together() -> None:
    events = np.repeat(np.arange(40), 5)
    truth = np.random.default_rng(0).integers(0, 2, 40)[events]
    colour = np.random.default_rng(1).integers(0, 255, size=(40, 8, 3))[events]

    alone = background_probe(colour.astype(np.uint8), truth, 2)
    together = background_probe(colour.astype(np.uint8), truth, 2, groups=events)

    assert alone.verdict is Shortcut.STRONG
    assert together.verdict is not Shortcut.STRONG


def test_a_class_of_one_group_has_no_figure() -> None:
    truth = np.repeat(np.arange(3), (30, 30, 5))
    groups = np.where(truth == 2, 1000, np.arange(65))

    found = background_probe(borders(truth, 40), truth, 3, groups=groups)

    assert np.isnan(found.per_class[2])
    assert np.isfinite(found.balanced)


def test_a_class_that_no_forest_could_learn_has_no_figure_either() -> None:
    truth = np.repeat(np.arange(3), (30, 30, 2))
    groups = np.arange(62)
    groups[[0, 1, 2, 60, 61]] = 0

    assert np.isnan(background_probe(borders(truth, 40), truth, 3, groups=groups).per_class[2])
