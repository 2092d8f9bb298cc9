"""When and where photos were taken."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from taxolens.core.records import Image

_WEEK = 7


@dataclass(frozen=True, slots=True)
class Span:
    """Photos of one site.

    Attributes:
        site: its name.
        first: the first photo that has a time.
        last: the last one.
        photos: with a time.
        days: on which there is at least one.
    """

    site: str
    first: datetime
    last: datetime
    photos: int
    days: int


@dataclass(frozen=True, slots=True)
class Bin:
    """Photos of some days on end.

    Attributes:
        first: day.
        last: day, included.
        photos: taken on these days; may be none.
    """

    first: date
    last: date
    photos: int


@dataclass(frozen=True, slots=True)
class _Step:
    """A length of time: days, or calendar months where these are not 0."""

    days: int = 0
    months: int = 0

    def count(self, first: date, last: date) -> int:
        """How many steps hold all days from the first to the last."""
        if self.days:
            return (last - self.start(first)).days // self.days + 1
        return (_month(last) - _month(self.start(first))) // self.months + 1

    def start(self, day: date) -> date:
        """The first day of the step that a day belongs to; weeks begin on Monday."""
        if self.days:
            return day - timedelta(days=day.weekday() if self.days == _WEEK else 0)
        return _of_month(max(_month(day) // self.months * self.months, _month(date.min)))

    def edges(self, first: date, last: date) -> list[int]:
        """First days of all steps, and of the one behind the last, as ordinals: the calendar ends in 9999."""
        start, count = self.start(first), self.count(first, last)
        if self.days:
            days = [start.toordinal() + self.days * i for i in range(count + 1)]
        else:
            months = [_month(start) + self.months * i for i in range(count + 1)]
            days = [_of_month(month).toordinal() if month <= _LAST_MONTH else _END for month in months]
        return [min(day, _END) for day in days]


_STEPS = (
    _Step(days=1),
    _Step(days=_WEEK),
    _Step(months=1),
    _Step(months=3),
    _Step(months=12),
    _Step(months=120),
    _Step(months=1200),
    _Step(months=12000),
)


@dataclass(frozen=True, slots=True)
class Timeline:
    """When photos were taken, in the cameras' own time.

    Attributes:
        days: those with photos, ascending.
        counts: int64 [days], photos of each.
        hours: int64 [24], photos by hour of the day.
        first: the first photo.
        last: the last one.
        spans: sites, by their first photo; empty where no site is known.
        undated: photos that say no time.
    """

    days: tuple[date, ...]
    counts: NDArray[np.int64]
    hours: NDArray[np.int64]
    first: datetime
    last: datetime
    spans: tuple[Span, ...]
    undated: int

    def bins(self, most: int = 60) -> tuple[Bin, ...]:
        """Equal steps from the first day to the last, at most `most` of them, also those without photos.

        Steps are days; weeks from Monday; calendar months, quarters, or 1, 10, 100 or 1000 years: the
        shortest that do.
        """
        first, last = self.days[0], self.days[-1]
        for step in _STEPS:
            if step.count(first, last) <= most:
                break
        edges = step.edges(first, last)
        places = np.searchsorted(edges, [day.toordinal() for day in self.days], side="right") - 1
        photos = np.bincount(places, weights=self.counts, minlength=len(edges) - 1).astype(np.int64)
        return tuple(
            Bin(date.fromordinal(start), date.fromordinal(end - 1), int(n))
            for start, end, n in zip(edges[:-1], edges[1:], photos, strict=True)
        )


def timeline_of(images: Sequence[Image]) -> Timeline | None:
    """When the photos were taken; None where not one of them says so."""
    dated = [image for image in images if image.taken is not None]
    if not dated:
        return None
    times = [_clock(image) for image in dated]
    per_day = Counter(time.date() for time in times)
    days = tuple(sorted(per_day))
    hours = np.bincount([time.hour for time in times], minlength=24).astype(np.int64)
    counts = np.array([per_day[day] for day in days], dtype=np.int64)
    return Timeline(days, counts, hours, min(times), max(times), _spans(dated), len(images) - len(dated))


def _spans(dated: Sequence[Image]) -> tuple[Span, ...]:
    by_site: dict[str, list[datetime]] = defaultdict(list)
    for image in dated:
        if image.site is not None:
            by_site[image.site].append(_clock(image))
    spans = [
        Span(site, min(times), max(times), len(times), len({time.date() for time in times}))
        for site, times in by_site.items()
    ]
    return tuple(sorted(spans, key=lambda span: (span.first, span.site)))


def _clock(image: Image) -> datetime:
    """What the camera's clock showed; times with and without a zone cannot be compared otherwise."""
    return (image.taken or datetime.min).replace(tzinfo=None)


def _month(day: date) -> int:
    """Months since the year 0."""
    return day.year * 12 + day.month - 1


def _of_month(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


_LAST_MONTH = _month(date.max)
_END = date.max.toordinal() + 1
