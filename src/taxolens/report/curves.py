"""Lines: how a figure moves with another."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from markupsafe import Markup

from taxolens.report.chart import Chart, Key, Plot
from taxolens.report.drawing import Drawing
from taxolens.report.scale import Scale, decimals, fitted
from taxolens.report.table import Column, Table, text_rows
from taxolens.report.wording import MISSING, Wording

_MOST_POINTS = 240
_MOST_ROWS = 12
_MOST_THRESHOLDS = 9
_STYLES = 6

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Series:
    """One line: points (x, y) in the order of x."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class AcceptPoint:
    """Accepting all answers with at least `threshold`: share accepted, share of these that is right."""

    threshold: float
    coverage: float
    accuracy: float


def line_chart(
    series: Sequence[Series],
    wording: Wording,
    *,
    title: str,
    reading: str,
    x_title: str,
    y_title: str,
    percent: bool = False,
    x_percent: bool = False,
    floor: float | None = None,
    ceiling: float | None = None,
) -> Chart:
    """A chart of one or several lines, such as loss and accuracy by epoch.

    Args:
        percent: y is a share (0..1), written in percent.
        x_percent: x is.
        floor: value that y never goes below; of a share 0.
        ceiling: value that y never goes beyond.
    """
    lines = [Series(line.name, _finite(line.points)) for line in series]
    write = wording.percent if percent else wording.decimal
    places = _all(lines, 0)
    whole = not x_percent and all(float(place).is_integer() for place in places)
    x_scale = fitted(places, _writer(wording, x_percent), title=x_title, least=1.0 if whole else 0.0)
    low = 0.0 if percent else floor
    y_scale = fitted(_all(lines, 1), _writer(wording, percent), title=y_title, floor=low, ceiling=ceiling)
    plot = Plot(x_scale, y_scale, title=title, description=_spoken_ends(lines, write))
    for number, line in enumerate(lines):
        points = _thinned(line.points, _MOST_POINTS)
        plot.path(points, kind=f"line s{number % _STYLES}")
        for x, y in points if len(points) <= 30 else points[-1:]:
            text = f"{line.name} · {x_scale.write(x)} · {write(y)}"
            plot.dot(x, y, kind=f"dot s{number % _STYLES}", radius=2.6, text=text)
    keys = tuple(Key(_line_swatch(n), line.name) for n, line in enumerate(lines)) if len(lines) > 1 else ()
    write_x = wording.percent if x_percent else None
    return Chart(
        title, reading, plot.markup(), _figures(lines, x_title, title, write, wording, write_x), keys
    )


def coverage_chart(
    points: Sequence[AcceptPoint],
    wording: Wording,
    *,
    title: str,
    reading: str,
    automatic: AcceptPoint | None = None,
    asked: float | None = None,
) -> Chart:
    """How right the accepted answers are, from accepting the surest alone to accepting all.

    Args:
        automatic: the point that is recommended; it is marked.
        asked: accuracy that automatic acceptance is to reach; drawn as a line.
    """
    say = wording.say
    sound = sorted((p for p in points if _is_finite(p.coverage, p.accuracy)), key=lambda p: p.coverage)
    accuracies = [p.accuracy for p in sound] + [1.0] + ([asked] if asked is not None else [])
    x_scale = Scale(
        0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0), lambda v: wording.percent(v, 0), say("Photos accepted")
    )
    y_scale = fitted(
        accuracies,
        _writer(wording, True),
        title=say("Accepted answers that are right"),
        floor=0.0,
        ceiling=1.0,
    )
    plot = Plot(x_scale, y_scale, title=title, description=_spoken_point(automatic, wording))
    if asked is not None:
        plot.path([(0.0, asked), (1.0, asked)], kind="asked")
    plot.path(_thinned([(p.coverage, p.accuracy) for p in sound], _MOST_POINTS), kind="line s0")
    if len(sound) == 1:
        plot.dot(sound[0].coverage, sound[0].accuracy, kind="dot s0")
    if automatic is not None and _is_finite(automatic.coverage, automatic.accuracy):
        _mark(plot, automatic, wording)
    return Chart(title, reading, plot.markup(), _accept_figures(sound, title, wording))


def _mark(plot: Plot, point: AcceptPoint, wording: Wording) -> None:
    x, y = plot.x(point.coverage), plot.y(point.accuracy)
    plot.add("line", kind="drop", x1=x, x2=x, y1=y, y2=plot.frame.bottom)
    plot.dot(point.coverage, point.accuracy, kind="marked", radius=6.0, text=_spoken_point(point, wording))
    left = point.coverage > 0.5
    anchor, beside = ("end", x - 8) if left else ("start", x + 8)
    text = wording.say("{share} accepted").format(share=wording.percent(point.coverage, 0))
    plot.add("text", text, kind="label", text_anchor=anchor, x=beside, y=plot.frame.bottom - 10)


def _spoken_point(point: AcceptPoint | None, wording: Wording) -> str:
    if point is None:
        return wording.say("No point of the curve reaches the accuracy that was asked for.")
    return wording.say(
        "Recommended: accept scores of at least {threshold}; that accepts {coverage} of the photos, "
        "of which {accuracy} are right."
    ).format(
        threshold=wording.decimal(point.threshold, 3),
        coverage=wording.percent(point.coverage),
        accuracy=wording.percent(point.accuracy),
    )


def _accept_figures(points: Sequence[AcceptPoint], title: str, wording: Wording) -> Table:
    say = wording.say
    columns = (
        Column(say("Lowest score accepted"), numeric=True),
        Column(say("Photos accepted"), numeric=True),
        Column(say("Right among these"), numeric=True),
    )
    chosen = _thinned(list(reversed(points)), _MOST_THRESHOLDS)
    rows = [
        (wording.decimal(p.threshold, 3), wording.percent(p.coverage), wording.percent(p.accuracy))
        for p in chosen
    ]
    return Table(title, columns, text_rows(rows), hidden_caption=True)


def _figures(
    lines: Sequence[Series],
    x_title: str,
    title: str,
    write: Callable[[float], str],
    wording: Wording,
    write_x: Callable[[float], str] | None = None,
) -> Table:
    known = [dict(line.points) for line in lines]
    places = _thinned(sorted({x for line in known for x in line}), _MOST_ROWS)
    digits = 0 if all(float(x).is_integer() for x in places) else 3
    rows = [
        (
            write_x(x) if write_x else wording.decimal(x, digits),
            *(write(line[x]) if x in line else MISSING for line in known),
        )
        for x in places
    ]
    columns = (Column(x_title, numeric=True), *(Column(line.name, numeric=True) for line in lines))
    return Table(title, columns, text_rows(rows), hidden_caption=True)


def _spoken_ends(lines: Sequence[Series], write: Callable[[float], str]) -> str:
    """The first and last value of each line."""
    ends = [
        f"{line.name}: {write(line.points[0][1])} → {write(line.points[-1][1])}"
        for line in lines
        if line.points
    ]
    return "; ".join(ends)


def _line_swatch(number: int) -> Markup:
    drawing = Drawing(26, 10, kind="swatch", fluid=False)
    drawing.add("polyline", kind=f"line s{number % _STYLES}", points="1,5 25,5")
    return drawing.markup()


def _writer(wording: Wording, percent: bool) -> Callable[[float, float], str]:
    """Writes a tick with as many decimals as the step between ticks needs."""
    if percent:
        return lambda value, step: wording.percent(value, decimals(step * 100))
    return lambda value, step: wording.decimal(value, decimals(step))


def _all(lines: Sequence[Series], place: int) -> list[float]:
    return [point[place] for line in lines for point in line.points]


def _finite(points: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    return tuple(point for point in points if _is_finite(*point))


def _is_finite(*values: float) -> bool:
    return all(math.isfinite(value) for value in values)


def _thinned(things: Sequence[Thing], most: int) -> list[Thing]:
    """At most `most` of them, evenly spread, the first and the last among them."""
    if len(things) <= most:
        return list(things)
    return [things[round(number * (len(things) - 1) / (most - 1))] for number in range(most)]
