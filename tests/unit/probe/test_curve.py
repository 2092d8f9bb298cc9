from __future__ import annotations

import numpy as np
import pytest

from taxolens.probe.curve import Curve, _carried_on, learning_curve
from tests.unit.probe.planted import clouds, shuffled


def test_a_curve_of_hard_classes_rises_with_the_photos() -> None:
    vectors, truth = clouds((100, 100, 100), noise=4.0)

    found = learning_curve(vectors, truth)

    assert list(found.per_class) == sorted(set(found.per_class))
    assert found.per_class[-1] == pytest.approx(80, abs=1)
    assert found.accuracy[-1] > found.accuracy[0] + 0.1
    assert (found.low <= found.accuracy).all() and (found.accuracy <= found.high).all()
    assert found.accuracy[-1] <= found.expected <= 1


def test_a_curve_of_labels_dealt_by_lot_is_flat_and_promises_nothing() -> None:
    vectors, truth = clouds((100, 100, 100))

    found = learning_curve(vectors, shuffled(truth))

    assert found.accuracy.max() < 0.45
    assert found.expected < 0.45
    assert found.needed(0.9) > 1000


@pytest.mark.parametrize("slope", [0.3, 0.6, 1.0])
def test_a_power_law_is_found_again(slope: float) -> None:
    photos = np.array([5.0, 10, 20, 40, 80, 160])
    accuracy = 1 - (0.05 + 0.8 * photos**-slope)

    floor, expected, found = _carried_on(photos, accuracy)

    assert found == pytest.approx(slope, abs=0.05)
    assert floor == pytest.approx(0.05, abs=0.02)
    assert expected == pytest.approx(1 - (0.05 + 0.8 * 320**-slope), abs=0.01)


def test_what_a_law_needs_is_read_off_it() -> None:
    some = np.array([0.6, 0.7, 0.8])
    curve = Curve((10, 20, 40), some, some, some, floor=0.0, expected=0.9, slope=1.0)

    assert curve.needed(0.9) == pytest.approx(80)
    assert curve.needed(0.5) == 40
    assert curve.needed(1.0) == float("inf")


def test_events_are_learnt_from_whole() -> None:
    places = np.random.default_rng(0).normal(size=(60, 30)).astype(np.float32)
    vectors, truth = np.repeat(places, 5, axis=0), np.repeat(np.random.default_rng(1).integers(0, 2, 60), 5)

    found = learning_curve(vectors, truth, groups=np.repeat(np.arange(60), 5))

    assert found.accuracy[-1] < 0.7


def test_few_photos_make_a_short_curve_and_none_an_empty_one() -> None:
    vectors, truth = clouds((3, 3))

    assert len(learning_curve(vectors, truth).per_class) >= 1
    assert len(learning_curve(vectors, truth, groups=truth).per_class) == 0
