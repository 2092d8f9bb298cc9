"""Many small distributions beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup

from taxolens.report.drawing import Drawing
from taxolens.report.histogram import Range
from taxolens.report.wording import Wording

_WIDTH, _HEIGHT = 240.0, 92.0
_FLOOR = 74.0


@dataclass(frozen=True, slots=True)
class Small:
    """One distribution: what is measured, its middle in words, a drawing."""

    title: str
    value: str
    reading: str
    svg: Markup


@dataclass(frozen=True, slots=True)
class Smalls:
    """Small distributions beside each other."""

    title: str
    smalls: tuple[Small, ...]

    template: ClassVar[str] = "smalls"


def small_histogram(
    ranges: Sequence[Range],
    wording: Wording,
    *,
    title: str,
    value: str,
    reading: str,
    ends: tuple[str, str],
    middle: float | None = None,
    spoken: str | None = None,
) -> Small:
    """A histogram without an axis of counts: its shape is what matters.

    Args:
        value: the median as it is read, with its unit.
        ends: the lowest and the highest value as they are read.
        middle: the median, which is marked.
        spoken: what a screen reader says in place of range and median.
    """
    most = max((each.count for each in ranges), default=0) or 1
    spoken = spoken or wording.say("from {low} to {high}, half of all below {median}").format(
        low=ends[0], high=ends[1], median=value
    )
    drawing = Drawing(_WIDTH, _HEIGHT, title=title, description=spoken, kind="plot small")
    width = _WIDTH / max(len(ranges), 1)
    for place, each in enumerate(ranges):
        height = (_FLOOR - 8) * each.count / most
        height = max(height, 1.5) if each.count else 0.0
        column = drawing.add(
            "rect", kind="counts", x=place * width + 0.5, y=_FLOOR - height, width=width - 1, height=height
        )
        drawing.explain(column, wording.count(each.count))
    drawing.add("line", kind="base", x1=0, x2=_WIDTH, y1=_FLOOR, y2=_FLOOR)
    _mark(drawing, ranges, middle)
    drawing.add("text", ends[0], kind="tick", x=0, y=_HEIGHT - 3)
    drawing.add("text", ends[1], kind="tick", x=_WIDTH, y=_HEIGHT - 3, text_anchor="end")
    return Small(title, value, reading, drawing.markup())


def _mark(drawing: Drawing, ranges: Sequence[Range], middle: float | None) -> None:
    """A line at the median."""
    if middle is None or not ranges or ranges[-1].high <= ranges[0].low:
        return
    share = (middle - ranges[0].low) / (ranges[-1].high - ranges[0].low)
    x = min(max(share, 0.0), 1.0) * _WIDTH
    drawing.add("line", kind="drop", x1=x, x2=x, y1=2, y2=_FLOOR)
