"""The row of a table."""

from __future__ import annotations

import math

import numpy as np
import pytest

from taxolens.imaging.plant.measure import Measurement, measure
from tests.unit.imaging.plant.painting import GREEN, ellipse, photo

SIZE = (256, 256)
LEAF = ellipse(SIZE, (128, 120), (90, 55), 60)


def row(measured: Measurement) -> dict[str, float]:
    return dict(zip(measured.columns(), measured.values(), strict=True))


def test_a_painted_leaf_is_measured() -> None:
    spot = ellipse(SIZE, (128, 120), (15, 15))
    found = row(measure(photo(LEAF, lesions=spot)))
    assert found["area_px"] == pytest.approx(LEAF.sum(), rel=0.02)
    assert found["leaf_share"] == pytest.approx(LEAF.mean(), rel=0.02)
    assert found["angle_deg"] == pytest.approx(60, abs=1)
    assert found["perimeter_px"] == pytest.approx(463.3, rel=0.02)
    assert (found["centre_x_px"], found["centre_y_px"]) == pytest.approx((128, 120), abs=1)
    assert found["diseased_share"] == pytest.approx(spot.sum() / LEAF.sum(), rel=0.25)
    assert found["lesions"] == 1 and found["largest_lesion_px"] == pytest.approx(spot.sum(), rel=0.25)
    assert found["in_frame"] == 1


def test_colours_are_those_of_the_leaf_alone() -> None:
    found = row(measure(photo(LEAF)))
    assert (found["red_mean"], found["green_mean"], found["blue_mean"]) == pytest.approx(GREEN, abs=3)
    assert found["hue_mean_deg"] == pytest.approx(105.8, abs=3)


def test_without_a_leaf_all_is_not_a_number() -> None:
    measured = measure(np.full((50, 60, 3), 100, np.uint8))
    assert not measured.found
    values = row(measured)
    assert values.pop("leaf_share") == 0
    assert all(math.isnan(value) for value in values.values())


def test_columns_are_known_beforehand_and_none_twice() -> None:
    columns = Measurement.columns()
    assert len(set(columns)) == len(columns)
    assert {"area_px", "solidity", "hue_mean_deg", "diseased_share"} <= set(columns)
