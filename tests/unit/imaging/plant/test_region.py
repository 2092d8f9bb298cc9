"""Regions of interest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.geometry import Box
from taxolens.imaging.plant.region import RegionShape, around, box_region, polygon_region

BOX = Box(0.25, 0.1, 0.5, 0.8)


def test_a_rectangle_is_exact() -> None:
    region = box_region(200, 100, BOX, RegionShape.RECTANGLE)
    assert region[10:90, 50:150].all() and region.sum() == 80 * 100


def test_an_ellipse_fills_its_share_of_the_box() -> None:
    region = box_region(400, 300, BOX, RegionShape.ELLIPSE)
    assert region.sum() == pytest.approx(np.pi / 4 * 200 * 240, rel=0.005)


@given(corners=st.integers(3, 40))
def test_a_polygon_has_the_area_of_a_regular_one(corners: int) -> None:
    region = box_region(400, 400, Box(0.1, 0.1, 0.8, 0.8), RegionShape.POLYGON, corners)
    true = corners / 2 * 160**2 * np.sin(2 * np.pi / corners)
    assert region.sum() == pytest.approx(true, rel=0.03)


def test_a_polygon_may_reach_beyond_the_photo() -> None:
    corners = np.array([(-50.0, -50.0), (50.0, -50.0), (50.0, 500.0), (-50.0, 500.0)])
    region = polygon_region(100, 80, corners)
    assert region[:, :49].all() and not region[:, 52:].any()


def test_the_box_round_a_mask_has_its_margin_as_far_as_the_photo_reaches() -> None:
    mask = np.zeros((100, 200), np.bool_)
    mask[20:40, 100:200] = True
    assert around(mask) == Box(0.5, 0.2, 0.5, 0.2)
    wide = around(mask, 0.5)
    assert wide is not None
    assert (wide.x, wide.y, wide.width, wide.height) == pytest.approx((0.25, 0.1, 0.75, 0.4))
    assert around(np.zeros_like(mask)) is None
