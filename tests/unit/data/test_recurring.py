from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxolens.data.recurring import overlaps, recurring

SIDE = st.floats(0.01, 0.4)
PLACE = st.floats(0.0, 0.6)


def jittered(rng: np.random.Generator, box: tuple[float, ...], n: int, by: float) -> np.ndarray:
    return (np.array(box) + rng.normal(0, by, (n, 4)) * np.array([box[2], box[3], box[2], box[3]])).astype(
        "f4"
    )


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    return float(overlaps(np.array([one]), np.array([other]))[0])


def test_overlap_is_the_shared_part_of_both() -> None:
    assert overlap((0.0, 0.0, 0.2, 0.2), (0.1, 0.0, 0.2, 0.2)) == pytest.approx(1 / 3)
    assert overlap((0.0, 0.0, 0.2, 0.2), (0.3, 0.0, 0.2, 0.2)) == 0


def test_a_stump_among_passing_animals_is_one_group() -> None:
    rng = np.random.default_rng(0)
    stump = jittered(rng, (0.3, 0.5, 0.12, 0.2), 40, 0.008)
    passing = np.column_stack([rng.uniform(0, 0.6, (60, 2)), rng.uniform(0.05, 0.4, (60, 2))]).astype("f4")
    mixed = np.concatenate([stump[:20], passing, stump[20:]])
    groups = recurring(mixed, iou=0.9)
    assert groups[0].tolist() == [*range(20), *range(80, 100)]
    assert all(len(group) < 4 for group in groups[1:])


def test_two_objects_beside_each_other_stay_two() -> None:
    rng = np.random.default_rng(1)
    left, right = (
        jittered(rng, (0.1, 0.1, 0.2, 0.2), 15, 0.005),
        jittered(rng, (0.14, 0.1, 0.2, 0.2), 12, 0.005),
    )
    assert [len(group) for group in recurring(np.concatenate([left, right]), iou=0.9)] == [15, 12]


def test_an_order_that_begins_at_the_edge_of_a_group_does_not_split_it() -> None:
    widths = np.linspace(0.188, 0.212, 25)  # each within 0.9 of the middle, the ends not of each other
    boxes = np.column_stack([np.full(25, 0.2), np.full(25, 0.2), widths, np.full(25, 0.2)]).astype("f4")
    assert [len(group) for group in recurring(boxes, iou=0.93)] == [25]


def test_boxes_without_area_and_no_boxes_are_no_objects() -> None:
    assert recurring(np.zeros((30, 4), dtype="f4"), iou=0.9) == []
    assert recurring(np.zeros((0, 4), dtype="f4"), iou=0.9) == []


@settings(max_examples=60)
@given(
    st.lists(st.tuples(PLACE, PLACE, SIDE, SIDE), min_size=1, max_size=60),
    st.sampled_from([0.5, 0.7, 0.9, 0.97]),
)
def test_no_box_is_twice_and_boxes_of_a_group_are_alike(boxes: list[tuple[float, ...]], iou: float) -> None:
    array = np.array(boxes + boxes, dtype="f4")
    groups = recurring(array, iou=iou)
    together = [position for group in groups for position in group.tolist()]
    assert len(together) == len(set(together))
    for group in groups:
        members = [tuple(map(float, array[position])) for position in group]
        # 1 - IoU is a distance, and each is within 1 - iou of the middle
        assert all(overlap(one, other) >= 2 * iou - 1 - 1e-6 for one in members for other in members)


@given(PLACE, PLACE, SIDE, SIDE, st.sampled_from([0.5, 0.9, 0.97]), st.tuples(*[st.floats(-0.3, 0.3)] * 4))
def test_the_grid_misses_no_box_that_overlaps_enough(
    x: float, y: float, width: float, height: float, iou: float, by: tuple[float, ...]
) -> None:
    one = (x, y, width, height)
    shift = tuple(step * (1 - iou) for step in by)
    other = (
        x + shift[0] * width,
        y + shift[1] * height,
        width * (1 + shift[2]),
        height * (1 + shift[3]),
    )
    groups = recurring(np.array([one, one, other], dtype="f4"), iou=iou)
    if overlap(one, other) > iou + 1e-4:
        assert [len(group) for group in groups] == [3]


@pytest.mark.slow
def test_a_hundred_thousand_boxes_of_one_camera_take_seconds() -> None:
    rng = np.random.default_rng(2)
    fixed = [jittered(rng, (0.1 * k, 0.3, 0.08, 0.1), 3_000, 0.01) for k in range(8)]
    rest = 100_000 - 24_000
    other = np.column_stack([rng.uniform(0, 0.6, (rest, 2)), rng.uniform(0.02, 0.4, (rest, 2))]).astype("f4")
    boxes = np.concatenate([*fixed, other])[rng.permutation(100_000)]
    began = time.process_time()
    groups = recurring(boxes, iou=0.9)
    assert time.process_time() - began < 60
    assert sum(len(group) > 2_500 for group in groups) == 8
