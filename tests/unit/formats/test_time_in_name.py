from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.formats.moment import time_in_name

NOON = datetime(2026, 5, 1, 12, 30, 15)


@pytest.mark.parametrize(
    "name",
    [
        "VID_20260501_123015.mp4",
        "site 4/2026-05-01 12.30.15.avi",
        "20260501123015.mov",
        "PIR_2026-05-01_12-30-15_0007.mp4",
        "cam1-20260501T123015.mkv",
    ],
)
def test_names_as_cameras_and_phones_write_them(name: str) -> None:
    assert time_in_name(name) == NOON


def test_seconds_may_be_missing() -> None:
    assert time_in_name("2026-05-01 12h30.mp4") == datetime(2026, 5, 1, 12, 30)


@pytest.mark.parametrize(
    "name", ["IMG_0001.mp4", "20260501_123015/DSC1.mp4", "20261301_123015.mp4", "1234567890123456.mp4"]
)
def test_other_numbers_are_no_times(name: str) -> None:
    assert time_in_name(name) is None


@given(st.text(max_size=40))
def test_no_name_breaks_it(name: str) -> None:
    found = time_in_name(name)
    assert found is None or 1900 <= found.year < 2100
