"""What is left of boxes at the frame."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.geometry import Box
from taxolens.imaging.operations.crop import cut
from taxolens.imaging.operations.distortion import Waves
from taxolens.imaging.operations.geometry import moved
from taxolens.imaging.operations.picture import Picture
from taxolens.imaging.operations.warp import about_middle, turn, warp


def blank(width: int, height: int, *boxes: Box) -> Picture:
    return Picture.of(np.zeros((height, width, 3), np.uint8), boxes)


@pytest.mark.parametrize(
    ("left", "kept"), [(0, True), (50, True), (79, True), (80, True), (81, False), (99, False)]
)
def test_a_box_of_which_less_than_a_fifth_is_left_is_dropped(left: int, kept: bool) -> None:
    after = cut(blank(200, 10, Box(0, 0, 0.5, 1), Box(0.5, 0, 0.5, 1)), (left, 0, 200, 10))
    assert after.rows.tolist() == ([0, 1] if kept else [1])
    assert after.boxes[-1].tolist() == [100 - left, 0, 200 - left, 10]


def test_the_share_is_of_the_original_box_and_not_of_the_last_crop() -> None:
    picture = blank(100, 100, Box(0, 0, 1, 1))
    for _ in range(2):
        picture = cut(picture, (0, 0, picture.width // 2, picture.height))
    assert picture.visible == pytest.approx(0.25)
    assert len(cut(picture, (0, 0, 12, 100)).boxes) == 0


def test_a_box_that_is_turned_out_of_the_frame_is_as_small_as_what_is_seen_of_it() -> None:
    """A square on its tip whose tip is cut off: the box of the whole square would be too wide below the cut."""
    picture = blank(100, 100, Box(0.4, 0, 0.2, 0.2))
    after = warp(picture, about_middle(turn(45), picture), (100, 100), "colour")
    # the corner 40, 0 goes out at the left; what is left in view has its own left edge at the frame
    left, top, right, bottom = after.boxes[0]
    assert left == pytest.approx(max(0, left)) and 0 <= top < bottom <= 100 and right <= 100
    outline = np.array([(40, 0), (60, 0), (60, 20), (40, 20), (40, 0)]) - 50
    grid = np.array([p for a, b in pairwise(outline) for p in np.linspace(a, b, 2000)])
    c = np.sqrt(0.5)
    turned = grid @ np.array([[c, -c], [c, c]]) + 50
    inside = turned[((turned >= 0) & (turned <= 100)).all(axis=1)]
    assert (left, top, right, bottom) == pytest.approx((*inside.min(axis=0), *inside.max(axis=0)), abs=0.02)


@given(st.integers(0, 2**32))
def test_visible_shares_agree_with_counting_pixels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    picture = blank(80, 60, Box(0.3, 0.3, 0.4, 0.4))
    matrix = about_middle(turn(rng.uniform(-180, 180)), picture)
    matrix[:2, 2] += rng.uniform(-30, 30, 2)
    after = moved(picture, picture.pixels, None, lambda points: points @ matrix[:2, :2].T + matrix[:2, 2])
    x, y = np.meshgrid(np.linspace(24, 56, 200), np.linspace(18, 42, 200))
    there = np.stack([x.ravel(), y.ravel()], 1) @ matrix[:2, :2].T + matrix[:2, 2]
    share = ((there >= 0) & (there <= (80, 60))).all(axis=1).mean()
    if len(after.visible):
        assert after.visible[0] == pytest.approx(share, abs=0.02)
    else:
        assert share < 0.22


def test_a_box_without_area_is_kept_while_it_is_in_the_picture() -> None:
    picture = blank(100, 100, Box(0.5, 0.2, 0.0, 0.3))
    assert len(cut(picture, (0, 0, 60, 60)).boxes) == 1
    assert len(cut(picture, (0, 0, 40, 60)).boxes) == 0


@given(st.integers(0, 2**32))
def test_the_way_forth_undoes_the_way_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    waves = Waves(rng.uniform(-0.01, 0.01, (3, 3)), rng.uniform(-0.01, 0.01, (3, 3)))
    points = rng.uniform(0, 1, (50, 2))
    there = waves.forth(points)
    assert there + waves.at(there) == pytest.approx(points, abs=1e-4)


def test_boxes_return_normalised_and_never_leave_the_picture() -> None:
    picture = blank(3, 7, Box(0.1, 0.2, 0.9, 0.8))
    (box,) = picture.normalised
    assert (box.x, box.y, box.width, box.height) == pytest.approx((0.1, 0.2, 0.9, 0.8))
