"""Ways that were tried: what was set to what, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from markupsafe import Markup

from taxolens.report.chart import Chart, Key, Plot
from taxolens.report.drawing import Drawing
from taxolens.report.scale import Scale, decimals, fitted, round_step
from taxolens.report.small import Small
from taxolens.report.table import Column, Table, text_rows
from taxolens.report.wording import MISSING, Wording

_BETWEEN, _SIDE, _RIGHT = 74.0, 60.0, 32.0
_TOP, _TALL, _BELOW = 46.0, 250.0, 22.0
_LEAST_WIDE = 300.0
_WIDTH, _HEIGHT = 240.0, 140.0
_EDGE = 8.0
_LEFT = 42.0  # for the figures of a slice
_FLOOR = 116.0
_MOST_FIGURES = 60


class Mark(StrEnum):
    """How a way is drawn."""

    BEST = "best"
    TOP = "top"
    DONE = "done"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Axis:
    """Something that was set.

    Attributes:
        ticks: places (0..1, upwards) and what stands there.
    """

    name: str
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Way:
    """One way.

    Attributes:
        name: such as "Trial 7".
        places: 0..1 on each axis.
        words: the value on each axis as it is read.
        figure: what came of it, 0..1.
    """

    name: str
    places: tuple[float, ...]
    words: tuple[str, ...]
    figure: float
    mark: Mark


def parallel_chart(
    axes: Sequence[Axis], ways: Sequence[Way], wording: Wording, *, title: str, reading: str, figure: str
) -> Chart:
    """A line for each way through what was set, to what came of it (Inselberg 1985).

    Args:
        figure: name of what came of it; its axis is the last.
    """
    scale = _figure_scale(ways, wording, figure)
    last = Axis(figure, tuple((scale.share(tick), scale.write(tick)) for tick in scale.ticks))
    all_axes = (*axes, last)
    width = max(_LEAST_WIDE, _SIDE + _RIGHT + _BETWEEN * (len(all_axes) - 1))
    best = max(ways, key=lambda way: way.figure, default=None)
    spoken = f"{best.name}: {_words(best, axes, wording)}" if best else ""
    drawing = Drawing(
        width, _TOP + _TALL + _BELOW, title=title, description=spoken, kind="plot map", fluid=False
    )
    for way in sorted(ways, key=lambda one: _ORDER.index(one.mark)):
        places = (*way.places, scale.share(way.figure))
        points = " ".join(f"{_x(number):.1f},{_y(place):.1f}" for number, place in enumerate(places))
        line = drawing.add("polyline", kind=f"way {way.mark.value}", points=points)
        drawing.explain(line, f"{way.name} · {_words(way, axes, wording)}")
    for number, axis in enumerate(all_axes):
        _draw_axis(drawing, axis, _x(number), number)
    figures = _figures(axes, ways, title, figure, wording)
    return Chart(title, reading, drawing.markup(), figures, _keys(ways, wording), wide=True)


def slice_of(
    axis: Axis, number: int, ways: Sequence[Way], wording: Wording, *, value: str, reading: str
) -> Small:
    """What came of the ways, against one thing that was set.

    Args:
        number: place of the axis in each way.
        value: what stands beneath the name.
    """
    scale = _figure_scale(ways, wording, "")
    ends = (scale.write(scale.low), scale.write(scale.high))
    spoken = f"{ends[0]} – {ends[1]}"
    drawing = Drawing(_WIDTH, _HEIGHT, title=axis.name, description=spoken, kind="plot small")
    for tick in scale.ticks:
        y = _FLOOR - (_FLOOR - _EDGE) * scale.share(tick)
        drawing.add("line", kind="grid", x1=_LEFT - _EDGE, x2=_WIDTH, y1=y, y2=y)
    drawing.add("line", kind="base", x1=_LEFT - _EDGE, x2=_WIDTH, y1=_FLOOR, y2=_FLOOR)
    for way in sorted(ways, key=lambda one: _ORDER.index(one.mark)):
        x = _LEFT + way.places[number] * (_WIDTH - _EDGE - _LEFT)
        y = _FLOOR - (_FLOOR - _EDGE) * scale.share(way.figure)
        dot = drawing.add("circle", kind=f"try {way.mark.value}", cx=x, cy=y, r=_RADIUS[way.mark])
        drawing.explain(dot, f"{way.name} · {way.words[number]} · {wording.percent(way.figure)}")
    drawing.add("text", ends[1], kind="tick", x=0, y=_EDGE + 5)
    drawing.add("text", ends[0], kind="tick", x=0, y=_FLOOR + 4)
    for place, text in (axis.ticks[0], axis.ticks[-1]):
        anchor = "start" if place < 0.5 else "end"
        x = _LEFT - _EDGE if place < 0.5 else _WIDTH
        drawing.add("text", text, kind="tick", x=x, y=_HEIGHT - 6, text_anchor=anchor)
    return Small(axis.name, value, reading, drawing.markup())


@dataclass(frozen=True, slots=True)
class Step:
    """A way in the order of trying: its number and what came of it."""

    number: int
    name: str
    figure: float
    mark: Mark


def history_chart(
    steps: Sequence[Step],
    wording: Wording,
    *,
    title: str,
    reading: str,
    x_title: str,
    y_title: str,
    begun: float | None = None,
) -> Chart:
    """A dot for each way in the order of trying, and a line for the best so far.

    Args:
        begun: what the first came to; drawn across, to be compared with.
    """
    x = _whole_scale([one.number for one in steps], wording, x_title)
    y = _figure_scale(steps, wording, y_title)
    plot = Plot(x, y, title=title, description="; ".join(_step_words(one, wording) for one in steps[-1:]))
    if begun is not None:
        plot.path([(x.low, begun), (x.high, begun)], kind="asked")
    best = -math.inf
    corners: list[tuple[float, float]] = []
    for one in steps:
        if one.mark is not Mark.STOPPED and one.figure > best:
            corners += [(float(one.number), best), (float(one.number), one.figure)] if corners else []
            corners = corners or [(float(one.number), one.figure)]
            best = one.figure
    if steps and corners:
        plot.path([*corners, (float(steps[-1].number), best)], kind="line s0")
    for one in steps:
        kind = f"try {one.mark.value}"
        plot.dot(one.number, one.figure, kind=kind, radius=_RADIUS[one.mark], text=_step_words(one, wording))
    rows = [(wording.count(one.number), wording.percent(one.figure)) for one in steps[-_MOST_FIGURES:]]
    columns = (Column(x_title, numeric=True), Column(y_title, numeric=True))
    figures = Table(title, columns, text_rows(rows), hidden_caption=True)
    return Chart(title, reading, plot.markup(), figures, _keys(steps, wording))


@dataclass(frozen=True, slots=True)
class Course:
    """How a way went: what it had come to by each epoch, from 1."""

    name: str
    figures: tuple[tuple[int, float], ...]
    mark: Mark


def course_chart(
    courses: Sequence[Course], wording: Wording, *, title: str, reading: str, x_title: str, y_title: str
) -> Chart:
    """A line for each way, epoch by epoch."""
    x = _whole_scale([epoch for one in courses for epoch, _ in one.figures], wording, x_title)
    y = fitted(
        [figure for one in courses for _, figure in one.figures],
        lambda value, step: wording.percent(value, decimals(step * 100)),
        title=y_title,
        wanted=4,
        floor=0.0,
        ceiling=1.0,
    )
    told = [f"{one.name}: {wording.percent(one.figures[-1][1])}" for one in courses if one.mark is Mark.BEST]
    plot = Plot(x, y, title=title, description="; ".join(told))
    for one in sorted(courses, key=lambda each: _ORDER.index(each.mark)):
        plot.path([(float(epoch), figure) for epoch, figure in one.figures], kind=f"way {one.mark.value}")
        epoch, figure = one.figures[-1]
        text = f"{one.name} · {epoch} · {wording.percent(figure)}"
        plot.dot(epoch, figure, kind=f"try {one.mark.value}", radius=_RADIUS[one.mark], text=text)
    rows = [
        (one.name, wording.count(one.figures[-1][0]), wording.percent(one.figures[-1][1]))
        for one in courses[-_MOST_FIGURES:]
    ]
    columns = (Column(wording.say("Trial")), Column(x_title, numeric=True), Column(y_title, numeric=True))
    return Chart(title, reading, plot.markup(), Table(title, columns, text_rows(rows), hidden_caption=True))


def _whole_scale(numbers: Sequence[int], wording: Wording, title: str) -> Scale:
    """Ticks at whole numbers alone."""
    low, high = min(numbers), max(max(numbers), min(numbers) + 1)
    step = max(1, math.ceil(round_step(high - low, 6)))
    ticks = tuple(float(one) for one in range(low, high + 1, step))
    return Scale(float(low), float(high), ticks, lambda value: wording.count(round(value)), title)


_ORDER = (Mark.STOPPED, Mark.DONE, Mark.TOP, Mark.BEST)
_RADIUS = {Mark.STOPPED: 3.0, Mark.DONE: 3.6, Mark.TOP: 4.2, Mark.BEST: 6.0}


def _step_words(step: Step, wording: Wording) -> str:
    return f"{step.name} · {wording.percent(step.figure)}"


def _figure_scale(things: Sequence[Way] | Sequence[Step], wording: Wording, title: str) -> Scale:
    write: Callable[[float, float], str] = lambda value, step: wording.percent(value, decimals(step * 100))  # noqa: E731
    return fitted([one.figure for one in things], write, title=title, wanted=4, floor=0.0, ceiling=1.0)


def _keys(things: Sequence[Way] | Sequence[Step], wording: Wording) -> tuple[Key, ...]:
    say = wording.say
    names = {
        Mark.BEST: say("the best"),
        Mark.TOP: say("among the best fifth"),
        Mark.DONE: say("complete"),
        Mark.STOPPED: say("stopped early"),
    }
    there = {one.mark for one in things}
    return tuple(Key(_swatch(mark), names[mark]) for mark in reversed(_ORDER) if mark in there)


def _swatch(mark: Mark) -> Markup:
    drawing = Drawing(26, 12, kind="swatch", fluid=False)
    drawing.add("polyline", kind=f"way {mark.value}", points="1,6 25,6")
    drawing.add("circle", kind=f"try {mark.value}", cx=13, cy=6, r=min(_RADIUS[mark], 4.5))
    return drawing.markup()


def _x(number: int) -> float:
    return _SIDE + number * _BETWEEN


def _y(place: float) -> float:
    return _TOP + (1 - place) * _TALL


def _draw_axis(drawing: Drawing, axis: Axis, x: float, number: int) -> None:
    """The name of every second axis stands higher, so that long ones do not run into each other."""
    drawing.add("line", kind="base", x1=x, x2=x, y1=_TOP, y2=_TOP + _TALL)
    y = 14.0 if number % 2 else 30.0
    drawing.add("text", axis.name, kind="label", x=x, y=y, text_anchor="middle")
    for place, text in axis.ticks:
        drawing.add("line", kind="base", x1=x - 4, x2=x, y1=_y(place), y2=_y(place))
        drawing.add("text", text, kind="tick spot", x=x - 7, y=_y(place) + 4, text_anchor="end")


def _words(way: Way, axes: Sequence[Axis], wording: Wording) -> str:
    told = [f"{axis.name} {word}" for axis, word in zip(axes, way.words, strict=True)]
    return " · ".join([wording.percent(way.figure), *told])


def _figures(axes: Sequence[Axis], ways: Sequence[Way], title: str, figure: str, wording: Wording) -> Table:
    columns = (
        Column(wording.say("Trial")),
        Column(figure, numeric=True),
        *(Column(axis.name, numeric=True) for axis in axes),
    )
    best = sorted(ways, key=lambda way: way.figure, reverse=True)[:_MOST_FIGURES]
    rows = [(way.name, wording.percent(way.figure), *(word or MISSING for word in way.words)) for way in best]
    return Table(title, columns, text_rows(rows), hidden_caption=True)
