"""Tables that can be sorted, scrolled on a phone and read aloud."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup

from taxolens.report.drawing import Drawing

_BAR_WIDTH = 84
_BAR_HEIGHT = 14


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `explanation` is shown to a pointer resting on its title, and beneath the table to all others."""

    title: str
    numeric: bool = False
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class ShareBar:
    """A share (0..1) as a little bar, with its interval where there is one."""

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def svg(self) -> Markup:
        """The bar; its figures stand beside it as text, so it is no more than ornament to a screen reader."""
        drawing = Drawing(_BAR_WIDTH, _BAR_HEIGHT, kind="sharebar", fluid=False)
        drawing.root.set("preserveAspectRatio", "none")
        draw_share(drawing, self.value, self.low, self.high, width=_BAR_WIDTH, height=_BAR_HEIGHT)
        return drawing.markup()


def draw_share(
    drawing: Drawing, value: float, low: float | None, high: float | None, *, width: float, height: float
) -> None:
    """Draws a track, a bar of `value` (0..1) in it, and a whisker from `low` to `high`."""
    middle = height / 2
    drawing.add("rect", kind="track", x=0, y=middle - 3.5, width=width, height=7, rx=2)
    if math.isfinite(value) and value > 0:
        drawing.add("rect", kind="bar", x=0, y=middle - 3.5, width=min(value, 1.0) * width, height=7, rx=2)
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return
    left, right = max(low, 0.0) * (width - 2) + 1, min(high, 1.0) * (width - 2) + 1
    drawing.add("path", kind="whisker", d=f"M{left:.1f} {middle - 4:.1f}v8m0-4H{right:.1f}m0-4v8")


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place of a table.

    Attributes:
        text: what is read.
        sort: number to sort by, where the text is none; NaN sorts last.
        detail: smaller words beneath.
        bar: a bar beside the text.
        mono: a file name, a hash, a command.
    """

    text: str
    sort: float | None = None
    detail: str = ""
    bar: ShareBar | None = None
    mono: bool = False

    @property
    def sort_key(self) -> str | None:
        """What the page's script sorts by; None: the text."""
        if self.sort is None:
            return None
        return repr(float(self.sort)) if math.isfinite(self.sort) else ""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table, the first cell its name; a weak one is greyed, its figures rest on little."""

    cells: tuple[Cell, ...]
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns.

    Attributes:
        caption: what the table holds.
        hidden_caption: the caption is for screen readers only.
        tall: how many rows may be shown before the table scrolls within itself.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    hidden_caption: bool = False
    tall: int = 24

    template: ClassVar[str] = "table"

    @property
    def scrolls(self) -> bool:
        """Whether the table has more rows than it shows at once."""
        return len(self.rows) > self.tall

    @property
    def explained(self) -> tuple[Column, ...]:
        """The columns whose titles do not say all."""
        return tuple(column for column in self.columns if column.explanation)


def text_rows(lines: Sequence[tuple[str, ...]]) -> tuple[Row, ...]:
    """Rows of nothing but text."""
    return tuple(Row(tuple(Cell(text) for text in line)) for line in lines)
