"""How often values fall into ranges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from taxolens.report.chart import Chart, Plot
from taxolens.report.scale import decimals, fitted
from taxolens.report.table import Column, Table, text_rows
from taxolens.report.wording import Wording


@dataclass(frozen=True, slots=True)
class Range:
    """How many values lie from `low` to below `high` (the last range holds its end too)."""

    low: float
    high: float
    count: int


def counted(values: Sequence[float], bins: int = 20) -> tuple[Range, ...]:
    """Ranges of equal width around all finite values."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return ()
    low, high = min(finite), max(finite)
    if high == low:
        return (Range(low - 0.5, high + 0.5, len(finite)),)
    width = (high - low) / bins
    counts = [0] * bins
    for value in finite:
        counts[min(int((value - low) / width), bins - 1)] += 1
    return tuple(Range(low + i * width, low + (i + 1) * width, count) for i, count in enumerate(counts))


def histogram(ranges: Sequence[Range], wording: Wording, *, title: str, reading: str, x_title: str) -> Chart:
    """A column for each range."""
    say = wording.say
    edges = [edge for each in ranges for edge in (each.low, each.high)]
    total = sum(each.count for each in ranges)
    x_scale = fitted(edges, lambda v, step: wording.decimal(v, decimals(step)), title=x_title)
    counts = [0.0, *(float(each.count) for each in ranges)]
    y_scale = fitted(
        counts, lambda v, step: wording.decimal(v, decimals(step)), title=say("Count"), floor=0.0
    )
    description = say("Values counted: {n}").format(n=wording.count(total))
    plot = Plot(x_scale, y_scale, title=title, description=description)
    for each in ranges:
        left, right = plot.x(each.low) + 0.6, plot.x(each.high) - 0.6
        top = plot.y(each.count)
        width, height = max(right - left, 1.0), plot.frame.bottom - top
        bar = plot.add("rect", kind="counts", x=left, y=top, width=width, height=height)
        plot.explain(bar, " · ".join(_words(each, wording)))
    columns = (Column(x_title), Column(say("Count"), numeric=True))
    rows = text_rows([_words(each, wording) for each in ranges])
    return Chart(title, reading, plot.markup(), Table(title, columns, rows, hidden_caption=True))


def _words(each: Range, wording: Wording) -> tuple[str, str]:
    width = each.high - each.low
    digits = max(0, min(6, 1 - math.floor(math.log10(width)))) if width > 0 else 3
    low, high = wording.decimal(each.low, digits), wording.decimal(each.high, digits)
    return wording.say("{low} to {high}").format(low=low, high=high), wording.count(each.count)
