"""A chart with axes, its words and its figures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from markupsafe import Markup

from taxolens.report.drawing import Drawing
from taxolens.report.scale import Scale
from taxolens.report.table import Table

WIDTH = 440.0
HEIGHT = 300.0

_TITLE_ROOM = 32.0  # for the title of the vertical axis, in pixels
_CHARACTER = 7.4  # width of a character of its figures


@dataclass(frozen=True, slots=True)
class Key:
    """What a colour or a kind of line stands for: a small drawing and its words."""

    swatch: Markup
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with its words.

    Attributes:
        title: what it shows.
        reading: one sentence: how to read it.
        figures: the same as a table, for those who do not see the drawing.
        wide: may be as wide as the page and is scrolled on a phone rather than shrunk.
    """

    title: str
    reading: str
    svg: Markup
    figures: Table | None = None
    keys: tuple[Key, ...] = ()
    wide: bool = False

    template: ClassVar[str] = "chart"


@dataclass(frozen=True, slots=True)
class Frame:
    """The rectangle between the axes, in pixels."""

    left: float = 56.0
    top: float = 12.0
    right: float = WIDTH - 22.0
    bottom: float = HEIGHT - 46.0


class Plot(Drawing):
    """A drawing with a horizontal and a vertical axis."""

    def __init__(
        self,
        x: Scale,
        y: Scale,
        *,
        title: str,
        description: str,
        frame: Frame | None = None,
        height: float = HEIGHT,
    ) -> None:
        super().__init__(WIDTH, height, title=title, description=description)
        self.x_scale, self.y_scale = x, y
        self.frame = frame or Frame()
        widest = max((len(y.write(tick)) for tick in y.ticks), default=0)
        self.frame = replace(self.frame, left=max(self.frame.left, _TITLE_ROOM + _CHARACTER * widest))
        self._draw_y()
        self._draw_x()

    def x(self, value: float) -> float:
        """Pixels from the left."""
        return self.frame.left + self.x_scale.share(value) * (self.frame.right - self.frame.left)

    def y(self, value: float) -> float:
        """Pixels from the top."""
        return self.frame.bottom - self.y_scale.share(value) * (self.frame.bottom - self.frame.top)

    def path(self, points: list[tuple[float, float]], *, kind: str) -> None:
        """A line through points given in values."""
        steps = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
        self.add("polyline", kind=kind, points=steps)

    def dot(self, x: float, y: float, *, kind: str, radius: float = 4.0, text: str = "") -> None:
        """A point given in values."""
        dot = self.add("circle", kind=kind, cx=self.x(x), cy=self.y(y), r=radius)
        if text:
            self.explain(dot, text)

    def _draw_y(self) -> None:
        frame = self.frame
        for tick in self.y_scale.ticks:
            height = self.y(tick)
            self.add("line", kind="grid", x1=frame.left, x2=frame.right, y1=height, y2=height)
            label = self.y_scale.write(tick)
            self.add("text", label, kind="tick", x=frame.left - 8, y=height + 4, text_anchor="end")
        middle = (frame.top + frame.bottom) / 2
        turn = f"translate(13 {middle:.1f}) rotate(-90)"
        self.add("text", self.y_scale.title, kind="axis", transform=turn, text_anchor="middle")

    def _draw_x(self) -> None:
        frame = self.frame
        self.add("line", kind="base", x1=frame.left, x2=frame.right, y1=frame.bottom, y2=frame.bottom)
        for tick in self.x_scale.ticks:
            place, label = self.x(tick), self.x_scale.write(tick)
            self.add("line", kind="base", x1=place, x2=place, y1=frame.bottom, y2=frame.bottom + 4)
            self.add("text", label, kind="tick", x=place, y=frame.bottom + 17, text_anchor="middle")
        middle = (frame.left + frame.right) / 2
        self.add("text", self.x_scale.title, kind="axis", x=middle, y=frame.bottom + 38, text_anchor="middle")
