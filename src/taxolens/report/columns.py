"""Counts along a row of names that have an order: days, months, hours."""

from __future__ import annotations

import math
from collections.abc import Sequence

from taxolens.report.chart import WIDTH, Chart, Frame
from taxolens.report.drawing import Drawing
from taxolens.report.scale import Scale, decimals, fitted
from taxolens.report.table import Column, Table, text_rows
from taxolens.report.wording import Wording

_HEIGHT = 220.0
_LEAST_HIGH = 4  # so that no line stands for half a photo
_GAP = 14.0  # pixels between names
_MOST_ROWS = 60
_CHARACTER = 7.4


def columns_chart(
    counts: Sequence[tuple[str, int]],
    wording: Wording,
    *,
    title: str,
    reading: str,
    x_title: str,
    unit: str,
) -> Chart:
    """A column for each name, in the order given; some of the names are written beneath.

    Args:
        unit: what is counted ("Photos").
    """
    y = fitted(
        [0.0, float(_LEAST_HIGH), *(float(count) for _, count in counts)],
        lambda value, step: wording.decimal(value, decimals(step)),
        wanted=4,
        floor=0.0,
    )
    most = max(counts, key=lambda one: one[1], default=("", 0))
    spoken = wording.say("Most: {name}, {count}").format(name=most[0], count=wording.count(most[1]))
    drawing = Drawing(WIDTH, _HEIGHT, title=title, description=spoken)
    widest = max((len(y.write(tick)) for tick in y.ticks), default=0)
    frame = Frame(left=14 + _CHARACTER * widest, top=8, bottom=_HEIGHT - 44)
    _draw_lines(drawing, frame, y)
    _draw_columns(drawing, frame, y, counts, wording)
    middle = (frame.left + frame.right) / 2
    drawing.add("text", x_title, kind="axis", x=middle, y=frame.bottom + 38, text_anchor="middle")
    columns = (Column(x_title), Column(unit, numeric=True))
    rows = [(name, wording.count(count)) for name, count in counts if count]
    figures = Table(title, columns, text_rows(rows[:_MOST_ROWS]), hidden_caption=True)
    return Chart(title, reading, drawing.markup(), figures)


def _height(frame: Frame, y: Scale, value: float) -> float:
    return frame.bottom - y.share(value) * (frame.bottom - frame.top)


def _draw_lines(drawing: Drawing, frame: Frame, y: Scale) -> None:
    for tick in y.ticks:
        height = _height(frame, y, tick)
        drawing.add("line", kind="grid", x1=frame.left, x2=frame.right, y1=height, y2=height)
        drawing.add("text", y.write(tick), kind="tick", x=frame.left - 8, y=height + 4, text_anchor="end")


def _draw_columns(
    drawing: Drawing, frame: Frame, y: Scale, counts: Sequence[tuple[str, int]], wording: Wording
) -> None:
    width = (frame.right - frame.left) / max(len(counts), 1)
    gap = min(2.0, width * 0.2)
    widest = max((len(name) for name, _ in counts), default=0) * _CHARACTER + _GAP
    every = math.ceil(widest / width)
    for place, (name, count) in enumerate(counts):
        left = frame.left + place * width
        if count:
            top = _height(frame, y, float(count))
            column = drawing.add(
                "rect", kind="counts", x=left + gap / 2, y=top, width=width - gap, height=frame.bottom - top
            )
            drawing.explain(column, f"{name}: {wording.count(count)}")
        last = len(counts) - 1 - place
        if last == 0 or (place % max(every, 1) == 0 and last >= every):
            drawing.add(
                "text", name, kind="tick", x=left + width / 2, y=frame.bottom + 17, text_anchor="middle"
            )
    drawing.add("line", kind="base", x1=frame.left, x2=frame.right, y1=frame.bottom, y2=frame.bottom)
