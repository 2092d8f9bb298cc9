"""Shares of a whole as slices of a ring."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from taxolens.report.chart import Chart, Key
from taxolens.report.drawing import Drawing
from taxolens.report.hues import HUES, hue
from taxolens.report.table import Column, Table, text_rows
from taxolens.report.wording import Wording, shortened

_SIDE = 300.0
_OUTER, _INNER = 140.0, 78.0
_LEAST_WRITTEN = 0.045  # a slice below this share has no room for its percentage
_NAME = 40

Slice = tuple[str, int]


def pie_chart(
    counts: Sequence[Slice], wording: Wording, *, title: str, reading: str = "", hues: Sequence[int] = ()
) -> Chart:
    """A ring with a slice for each name, the largest first; the smallest are put together where many.

    Args:
        hues: number of the colour of each name, in the order of `counts`; empty: by size.
    """
    numbers = list(hues) or sorted(range(len(counts)), key=lambda row: -counts[row][1])
    numbered = {name: number for (name, _), number in zip(counts, numbers, strict=True)} if hues else {}
    slices = _gathered(sorted((one for one in counts if one[1] > 0), key=lambda one: -one[1]), wording)
    total = sum(count for _, count in slices)
    spoken = "; ".join(f"{name}: {wording.percent(count / total, 0)}" for name, count in slices)
    drawing = Drawing(_SIDE, _SIDE, title=title, description=spoken, kind="plot pie")
    kinds = [hue(numbered.get(name, place)) for place, (name, _) in enumerate(slices)]
    _draw(drawing, slices, kinds, total, wording)
    keys = tuple(
        Key(_swatch(kind), f"{shortened(name, _NAME)} · {wording.percent(count / total, 1)}")
        for (name, count), kind in zip(slices, kinds, strict=True)
    )
    columns = (
        Column(wording.say("Class")),
        Column(wording.say("Photos"), numeric=True),
        Column(wording.say("Share"), numeric=True),
    )
    rows = [(name, wording.count(count), wording.percent(count / max(total, 1))) for name, count in counts]
    return Chart(
        title, reading, drawing.markup(), Table(title, columns, text_rows(rows), hidden_caption=True), keys
    )


def _gathered(slices: list[Slice], wording: Wording) -> list[Slice]:
    """At most as many slices as there are hues; the last then stands for all that are left."""
    if len(slices) <= HUES:
        return slices
    rest = slices[HUES - 1 :]
    name = wording.say("{n} other classes").format(n=wording.count(len(rest)))
    return [*slices[: HUES - 1], (name, sum(count for _, count in rest))]


def _draw(drawing: Drawing, slices: list[Slice], kinds: list[str], total: int, wording: Wording) -> None:
    middle, turned = _SIDE / 2, 0.0
    for (name, count), kind in zip(slices, kinds, strict=True):
        share = count / total
        group = drawing.add("g", kind=f"slice {kind}")
        text = f"{name}: {wording.count(count)} ({wording.percent(share)})"
        drawing.explain(group, text)
        drawing.add("path", parent=group, d=_outline(middle, turned, turned + share))
        if share >= _LEAST_WRITTEN:
            x, y = _place(middle, (_OUTER + _INNER) / 2, turned + share / 2)
            label = wording.percent(share, 0)
            drawing.add("text", label, parent=group, x=x, y=y + 5, text_anchor="middle")
        turned += share
    drawing.add("text", wording.count(total), kind="whole", x=middle, y=middle + 4, text_anchor="middle")
    drawing.add("text", wording.say("photos"), kind="tick", x=middle, y=middle + 24, text_anchor="middle")


def _outline(middle: float, start: float, end: float) -> str:
    """A piece of the ring."""
    if end - start > 1 - 1e-9:
        return _circle(middle, _OUTER, 1) + _circle(middle, _INNER, 0)
    large = int(end - start > 0.5)
    (x1, y1), (x2, y2) = _place(middle, _OUTER, start), _place(middle, _OUTER, end)
    (x3, y3), (x4, y4) = _place(middle, _INNER, end), _place(middle, _INNER, start)
    return (
        f"M{x1:.2f} {y1:.2f}A{_OUTER:g} {_OUTER:g} 0 {large} 1 {x2:.2f} {y2:.2f}"
        f"L{x3:.2f} {y3:.2f}A{_INNER:g} {_INNER:g} 0 {large} 0 {x4:.2f} {y4:.2f}z"
    )


def _circle(middle: float, radius: float, sweep: int) -> str:
    """A whole turn in two halves, because an arc cannot end where it begins; no edge crosses the ring."""
    (x1, y1), (x2, y2) = _place(middle, radius, 0.0), _place(middle, radius, 0.5)
    arc = f"A{radius:g} {radius:g} 0 1 {sweep}"
    return f"M{x1:.2f} {y1:.2f}{arc} {x2:.2f} {y2:.2f}{arc} {x1:.2f} {y1:.2f}z"


def _place(middle: float, radius: float, turn: float) -> tuple[float, float]:
    angle = 2 * math.pi * turn
    return middle + radius * math.sin(angle), middle - radius * math.cos(angle)


def _swatch(kind: str) -> Markup:
    drawing = Drawing(12, 12, kind="swatch", fluid=False)
    drawing.add("rect", kind=kind, x=0, y=0, width=12, height=12, rx=2)
    return drawing.markup()
