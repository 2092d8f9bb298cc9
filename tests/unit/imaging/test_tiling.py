"""Photos cut into overlapping tiles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.imaging.tiling import Tiling

TILINGS = st.builds(Tiling, st.integers(8, 300), st.floats(0, 0.5))
LENGTHS = st.integers(1, 700)


@given(TILINGS, LENGTHS, LENGTHS)
def test_tiles_cover_every_pixel_and_never_leave_the_photo(tiling: Tiling, width: int, height: int) -> None:
    seen = np.zeros((height, width), np.bool_)
    windows = tiling.windows(width, height)
    for left, top, across, down in windows:
        assert 0 <= left <= left + across <= width
        assert 0 <= top <= top + down <= height
        assert (across, down) == (min(tiling.side, width), min(tiling.side, height))
        seen[top : top + down, left : left + across] = True
    assert seen.all()
    assert len(set(windows)) == len(windows)
    assert windows == tiling.windows(width, height)


@given(TILINGS, LENGTHS, st.data())
def test_what_is_no_larger_than_the_overlap_lies_whole_in_some_tile(
    tiling: Tiling, length: int, data: st.DataObject
) -> None:
    size = data.draw(st.integers(0, min(tiling.shared, length)))
    start = data.draw(st.integers(0, length - size))
    tiles = tiling.windows(length, 1)
    assert any(left <= start and start + size <= left + width for left, _, width, _ in tiles)


def test_no_more_tiles_than_are_needed() -> None:
    assert Tiling(100, 0.2).windows(180, 50) == ((0, 0, 100, 50), (80, 0, 100, 50))
    assert len(Tiling(100, 0.2).windows(181, 100)) == 3
    assert Tiling(100, 0.0).windows(200, 100) == ((0, 0, 100, 100), (100, 0, 100, 100))


def test_a_photo_no_larger_than_a_tile_is_one() -> None:
    assert Tiling(512).windows(512, 300) == ((0, 0, 512, 300),)


@pytest.mark.parametrize(("side", "overlap"), [(0, 0.2), (10, -0.1), (10, 0.6), (10, float("nan"))])
def test_a_tiling_that_cannot_be_meant_is_refused(side: int, overlap: float) -> None:
    with pytest.raises(ValueError, match="not a way"):
        Tiling(side, overlap)
