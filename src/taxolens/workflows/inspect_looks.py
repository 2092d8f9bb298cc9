"""What a page says of what the photos are like: size, light, sharpness, day and night, dates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.data.looks import Looks
from taxolens.data.timeline import Bin, Span
from taxolens.report.bars import Bar, Bars
from taxolens.report.columns import columns_chart
from taxolens.report.histogram import Range
from taxolens.report.page import Block, Pair, Section
from taxolens.report.panels import Notice
from taxolens.report.small import Small, Smalls, small_histogram
from taxolens.report.table import Cell, Column, Row, Table
from taxolens.report.wording import Wording
from taxolens.workflows.inspect_findings import Findings

_BINS = 28
_MOST_SIZES = 8
_MOST_CLASSES = 80
_MOST_SITES = 200
_MONTH, _YEAR = 28, 365
_TRIMMED = (0.005, 0.995)


@dataclass(frozen=True, slots=True)
class _Measure:
    """One property of photos: its name, values, how a value is written, what it means."""

    title: str
    values: NDArray[np.floating]
    write: Callable[[float], str]
    reading: str


def looks_section(found: Findings, wording: Wording) -> Section:
    """Sizes and light, over all photos and class by class."""
    say = wording.say
    text = say(
        "Two humps in one of these often are two cameras, two sites, or day and night; "
        "look whether they go with your classes."
    )
    smalls = Smalls(
        say("What the photos are like"), tuple(_small(one, wording) for one in _measures(found, wording))
    )
    blocks: list[Block] = [smalls, Pair((_sizes(found, wording), _day(found, wording)))]
    if len(found.counts.labels) > 1:
        blocks.append(_by_class(found, wording))
    return Section("looks", say("What the photos are like"), text, tuple(blocks))


def _measures(found: Findings, wording: Wording) -> list[_Measure]:
    say, looks = wording.say, found.looks

    def share(value: float) -> str:
        return wording.percent(value, 0)

    return [
        _Measure(
            say("Pixels"),
            looks.widths.astype(float) * looks.heights / 1e6,
            lambda value: wording.decimal(value, 2) + " MP",
            say("Width times height, in millions."),
        ),
        _Measure(
            say("Aspect"),
            looks.widths.astype(float) / looks.heights,
            lambda value: wording.decimal(value, 2),
            say("Width by height: 1 is square, above 1 is lying."),
        ),
        _Measure(say("Brightness"), looks.brightness, share, say("0 % black, 100 % white.")),
        _Measure(say("Contrast"), looks.contrast, share, say("How far light and dark lie apart.")),
        _Measure(
            say("Sharpness"),
            np.log10(np.maximum(looks.sharpness.astype(float), 1e-6)),
            lambda value: wording.decimal(10**value, 4 if value < -2 else 2),
            say("Strength of fine edges at one common size; the scale grows tenfold at each step."),
        ),
        _Measure(say("Colour"), looks.saturation, share, say("0 % grey, as infrared photos are.")),
    ]


def _small(measure: _Measure, wording: Wording) -> Small:
    values = np.asarray(measure.values, dtype=float)
    values = values[np.isfinite(values)]
    if not len(values):
        return small_histogram(
            (), wording, title=measure.title, value="–", reading=measure.reading, ends=("", "")
        )
    low, high = np.quantile(values, _TRIMMED)
    if high <= low:
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(np.clip(values, low, high), bins=_BINS, range=(low, high))
    middle = float(np.median(values))
    return small_histogram(
        [Range(float(edges[i]), float(edges[i + 1]), int(count)) for i, count in enumerate(counts)],
        wording,
        title=measure.title,
        value=measure.write(middle),
        reading=measure.reading,
        ends=(measure.write(float(values.min())), measure.write(float(values.max()))),
        middle=middle,
    )


def _sizes(found: Findings, wording: Wording) -> Bars:
    """The most frequent sizes."""
    say, looks = wording.say, found.looks
    sizes, counts = np.unique(np.stack([looks.widths, looks.heights], axis=1), axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:_MOST_SIZES]
    most = int(counts.max(initial=1))
    bars = tuple(
        Bar(f"{sizes[i][0]} × {sizes[i][1]}", int(counts[i]) / most, wording.count(int(counts[i])))
        for i in order
    )
    reading = say("In pixels.")
    if len(counts) > _MOST_SIZES:
        reading = say("The most frequent of {n} sizes, in pixels.").format(n=wording.count(len(counts)))
    return Bars(say("Sizes"), reading, bars)


def _day(found: Findings, wording: Wording) -> Bars:
    """By day, by night, unknown, guessed from colour and light."""
    say, day = wording.say, np.asarray(found.looks.day)
    kinds = ((say("By day"), 1), (say("By night or infrared"), 0), (say("Not clear"), -1))
    total = max(len(day), 1)
    bars = tuple(
        Bar(name, int((day == kind).sum()) / total, wording.count(int((day == kind).sum())))
        for name, kind in kinds
    )
    return Bars(
        say("Day and night"),
        say("Guessed from light and colour: grey or very dark photos count as night."),
        bars,
    )


def _by_class(found: Findings, wording: Wording) -> Table:
    """Medians of each class; a class unlike the others may be told by its light alone."""
    say, looks = wording.say, found.looks
    columns = (
        Column(say("Class")),
        Column(say("Photos"), numeric=True),
        Column(say("Brightness"), numeric=True),
        Column(say("Contrast"), numeric=True),
        Column(say("Colour"), numeric=True),
        Column(say("By night"), numeric=True),
        Column(say("Median size"), numeric=True),
    )
    rows = []
    for k in np.argsort(-found.counts.totals, kind="stable")[:_MOST_CLASSES].tolist():
        own = found.truth == found.labels.index(found.counts.labels[k])
        if own.any():
            rows.append(_class_row(found.counts.labels[k], own, looks, wording))
    return Table(say("Class by class (medians)"), columns, tuple(rows), tall=14)


def _class_row(label: str, own: NDArray[np.bool_], looks: Looks, wording: Wording) -> Row:
    def median(name: str) -> float:
        return float(np.median(getattr(looks, name)[own]))

    night = float((looks.day[own] == 0).mean())
    width, height = round(median("widths")), round(median("heights"))
    shares = [median("brightness"), median("contrast"), median("saturation"), night]
    return Row(
        (
            Cell(label),
            Cell(wording.count(int(own.sum())), int(own.sum())),
            *(Cell(wording.percent(one, 0), one) for one in shares),
            Cell(f"{width} × {height}", width * height),
        )
    )


def timeline_section(found: Findings, wording: Wording) -> Section | None:
    """When the photos were taken, where they say so."""
    say, timeline = wording.say, found.timeline
    if timeline is None:
        return None
    text = say("When the photos were taken, as their files say. Gaps and lone dates often are a wrong clock.")
    days = columns_chart(
        [(_dates(one), one.photos) for one in timeline.bins()],
        wording,
        title=say("Photos over time"),
        reading="",
        x_title=say("Date"),
        unit=say("Photos"),
    )
    hours = columns_chart(
        [(str(hour), int(count)) for hour, count in enumerate(timeline.hours)],
        wording,
        title=say("Photos by hour of the day"),
        reading="",
        x_title=say("Hour"),
        unit=say("Photos"),
    )
    blocks: list[Block] = [Pair((days, hours))]
    if timeline.spans:
        blocks.append(_sites(timeline.spans, wording))
    if timeline.undated:
        told = say("Photos that say no date: {n}.").format(n=wording.count(timeline.undated))
        blocks.append(Notice(told))
    return Section("time", say("When and where"), text, tuple(blocks))


def _dates(one: Bin) -> str:
    """A day, the first day of a week, a month, or a year."""
    days = (one.last - one.first).days + 1
    if days >= _YEAR:
        return f"{one.first:%Y}"
    return f"{one.first:%Y-%m}" if days >= _MONTH else f"{one.first:%Y-%m-%d}"


def _sites(spans: Sequence[Span], wording: Wording) -> Table:
    say = wording.say
    columns = (
        Column(say("Site")),
        Column(say("Photos"), numeric=True),
        Column(say("Days with photos"), numeric=True),
        Column(say("First")),
        Column(say("Last")),
    )
    rows = tuple(
        Row(
            (
                Cell(one.site),
                Cell(wording.count(one.photos), one.photos),
                Cell(wording.count(one.days), one.days),
                Cell(f"{one.first:%Y-%m-%d %H:%M}"),
                Cell(f"{one.last:%Y-%m-%d %H:%M}"),
            )
        )
        for one in spans[:_MOST_SITES]
    )
    return Table(say("Sites over time"), columns, rows, tall=12)
