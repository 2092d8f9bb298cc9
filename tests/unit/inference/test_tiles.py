"""Boxes of tiles put together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from taxolens.imaging.tiling import Tiling, Window
from taxolens.inference.tiles import WHOLE, Seen, merged, together

Thing = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of the photo."""
TILING = Tiling(200, 0.25)
PHOTO = (700, 520)
WINDOWS = TILING.windows(*PHOTO)


def seen_by(number: int, window: Window, things: Sequence[Thing], sure: Sequence[float]) -> Seen:
    """What a perfect detector says of a tile: a box round all that it shows of each thing."""
    left, top, width, height = window
    shown = (
        np.array(things, np.float64)
        .reshape(-1, 4)
        .clip((left, top, left, top), (left + width, top + height, left + width, top + height))
    )
    there = (shown[:, 2:] > shown[:, :2]).all(axis=1)
    scores = np.array(sure, np.float32).reshape(-1, 1)[there]
    return Seen(shown[there], np.concatenate([scores, scores / 2], axis=1), np.full(there.sum(), number))


def all_looks(things: Sequence[Thing], *, whole: bool = False) -> Seen:
    """Tiles are of different opinions how sure they are."""
    looks = [
        seen_by(number, window, things, [0.5 + 0.03 * ((number + row) % 12) for row in range(len(things))])
        for number, window in enumerate(WINDOWS)
    ]
    if whole:
        looks.append(seen_by(WHOLE, (0, 0, *PHOTO), things, [0.4] * len(things)))
    return together(looks)


def boxes_of(seen: Seen) -> NDArray[np.float64]:
    return np.array(sorted(seen.corners.round(6).tolist())).reshape(-1, 4)


@st.composite
def things(draw: st.DrawFn, most: int) -> Thing:
    width, height = draw(st.integers(6, most)), draw(st.integers(6, most))
    left = draw(st.integers(0, PHOTO[0] - width))
    top = draw(st.integers(0, PHOTO[1] - height))
    return left, top, left + width, top + height


@given(things(TILING.shared))
def test_a_small_thing_is_told_once_and_whole_wherever_it_lies(thing: Thing) -> None:
    found = merged(all_looks([thing]), WINDOWS, TILING.shared)
    assert found.corners.tolist() == [list(thing)]


@given(things(500), st.booleans())
def test_a_thing_larger_than_tiles_is_told_once_and_whole(thing: Thing, whole: bool) -> None:
    found = merged(all_looks([thing], whole=whole), WINDOWS, TILING.shared)
    assert found.corners.tolist() == [list(thing)]


@given(st.lists(st.tuples(st.integers(0, 13), st.integers(0, 9)), min_size=1, max_size=40, unique=True))
def test_many_small_neighbours_stay_apart(cells: list[tuple[int, int]]) -> None:
    things = [(50 * x + 3, 52 * y + 3, 50 * x + 45, 52 * y + 47) for x, y in cells]
    found = merged(all_looks(things, whole=True), WINDOWS, TILING.shared)
    assert boxes_of(found).tolist() == sorted(map(list, things))


def test_the_surest_look_gives_the_scores_and_the_order() -> None:
    found = merged(all_looks([(10, 10, 40, 40), (400, 300, 430, 330)]), WINDOWS, TILING.shared)
    assert found.sure.tolist() == sorted(found.sure.tolist(), reverse=True)
    assert (found.scores[:, 1] == found.scores[:, 0] / 2).all()


def test_things_of_two_classes_in_one_place_are_both_told() -> None:
    one = all_looks([(190, 100, 220, 130)])
    other = Seen(one.corners, one.scores[:, ::-1].copy(), one.look)
    found = merged(together([one, other]), WINDOWS, TILING.shared)
    assert len(found) == 2
    assert set(found.kind.tolist()) == {0, 1}


def test_a_piece_that_only_one_tile_saw_is_kept_where_no_other_shows_it_all() -> None:
    piece = seen_by(0, WINDOWS[0], [(20, 20, 420, 120)], [0.9])
    found = merged(piece, WINDOWS, TILING.shared)
    assert found.corners.tolist() == [[20, 20, 200, 120]]


def test_a_piece_that_another_tile_shows_with_what_lies_beyond_is_dropped() -> None:
    piece = seen_by(0, WINDOWS[0], [(180, 20, 230, 60)], [0.9])
    assert len(merged(piece, WINDOWS, TILING.shared)) == 0


@pytest.mark.parametrize(("sure", "told"), [(0.4, 1), (0.1, 2)])
def test_a_piece_gives_way_to_the_whole_animal_unless_it_is_much_surer(sure: float, told: int) -> None:
    piece = seen_by(0, WINDOWS[0], [(20, 20, 420, 120)], [0.7])
    animal = seen_by(WHOLE, (0, 0, *PHOTO), [(20, 10, 640, 140)], [sure])
    found = merged(together([piece, animal]), WINDOWS, TILING.shared)
    assert len(found) == told
    assert [20, 10, 640, 140] in found.corners.tolist()


def test_the_look_at_the_whole_photo_does_not_tell_of_small_things() -> None:
    crowd = seen_by(WHOLE, (0, 0, *PHOTO), [(100, 100, 140, 140)], [0.9])
    assert len(merged(crowd, WINDOWS, TILING.shared)) == 0


def test_nothing_seen_is_nothing_told() -> None:
    assert len(merged(all_looks([]), WINDOWS, TILING.shared)) == 0
