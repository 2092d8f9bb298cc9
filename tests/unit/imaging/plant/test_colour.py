"""Colour statistics and histograms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from taxolens.imaging.plant.colour import Colour, colour_of
from taxolens.imaging.plant.histogram import Space, drawn, histogram

ALL = np.ones((4, 6), np.bool_)


def plain(*colours: tuple[int, int, int]) -> np.ndarray:
    pixels = np.zeros((4, 6, 3), np.uint8)
    pixels[:] = colours[0]
    pixels[:, 3:] = colours[-1]
    return pixels


def colours(pixels: np.ndarray) -> Colour:
    found = colour_of(pixels, ALL)
    assert found is not None
    return found


def test_one_colour_has_its_values_and_no_spread() -> None:
    found = colours(plain((0, 255, 0)))
    assert (found.red_mean, found.green_mean, found.blue_mean) == (0, 255, 0)
    assert (found.hue_mean, found.saturation_mean, found.value_mean) == pytest.approx((120, 1, 1))
    assert (found.lightness_mean, found.a_mean, found.b_mean) == pytest.approx(
        (87.73, -86.18, 83.18), abs=0.1
    )
    assert found.green_sd == found.saturation_sd == 0 and found.hue_sd == pytest.approx(0, abs=1e-3)


def test_hues_on_both_sides_of_red_meet_at_red() -> None:
    found = colours(plain((255, 0, 64), (255, 64, 0)))
    assert min(found.hue_mean, 360 - found.hue_mean) < 0.5
    assert found.hue_sd == pytest.approx(15, abs=1)


def test_grey_has_no_hue() -> None:
    found = colours(plain((90, 90, 90)))
    assert math.isnan(found.hue_mean) and math.isnan(found.hue_sd)
    assert found.saturation_mean == 0 and found.value_mean == pytest.approx(90 / 255)


def test_only_what_is_inside_counts() -> None:
    inside = np.zeros((4, 6), np.bool_)
    inside[:, :3] = True
    found = colour_of(plain((10, 20, 30), (250, 250, 250)), inside)
    assert found is not None and (found.red_mean, found.green_mean, found.blue_mean) == (10, 20, 30)
    assert colour_of(plain((1, 2, 3)), np.zeros((4, 6), np.bool_)) is None


@pytest.mark.parametrize("space", list(Space))
def test_shares_of_a_histogram_sum_to_one(space: Space) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    found = histogram(pixels, ALL, space, 16)
    assert found.shares.shape == (3, 16) and found.edges.shape == (3, 17)
    assert found.shares.sum(axis=1) == pytest.approx([1, 1, 1])
    assert not histogram(pixels, ~ALL, space, 16).shares.any()


def test_a_level_falls_into_its_bin() -> None:
    found = histogram(plain((0, 255, 130)), ALL, Space.RGB, 64)
    assert found.channels == ("red", "green", "blue")
    assert found.shares.argmax(axis=1).tolist() == [0, 63, 32]


def test_the_drawing_has_the_size_asked_for_and_three_colours() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    shown = drawn(histogram(pixels, ALL), 120, 90)
    assert shown.shape == (90, 120, 3)
    assert len(np.unique(shown.reshape(-1, 3), axis=0)) > 3
    assert drawn(histogram(pixels, ALL), 1, 1).shape == (1, 1, 3)
