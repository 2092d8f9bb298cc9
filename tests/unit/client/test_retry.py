from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.client.retry import Retry, seconds_asked


@given(st.integers(1, 12), st.floats(0, 1), st.none() | st.floats(0, 30))
def test_a_pause_is_never_longer_than_allowed_nor_shorter_than_asked(
    tried: int, chance: float, asked: float | None
) -> None:
    pause = Retry(times=12, draw=lambda: chance).pause(tried, asked)
    assert pause is not None
    assert (asked or 0) <= pause <= 30


def test_pauses_double_and_are_drawn_from_their_upper_half() -> None:
    least, most = Retry(draw=lambda: 0.0), Retry(draw=lambda: 1.0)
    assert [most.pause(tried) for tried in (1, 2, 3, 4)] == [0.25, 0.5, 1.0, 2.0]
    assert [least.pause(tried) for tried in (1, 2, 3, 4)] == [0.125, 0.25, 0.5, 1.0]


def test_there_is_an_end_to_patience() -> None:
    assert Retry(times=3).pause(4) is None
    assert Retry(times=0).pause(1) is None
    assert Retry().pause(1, asked=3600) is None


@pytest.mark.parametrize("header", [None, "", "soon", "-3", "Wed, 99 Foo"])
def test_a_header_that_says_nothing_sane_says_nothing(header: str | None) -> None:
    assert seconds_asked(header) is None


def test_a_server_asks_for_seconds_or_for_a_moment() -> None:
    assert seconds_asked("7") == 7
    moment = datetime.now(UTC) + timedelta(seconds=90)
    asked = seconds_asked(format_datetime(moment, usegmt=True))
    assert asked is not None
    assert 85 < asked <= 90
    assert seconds_asked("Wed, 21 Oct 2015 07:28:00 GMT") == 0
