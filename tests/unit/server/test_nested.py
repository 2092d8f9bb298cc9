"""Photos as nested lists, by the numbered rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from taxolens.problems import Refused
from taxolens.server.nested import photos_of

pictures = arrays.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(3)))


@given(pictures)
def test_bytes_come_back_as_they_were(pixels: np.ndarray[Any, Any]) -> None:
    (photo,) = photos_of(pixels.tolist(), 255)
    assert photo.dtype == np.uint8
    assert np.array_equal(photo, pixels)


@given(pictures)
def test_shares_come_back_as_the_bytes_they_were(pixels: np.ndarray[Any, Any]) -> None:
    (photo,) = photos_of((pixels / 255).tolist(), 1)
    assert np.array_equal(photo, pixels)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([[[0.0, 0.5, 1.0]]], [0, 128, 255]),  # rule 3
        ([[[0, 1, 1]]], [0, 1, 1]),  # rule 4: nothing has a fraction
        ([[[0.0, 1.0, 0.0]]], [0, 1, 0]),  # rule 4: likewise
        ([[[0.4, 254.6, 3]]], [0, 255, 3]),  # rule 4: above 1
    ],
)
def test_the_range_is_told_by_the_numbers(values: Any, said: list[int]) -> None:
    (photo,) = photos_of(values)
    assert photo[0, 0].tolist() == said


@pytest.mark.parametrize(
    ("shape", "count"), [((4, 5), 1), ((4, 5, 1), 1), ((4, 5, 3), 1), ((2, 4, 5, 3), 2), ((2, 4, 5, 1), 2)]
)
def test_the_shapes_that_are_photos(shape: tuple[int, ...], count: int) -> None:
    photos = photos_of(np.zeros(shape).tolist())
    assert [photo.shape for photo in photos] == [(4, 5, 3)] * count


@pytest.mark.parametrize(
    "values",
    [
        [],
        [1, 2, 3],
        [[]],
        [[[1, 2]]],
        [[[1, 2, 3, 4]]],
        [[[1, 2, 3]], [[1, 2]]],
        [["a"]],
        [["a" * 100_000], *([""] for _ in range(100_000))],  # as an array of texts: 40 GB
        ["a" * 100_000, *([""] for _ in range(100_000))],
        [[None]],
        [[True]],
        [[{}]],
        [[[-1, 0, 0]]],
        [[[0, 0, 256]]],
        [[[float("nan"), 0, 0]]],
        [[[[[1, 2, 3]]]]],
        [[10**30]],
    ],
)
def test_what_is_no_photo_is_refused(values: Any) -> None:
    with pytest.raises(Refused) as refused:
        photos_of(values)
    assert refused.value.status == 422


def test_a_colour_beyond_the_range_that_was_said_is_refused() -> None:
    with pytest.raises(Refused, match="range"):
        photos_of([[[0, 0, 2]]], 1)
