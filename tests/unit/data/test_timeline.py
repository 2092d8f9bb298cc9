"""When and where photos were taken."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.records import Image
from taxolens.data.timeline import timeline_of

MOMENTS = st.lists(st.datetimes(datetime(1990, 1, 1), datetime(2040, 12, 31)), min_size=1, max_size=30)


def _image(taken: datetime | None, site: str | None = None) -> Image:
    return Image(Path("x"), "x", taken=taken, site=site)


def test_without_times_there_is_no_timeline() -> None:
    assert timeline_of([_image(None), _image(None)]) is None
    assert timeline_of([]) is None


def test_days_hours_and_sites_are_told() -> None:
    found = timeline_of(
        [
            _image(datetime(2024, 3, 2, 23, 10), "creek"),
            _image(datetime(2024, 3, 1, 4), "ridge"),
            _image(datetime(2024, 3, 1, 5), "creek"),
            _image(None, "creek"),
        ]
    )
    assert found is not None
    assert found.days == (date(2024, 3, 1), date(2024, 3, 2))
    assert found.counts.tolist() == [2, 1]
    assert [hour for hour in range(24) if found.hours[hour]] == [4, 5, 23]
    assert found.undated == 1
    assert (found.first, found.last) == (datetime(2024, 3, 1, 4), datetime(2024, 3, 2, 23, 10))
    assert [(span.site, span.photos, span.days) for span in found.spans] == [("ridge", 1, 1), ("creek", 2, 2)]


@given(MOMENTS, st.integers(10, 80))
def test_steps_hold_all_photos_follow_each_other_and_are_not_too_many(
    moments: list[datetime], most: int
) -> None:
    found = timeline_of([_image(moment) for moment in moments])
    assert found is not None
    bins = found.bins(most)
    assert sum(one.photos for one in bins) == len(moments)
    assert len(bins) <= most
    assert bins[0].first <= min(moments).date() <= bins[0].last
    assert bins[-1].first <= max(moments).date() <= bins[-1].last
    for before, after in pairwise(bins):
        assert after.first == before.last + timedelta(days=1)


def test_a_month_is_told_by_days_and_a_year_by_weeks() -> None:
    start = datetime(2023, 1, 4)
    month = timeline_of([_image(start), _image(start + timedelta(days=29))])
    year = timeline_of([_image(start), _image(start + timedelta(days=360))])
    assert month is not None
    assert year is not None
    assert len(month.bins()) == 30
    assert {(one.last - one.first).days for one in year.bins()} == {6}
    assert all(one.first.weekday() == 0 for one in year.bins())


def test_times_with_and_without_a_zone_can_stand_side_by_side() -> None:
    found = timeline_of([_image(datetime(2024, 1, 1, 8, tzinfo=UTC)), _image(datetime(2024, 1, 1, 9))])
    assert found is not None
    assert found.counts.tolist() == [2]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date.min, date(2024, 1, 1)),
        (date(2000, 1, 1), date.max),
        (date.max, date.max),
        (date.max - timedelta(days=9), date.max),
        (date.max - timedelta(days=3000), date.max),
        (date.min, date.max),
    ],
)
def test_clocks_set_to_the_ends_of_the_calendar_are_counted(first: date, last: date) -> None:
    found = timeline_of([_image(datetime.combine(day, datetime.min.time())) for day in (first, last)])
    assert found is not None
    bins = found.bins()
    assert len(bins) <= 60
    assert sum(one.photos for one in bins) == 2
    assert bins[0].first <= first and last <= bins[-1].last
