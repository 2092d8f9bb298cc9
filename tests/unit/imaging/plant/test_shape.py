"""Size and shape of painted objects."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.imaging.plant.shape import Shape, shape_of
from tests.unit.imaging.plant.painting import Bool, ellipse, star


def measured(mask: Bool) -> Shape:
    shape = shape_of(mask)
    assert shape is not None
    return shape


def rectangle(left: int, top: int, width: int, height: int) -> Bool:
    mask = np.zeros((200, 300), np.bool_)
    mask[top : top + height, left : left + width] = True
    return mask


def test_a_rectangle_is_measured_exactly() -> None:
    shape = measured(rectangle(40, 30, 120, 60))
    assert (shape.area, shape.width, shape.height) == (7200, 120, 60)
    assert shape.hull_area == 7200 and shape.solidity == 1
    assert (shape.centre_x, shape.centre_y) == (100, 60)
    assert shape.longest_path == pytest.approx(np.hypot(120, 60))
    assert shape.perimeter == pytest.approx(360, rel=0.02)
    assert shape.angle == pytest.approx(0) and shape.in_frame


def test_a_circle_has_the_perimeter_of_a_circle() -> None:
    shape = measured(ellipse((200, 200), (100, 100), (70, 70)))
    assert shape.area == pytest.approx(np.pi * 70**2, rel=0.005)
    assert shape.perimeter == pytest.approx(2 * np.pi * 70, rel=0.01)
    assert shape.eccentricity < 0.1 and shape.solidity > 0.98
    assert shape.major_axis == pytest.approx(140, rel=0.01)


@given(angle=st.floats(0, 179.9))
def test_the_axes_of_an_ellipse_are_found_at_any_angle(angle: float) -> None:
    shape = measured(ellipse((240, 240), (120, 118), (90, 45), angle))
    assert shape.major_axis == pytest.approx(180, rel=0.01)
    assert shape.minor_axis == pytest.approx(90, rel=0.02)
    assert shape.eccentricity == pytest.approx(np.sqrt(0.75), abs=0.01)
    off = abs(shape.angle - angle)
    assert min(off, 180 - off) < 1 and 0 <= shape.angle < 180
    assert (shape.centre_x, shape.centre_y) == pytest.approx((120, 118), abs=0.3)


def test_lobes_make_it_less_solid() -> None:
    assert measured(star(200, 5, 40, 95)).solidity < 0.75


def test_what_touches_the_edge_is_not_whole() -> None:
    assert not measured(rectangle(0, 30, 120, 60)).in_frame
    assert not measured(rectangle(180, 30, 120, 60)).in_frame


@given(quarters=st.integers(0, 3), angle=st.floats(0, 180))
def test_turning_by_quarters_changes_no_size(quarters: int, angle: float) -> None:
    mask = ellipse((120, 140), (60, 70), (50, 25), angle)
    one, other = measured(mask), measured(np.rot90(mask, quarters))
    assert other.area == one.area
    assert other.perimeter == pytest.approx(one.perimeter, rel=1e-3)
    assert other.hull_area == pytest.approx(one.hull_area)
    assert other.longest_path == pytest.approx(one.longest_path)


@given(angle=st.floats(0, 180))
def test_twice_the_size_is_four_times_the_area_and_twice_the_length(angle: float) -> None:
    mask = ellipse((120, 140), (60, 70), (50, 25), angle)
    one, twice = measured(mask), measured(mask.repeat(2, axis=0).repeat(2, axis=1))
    assert twice.area == 4 * one.area and twice.hull_area == pytest.approx(4 * one.hull_area)
    assert twice.perimeter == pytest.approx(2 * one.perimeter, rel=0.05)
    assert twice.longest_path == pytest.approx(2 * one.longest_path)


def test_one_pixel_is_an_object_and_nothing_is_none() -> None:
    assert shape_of(np.zeros((9, 9), np.bool_)) is None
    mask = np.zeros((9, 9), np.bool_)
    mask[4, 4] = True
    shape = measured(mask)
    assert shape.area == shape.hull_area == shape.width == shape.height == 1
    assert (shape.centre_x, shape.centre_y) == (4.5, 4.5)
