"""What is gained against what it costs: a share of each thing against another figure of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from taxolens.report.chart import Chart, Plot
from taxolens.report.scale import decimals, fitted
from taxolens.report.table import Column, Table, text_rows
from taxolens.report.wording import Wording, shortened

_LABEL_LENGTH = 18
_LINE = 14.0  # height of a label, in pixels
_CHARACTER = 6.6
_STYLES = 6


@dataclass(frozen=True, slots=True)
class Spot:
    """One thing.

    Attributes:
        x: such as photos per second.
        y: a share, 0..1.
        low: lower end of y's interval.
        high: upper end of y's interval.
        best: none of the others beats it in one figure and equals it in the other.
    """

    name: str
    x: float
    y: float
    low: float
    high: float
    best: bool


def tradeoff_chart(
    spots: Sequence[Spot], wording: Wording, *, title: str, reading: str, x_title: str, y_title: str
) -> Chart:
    """A dot with its interval and its name for each thing; a line joins the best ones."""
    x = fitted(
        [0.0, *(spot.x for spot in spots)],
        lambda value, step: wording.decimal(value, decimals(step)),
        title=x_title,
        floor=0.0,
    )
    y = fitted(
        [value for spot in spots for value in (spot.y, spot.low, spot.high)],
        lambda value, step: wording.percent(value, decimals(step * 100)),
        title=y_title,
        floor=0.0,
        ceiling=1.0,
    )
    spoken = "; ".join(_words(spot, wording) for spot in spots)
    plot = Plot(x, y, title=title, description=spoken)
    front = sorted((spot for spot in spots if spot.best), key=lambda spot: spot.x)
    if len(front) > 1:
        plot.path([(spot.x, spot.y) for spot in front], kind="ideal")
    for number, spot in enumerate(spots):
        style = f"s{number % _STYLES}"
        plot.path([(spot.x, spot.low), (spot.x, spot.high)], kind=f"reach {style}")
        plot.dot(
            spot.x, spot.y, kind=f"dot {style}", radius=6.0 if spot.best else 4.0, text=_words(spot, wording)
        )
    _label(plot, spots)
    return Chart(title, reading, plot.markup(), _figures(spots, x_title, y_title, title, wording))


def _label(plot: Plot, spots: Sequence[Spot]) -> None:
    """Names beside the dots, moved up or down where they would lie on each other."""
    taken: list[tuple[float, float, float]] = []
    for spot in sorted(spots, key=lambda one: one.y, reverse=True):
        text = shortened(spot.name, _LABEL_LENGTH)
        width = _CHARACTER * len(text)
        x = plot.x(spot.x)
        left = x + 10 + width > plot.frame.right + 18
        begin = x - 10 - width if left else x + 10
        y = plot.y(spot.y) + 4
        step = _LINE
        if y > plot.frame.bottom - _LINE:
            y, step = plot.frame.bottom - 6, -_LINE
        while any(
            abs(y - other) < _LINE and begin < end and begin + width > start for start, end, other in taken
        ):
            y += step
        taken.append((begin, begin + width, y))
        label = plot.add(
            "text",
            text,
            kind="spot",
            x=x - 10 if left else x + 10,
            y=y,
            text_anchor="end" if left else "start",
        )
        if text != spot.name:
            plot.explain(label, spot.name)


def _words(spot: Spot, wording: Wording) -> str:
    return f"{spot.name}: {wording.percent(spot.y)}, {wording.decimal(spot.x, 1)}"


def _figures(spots: Sequence[Spot], x_title: str, y_title: str, title: str, wording: Wording) -> Table:
    columns = (
        Column(wording.say("Model")),
        Column(x_title, numeric=True),
        Column(y_title, numeric=True),
    )
    lines = [(spot.name, wording.decimal(spot.x, 1), wording.percent(spot.y)) for spot in spots]
    return Table(title, columns, text_rows(lines), hidden_caption=True)
