"""Horizontal bars beside names of any length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup

from taxolens.report.drawing import Drawing
from taxolens.report.table import draw_share
from taxolens.report.wording import Wording

_UNITS = 1000.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        share: length, 0..1 of the longest that is possible.
        text: its value.
        low: lower end of the interval, 0..1.
        high: upper end of the interval, 0..1.
        detail: smaller words after the value.
        weak: greyed, it rests on little.
    """

    name: str
    share: float
    text: str
    low: float | None = None
    high: float | None = None
    detail: str = ""
    weak: bool = False

    @property
    def svg(self) -> Markup:
        """The bar, stretched over its place; name and value stand beside it as text."""
        drawing = Drawing(_UNITS, 14, kind="widebar")
        drawing.root.set("preserveAspectRatio", "none")
        draw_share(drawing, self.share, self.low, self.high, width=_UNITS, height=14)
        return drawing.markup()


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars beneath each other: shares with intervals, or counts."""

    title: str
    reading: str
    bars: tuple[Bar, ...]

    template: ClassVar[str] = "bars"


def count_bars(counts: Sequence[tuple[str, int]], wording: Wording, *, title: str, reading: str = "") -> Bars:
    """Bars of counts, the longest filling the place."""
    most = max((count for _, count in counts), default=0) or 1
    bars = tuple(Bar(name, count / most, wording.count(count)) for name, count in counts)
    return Bars(title, reading, bars)
