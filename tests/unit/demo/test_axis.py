"""Body coordinates and photo coordinates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.demo.axis import Axis

_ANGLE = st.floats(-6.3, 6.3)


@given(
    _ANGLE,
    st.floats(-1.5, 1.5),
    st.sampled_from([1, -1]),
    st.floats(0, 1),
    st.floats(-0.4, 0.4),
)
def test_the_way_to_the_photo_and_back_ends_where_it_began(
    angle: float, bend: float, side: int, t: float, d: float
) -> None:
    axis = Axis(120.0, 80.0, 150.0, angle, bend, side)
    x, y = axis.to_pixels(np.float32([t]), np.float32([d]))
    back_t, back_d = axis.to_body(x, y)
    assert (float(back_t[0]), float(back_d[0])) == pytest.approx((t, d), abs=2e-3)


@given(_ANGLE, st.floats(-1.0, 1.0), st.sampled_from([1, -1]))
def test_the_head_lies_ahead_in_the_direction_of_the_axis(angle: float, bend: float, side: int) -> None:
    axis = Axis(0.0, 0.0, 100.0, angle, bend, side)
    head, tail = axis.to_pixels(0.0, 0.0), axis.to_pixels(1.0, 0.0)
    ahead = (head[0] - tail[0]) * np.cos(angle) + (head[1] - tail[1]) * np.sin(angle)
    assert float(ahead) > 85
