"""A confusion matrix whose rows and columns bear names, and whose cells hold counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from taxolens.report.drawing import Drawing
from taxolens.report.wording import Wording, shortened

LEVELS = 8
"""Steps of each colour scale."""

_LABEL_LENGTH = 22
_SIDES = ((4, 64.0), (8, 54.0), (16, 34.0), (30, 27.0))
_SMALLEST_SIDE = 21.0
_CHARACTER = 6.9  # width of an average character of the names, in pixels


def level(share: float) -> int:
    """Step of the colour scale, 1 to LEVELS: by the root of the share, so that few among many are seen."""
    return max(1, min(LEVELS, math.ceil(math.sqrt(share) * LEVELS)))


def kind_of(i: int, j: int) -> str:
    """CSS class of the cell in row i and column j."""
    return "hit" if i == j else "miss"


@dataclass(frozen=True, slots=True)
class MapWords:
    """What a map says of itself.

    Attributes:
        down: what the rows are.
        across: what the columns are.
        cell: of one cell, with the fields truth, answer, count, n and share.
        hit: what the diagonal holds.
        miss: what the others hold.
    """

    down: str
    across: str
    cell: str
    hit: str
    miss: str


def answers(wording: Wording) -> MapWords:
    """The words of a map of true names against answers."""
    say = wording.say
    return MapWords(
        say("Truth"),
        say("Answer"),
        say("{truth} called {answer}: {count} of {n} ({share})"),
        say("Named correctly"),
        say("Taken for another"),
    )


class NamedMap(Drawing):
    """A row for each true class, a column for each answer.

    Args:
        matrix: `matrix[i][j]` counts images of class i that were called j.
    """

    def __init__(
        self,
        labels: Sequence[str],
        matrix: Sequence[Sequence[int]],
        wording: Wording,
        *,
        title: str,
        description: str,
        words: MapWords | None = None,
    ) -> None:
        n = len(labels)
        self.labels, self.wording, self.words = labels, wording, words or answers(wording)
        self.side = next((side for most, side in _SIDES if n <= most), _SMALLEST_SIDE)
        self.short = [shortened(label, _LABEL_LENGTH) for label in labels]
        room = _CHARACTER * max(map(len, self.short), default=1) + 12
        slope = room * math.sqrt(0.5)
        self.left, self.top = room + 22, slope + 30
        width = self.left + n * self.side + max(12.0, slope - self.side / 2 + 12)
        height = self.top + n * self.side + 2
        super().__init__(width, height, title=title, description=description, kind="plot map", fluid=False)
        self._draw_field(n)
        self._draw_names()
        for i, row in enumerate(matrix):
            total = sum(row)
            for j, count in enumerate(row):
                if count:
                    self._draw_cell(i, j, count, total)

    def _draw_field(self, n: int) -> None:
        extent = n * self.side
        self.add("rect", kind="field", x=self.left, y=self.top, width=extent, height=extent)
        lines = "".join(
            f"M{self.left + k * self.side:.1f} {self.top:.1f}v{extent:.1f}"
            f"M{self.left:.1f} {self.top + k * self.side:.1f}h{extent:.1f}"
            for k in range(n + 1)
        )
        self.add("path", kind="mesh", d=lines)
        self.add("text", self.words.across + " →", kind="axis", x=self.left, y=14)
        turn = f"translate(14 {self.top:.1f}) rotate(-90)"
        self.add("text", "← " + self.words.down, kind="axis", transform=turn, text_anchor="end")

    def _draw_names(self) -> None:
        for k, label in enumerate(self.short):
            offset = (k + 0.5) * self.side
            turn = f"translate({self.left + offset + 4:.1f} {self.top - 8:.1f}) rotate(-45)"
            row = self.add(
                "text", label, kind="name", text_anchor="end", x=self.left - 8, y=self.top + offset + 4
            )
            column = self.add("text", label, kind="name", transform=turn)
            if label != self.labels[k]:
                self.explain(row, self.labels[k])
                self.explain(column, self.labels[k])

    def _draw_cell(self, i: int, j: int, count: int, total: int) -> None:
        share = count / total
        x, y = self.left + j * self.side, self.top + i * self.side
        cell = self.add("g", kind=f"{kind_of(i, j)} l{level(share)}")
        self.explain(cell, self._words(i, j, count, total))
        inner = self.side - 1
        self.add("rect", parent=cell, x=x + 0.5, y=y + 0.5, width=inner, height=inner, rx=2)
        self._write(cell, x + self.side / 2, y + self.side / 2, count, share)

    def _write(self, cell: Element, x: float, y: float, count: int, share: float) -> None:
        """The count, and where there is room the share of the row."""
        number = self.wording.count(count)
        size = min(16.0, self.side * 0.46, self.side * 1.5 / len(number))
        roomy = self.side >= 50
        base = y + size * 0.36 - (8 if roomy else 0)
        self.add("text", number, parent=cell, x=x, y=base, font_size=size, text_anchor="middle")
        if roomy:
            text = self.wording.percent(share, 0)
            self.add("text", text, parent=cell, x=x, y=base + 16, font_size=11, text_anchor="middle")

    def _words(self, i: int, j: int, count: int, total: int) -> str:
        wording = self.wording
        return self.words.cell.format(
            truth=self.labels[i],
            answer=self.labels[j],
            count=wording.count(count),
            n=wording.count(total),
            share=wording.percent(count / total),
        )
