"""Times as sources write them."""

from __future__ import annotations

from datetime import datetime

import pytest

from taxolens.formats.moment import local_time


@pytest.mark.parametrize(
    "text",
    ["2026-05-31T14:05:00Z", "2026:05:31 14:05:00", "2026/05/31 14:05", "2026-05-31 14:05:00+02:00"],
)
def test_the_time_of_the_camera_is_kept_whatever_its_zone(text: str) -> None:
    assert local_time(text) == datetime(2026, 5, 31, 14, 5)


@pytest.mark.parametrize("text", ["", "yesterday", "0000:00:00 00:00:00", "2026-13-01", "9" * 5000])
def test_anything_else_is_no_time(text: str) -> None:
    assert local_time(text) is None
