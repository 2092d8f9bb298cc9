"""Figures with their intervals, one beneath the other, on a scale that shows their differences."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from taxolens.report.chart import Chart, Frame, Plot
from taxolens.report.scale import Scale, decimals, fitted
from taxolens.report.table import Column, Table, text_rows
from taxolens.report.wording import Wording, shortened

_ROW = 34.0
_BOTTOM = 46.0
_LABEL_LENGTH = 20
_STYLES = 6


@dataclass(frozen=True, slots=True)
class Dot:
    """A figure of something, with its 95 % interval; `number` decides its colour."""

    name: str
    value: float
    low: float
    high: float
    number: int


def dot_chart(
    dots: Sequence[Dot],
    wording: Wording,
    *,
    title: str,
    reading: str,
    x_title: str,
    write: Callable[[float, int], str],
    floor: float | None = None,
    ceiling: float | None = None,
    zero: bool = False,
) -> Chart:
    """A dot and a line for each figure.

    Args:
        write: writes a value with a number of decimals, counted after two more digits where it is a share.
        floor: value that the scale never goes below.
        ceiling: value that the scale never goes beyond.
        zero: show where zero is, for differences.
    """
    known = [dot for dot in dots if math.isfinite(dot.value)]
    values = [value for dot in known for value in (dot.value, dot.low, dot.high)] + [0.0] * zero
    x = fitted(
        values,
        lambda value, step: write(value, decimals(step * 100)),
        title=x_title,
        floor=floor,
        ceiling=ceiling,
    )
    names = [shortened(dot.name, _LABEL_LENGTH) for dot in known]
    rows = tuple(range(len(known)))
    y = Scale(len(known) - 0.5, -0.5, tuple(map(float, rows)), lambda row: names[round(row)])
    bottom = 12.0 + _ROW * max(len(known), 1)
    spoken = "; ".join(f"{dot.name}: {write(dot.value, 1)}" for dot in known)
    frame = Frame(bottom=bottom)
    plot = Plot(x, _upwards(y), title=title, description=spoken, frame=frame, height=bottom + _BOTTOM)
    if zero and x.low < 0 < x.high:
        plot.path([(0.0, plot.y_scale.low), (0.0, plot.y_scale.high)], kind="ideal")
    for row, dot in zip(rows, known, strict=True):
        _draw(plot, dot, row, _words(dot, wording, write))
    return Chart(title, reading, plot.markup(), _figures(known, x_title, title, wording, write))


def _upwards(scale: Scale) -> Scale:
    """The same rows for a plot whose values grow upwards: row 0 is the topmost."""
    last = len(scale.ticks) - 1
    return Scale(-0.5, last + 0.5, scale.ticks, lambda place: scale.write(last - place))


def _draw(plot: Plot, dot: Dot, row: int, words: str) -> None:
    place = plot.y_scale.high - 0.5 - row
    style = f"s{dot.number % _STYLES}"
    plot.path([(dot.low, place), (dot.high, place)], kind=f"reach {style}")
    for end in (dot.low, dot.high):
        x, y = plot.x(end), plot.y(place)
        plot.add("line", kind=f"reach {style}", x1=x, x2=x, y1=y - 4, y2=y + 4)
    plot.dot(dot.value, place, kind=f"dot {style}", radius=5.0, text=words)


def _words(dot: Dot, wording: Wording, write: Callable[[float, int], str]) -> str:
    reach = wording.say("{low} to {high}").format(low=write(dot.low, 1), high=write(dot.high, 1))
    return f"{dot.name} · {write(dot.value, 1)} · {reach}"


def _figures(
    dots: Sequence[Dot], x_title: str, title: str, wording: Wording, write: Callable[[float, int], str]
) -> Table:
    say = wording.say
    columns = (
        Column(say("Model")),
        Column(x_title, numeric=True),
        Column(say("From"), numeric=True),
        Column(say("To"), numeric=True),
    )
    lines = [(dot.name, write(dot.value, 1), write(dot.low, 1), write(dot.high, 1)) for dot in dots]
    return Table(title, columns, text_rows(lines), hidden_caption=True)
