"""Which part of a photo goes where in the input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from taxolens.imaging.decode import prepare, prepare_fitted
from taxolens.imaging.fitting import fitting
from taxolens.imaging.preprocess import Fit, Preprocess

sides = st.integers(1, 3000)
fractions = st.floats(0.2, 1.0)


@given(
    width=sides, height=sides, fraction=fractions, target=st.tuples(st.integers(1, 400), st.integers(1, 400))
)
@pytest.mark.parametrize("fit", Fit)
def test_every_photo_fills_every_input(
    fit: Fit, width: int, height: int, fraction: float, target: tuple[int, int]
) -> None:
    found = fitting((width, height), Preprocess(*target, fit, crop_fraction=fraction))
    left, top, right, bottom = found.box
    assert 0 <= left < right <= width and 0 <= top < bottom <= height
    for filled, offset, side in zip(found.filled, found.offset, target, strict=True):
        assert filled >= 1 and offset >= 0 and filled + offset <= side
    if fit in (Fit.SQUASH, Fit.CROP):
        assert found.filled == target
    else:
        assert any(filled == side for filled, side in zip(found.filled, target, strict=True))


@given(width=st.integers(20, 400), height=st.integers(20, 400), fraction=st.sampled_from([0.875, 0.95, 1.0]))
def test_a_crop_is_what_resizing_the_short_side_and_cutting_the_middle_gives(
    width: int, height: int, fraction: float
) -> None:
    rng = np.random.default_rng(width * 401 + height)
    photo = Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
    side = 32
    short = int(side / fraction)
    resized = (
        (short, int(short * height / width)) if width <= height else (int(short * width / height), short)
    )
    left, top = (round((length - side) / 2) for length in resized)
    whole = photo.resize(resized, Image.Resampling.BILINEAR)
    cut = np.asarray(whole.crop((left, top, left + side, top + side))).astype(int)
    found = prepare(np.asarray(photo), Preprocess(side, side, Fit.CROP, crop_fraction=fraction))
    # Pillow rounds after each of its two passes, and a box shifts where it rounds
    assert np.abs(found - cut).max() <= 2


def test_padding_is_grey_and_around_the_middle() -> None:
    white = np.full((50, 100, 3), 255, np.uint8)
    found = prepare(white, Preprocess(40, 40, Fit.LETTERBOX))
    assert (found[:10] == 114).all() and (found[30:] == 114).all() and (found[10:30] == 255).all()


@pytest.mark.parametrize(
    "fields",
    [
        {"width": 0},
        {"height": -1},
        {"scaled_decode": -1},
        {"crop_fraction": 0.0},
        {"crop_fraction": 1.5},
        {"order": "grb"},
    ],
)
def test_a_rule_that_no_photo_can_follow_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a"):
        Preprocess(**{"width": 8, "height": 8, **fields})  # type: ignore[arg-type]


def test_padding_in_the_corner_fit_is_right_and_below() -> None:
    white = np.full((50, 100, 3), 255, np.uint8)
    found = prepare(white, Preprocess(40, 40, Fit.CORNER))
    assert (found[:20] == 255).all() and (found[20:] == 114).all()


@given(
    width=sides,
    height=sides,
    target=st.tuples(st.integers(1, 400), st.integers(1, 400)),
    multiple=st.none() | st.integers(1, 64),
    points=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=8),
)
@pytest.mark.parametrize("fit", Fit)
def test_every_point_of_a_photo_finds_its_way_back_from_the_input(
    fit: Fit,
    width: int,
    height: int,
    target: tuple[int, int],
    multiple: int | None,
    points: list[tuple[float, float]],
) -> None:
    size = (width, height)
    found = fitting(size, Preprocess(*target, fit, multiple=multiple))
    there = found.on_input(np.array(points), size)
    np.testing.assert_allclose(found.on_photo(there, size), points, atol=1e-9)
    if fit is not Fit.CROP:
        assert (there >= -1e-9).all() and (there <= 1 + 1e-9).all()
        corner = np.array(found.offset) / found.canvas
        np.testing.assert_allclose(found.on_photo(corner, size), (0, 0), atol=1e-9)


@given(width=sides, height=sides, side=st.sampled_from([320, 416, 640]), step=st.sampled_from([32, 64]))
@pytest.mark.parametrize("fit", [Fit.LETTERBOX, Fit.CORNER])
def test_open_sides_leave_less_padding_than_one_step(
    fit: Fit, width: int, height: int, side: int, step: int
) -> None:
    found = fitting((width, height), Preprocess(side, side, fit, multiple=step))
    for canvas, filled in zip(found.canvas, found.filled, strict=True):
        assert canvas - filled < step and (canvas % step == 0 or canvas == side) and canvas <= side


def test_a_mark_on_a_photo_is_found_where_the_geometry_says() -> None:
    photo = np.zeros((300, 500, 3), np.uint8)
    photo[120:180, 300:400] = 255
    for fit in Fit:
        found = prepare_fitted(photo, Preprocess(200, 160, fit))
        rows, columns = np.nonzero(found.pixels.min(axis=2) > 200)
        seen = np.array([[columns.min(), rows.min()], [columns.max() + 1, rows.max() + 1]])
        back = found.fitting.on_photo(seen / found.fitting.canvas, found.size)
        np.testing.assert_allclose(back, [[0.6, 0.4], [0.8, 0.6]], atol=0.01)
