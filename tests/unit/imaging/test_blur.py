from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from taxolens.core.geometry import WHOLE_IMAGE, Box
from taxolens.imaging.blur import blurred

EDGES = st.floats(0, 1)


def noise(width: int = 160, height: int = 120) -> Image.Image:
    pixels = np.random.default_rng(5).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def test_a_region_loses_its_detail_and_the_rest_stays_bit_by_bit() -> None:
    photo = noise()
    hidden = np.asarray(blurred(photo, [Box(0.25, 0.25, 0.25, 0.5)])).astype(int)
    before = np.asarray(photo).astype(int)
    assert hidden[30:90, 40:80].std() < 0.3 * before[30:90, 40:80].std()
    assert np.array_equal(hidden[:, 100:], before[:, 100:])
    assert np.array_equal(np.asarray(photo), before)


def test_what_is_left_of_a_region_are_a_few_averages() -> None:
    pair = [noise(), noise().transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    # Two photos with the same averages cannot be told apart any more.
    mirrored = Image.fromarray(
        np.asarray(pair[0]).reshape(6, 20, 8, 20, 3)[:, ::-1, :, ::-1].reshape(120, 160, 3)
    )
    assert np.array_equal(
        np.asarray(blurred(pair[0], [WHOLE_IMAGE])), np.asarray(blurred(mirrored, [WHOLE_IMAGE]))
    )
    assert not np.array_equal(np.asarray(pair[0]), np.asarray(mirrored))


@settings(max_examples=40)
@given(EDGES, EDGES, EDGES, EDGES, st.integers(1, 50), st.integers(1, 50))
def test_any_box_on_any_photo_is_blurred(
    x: float, y: float, w: float, h: float, wide: int, high: int
) -> None:
    box = Box(x, y, w * (1 - x), h * (1 - y))
    assert blurred(noise(wide, high), [box, WHOLE_IMAGE]).size == (wide, high)


def test_hands_and_hair_beyond_the_box_are_blurred_too() -> None:
    hidden = np.asarray(blurred(noise(), [Box(0.5, 0.4, 0.1, 0.4)])).astype(int)
    before = np.asarray(noise()).astype(int)
    assert not np.array_equal(hidden[46:98, 78], before[46:98, 78])
