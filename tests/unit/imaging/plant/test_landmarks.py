"""Pseudo-landmarks of painted outlines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.imaging.plant.landmarks import Landmarks, landmarks, slices
from taxolens.imaging.plant.outline import length_of, outline_of
from tests.unit.imaging.plant.painting import Bool, ellipse, star


def found(mask: Bool, count: int = 20) -> Landmarks:
    points = landmarks(mask, count)
    assert points is not None
    return points


def test_extremes_of_an_ellipse_are_at_its_ends() -> None:
    points = found(ellipse((200, 160), (100, 80), (70, 40)))
    assert points.left == pytest.approx((30, 80), abs=5)
    assert points.right == pytest.approx((170, 80), abs=5)
    assert points.top == pytest.approx((100, 40), abs=5)
    assert points.bottom == pytest.approx((100, 120), abs=5)
    assert points.left[0] == pytest.approx(30, abs=1) and points.top[1] == pytest.approx(40, abs=1)
    assert points.centroid == pytest.approx((100, 80), abs=0.2)


@given(count=st.integers(3, 60), angle=st.floats(0, 180))
def test_points_are_as_many_as_asked_and_equally_far_apart(count: int, angle: float) -> None:
    mask = ellipse((150, 150), (75, 75), (60, 40), angle)
    points = found(mask, count).spaced
    assert points.shape == (count, 2)
    steps = np.hypot(*(np.roll(points, -1, axis=0) - points).T)
    assert steps.max() <= length_of(outline_of(mask)) / count + 1e-6
    if count > 20:
        assert steps.min() > 0.95 * steps.max()


def test_they_run_clockwise_from_the_top() -> None:
    points = found(ellipse((150, 150), (75, 75), (60, 60)), 4).spaced
    assert points == pytest.approx(np.array([(75, 15), (135, 75), (75, 135), (15, 75)]), abs=3)


def test_a_star_has_its_tips_and_notches() -> None:
    points = found(star(300, 5, 60, 140))
    assert len(points.tips) == 5 and len(points.notches) == 5
    away = np.hypot(*(points.tips - 150).T)
    assert away == pytest.approx(np.full(5, 140), abs=6)
    assert np.hypot(*(points.notches - 150).T) == pytest.approx(np.full(5, 60), abs=6)


def test_a_circle_has_none() -> None:
    points = found(ellipse((200, 200), (100, 100), (70, 70)))
    assert not len(points.tips) and not len(points.notches)


def test_slices_know_where_an_object_begins_and_ends() -> None:
    mask = np.zeros((100, 120), np.bool_)
    mask[20:80, 30:90] = True
    assert slices(mask, 6) == pytest.approx(np.tile([30.0, 90.0, 60.0], (6, 1)))
    assert slices(mask, 6, axis=1) == pytest.approx(np.tile([20.0, 80.0, 50.0], (6, 1)))


def test_nothing_has_no_landmarks() -> None:
    empty = np.zeros((20, 20), np.bool_)
    assert landmarks(empty) is None
    assert np.isnan(slices(empty)).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (2, 2)])
def test_a_mask_that_is_all_object_has_landmarks_within_it(size: tuple[int, int]) -> None:
    points = found(np.ones(size, np.bool_), 5)
    assert (points.spaced >= 0).all() and (points.spaced <= (size[1], size[0])).all()
