"""Confusion matrix: what was taken for what."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from taxolens.report.chart import Chart, Key
from taxolens.report.drawing import Drawing
from taxolens.report.named_map import LEVELS, MapWords, NamedMap, answers, kind_of, level
from taxolens.report.table import Cell, Column, Row, Table, text_rows
from taxolens.report.wording import Wording

MOST_NAMED = 60
"""Classes that a map can name at its edges; beyond, it shows the pattern alone."""

_MOST_CELLS = 300


@dataclass(frozen=True, slots=True)
class Confusion:
    """Images of class `truth` that were called `predicted`: how many, and the share of that class."""

    truth: str
    predicted: str
    count: int
    share: float


def confusions(labels: Sequence[str], matrix: Sequence[Sequence[int]]) -> list[Confusion]:
    """All pairs that were confused, the most frequent first."""
    found = []
    for i, row in enumerate(matrix):
        total = sum(row)
        found += [
            Confusion(labels[i], labels[j], count, count / total)
            for j, count in enumerate(row)
            if count and i != j
        ]
    return sorted(found, key=lambda pair: (-pair.count, -pair.share, pair.truth, pair.predicted))


def confusion_chart(
    labels: Sequence[str],
    matrix: Sequence[Sequence[int]],
    wording: Wording,
    *,
    title: str,
    reading: str,
    words: MapWords | None = None,
) -> Chart:
    """A map with a row for each true class and a column for each answer.

    Args:
        matrix: `matrix[i][j]` counts images of class i that were called j.
        words: what the map says of itself, where the columns are something else than answers.
    """
    told = words or answers(wording)
    right = sum(row[i] for i, row in enumerate(matrix))
    total = sum(map(sum, matrix))
    description = wording.say("Right: {right} of {n}.").format(
        right=wording.count(right), n=wording.count(total)
    )
    if len(labels) <= MOST_NAMED:
        svg = NamedMap(labels, matrix, wording, title=title, description=description, words=told).markup()
    else:
        svg = _pattern(matrix, title, description).markup()
    return Chart(title, reading, svg, _figures(labels, matrix, title, told, wording), _keys(told), wide=True)


def confusion_table(pairs: Sequence[Confusion], wording: Wording, *, caption: str) -> Table:
    """The confused pairs as a table."""
    say = wording.say
    columns = (
        Column(say("True name")),
        Column(say("Was called")),
        Column(say("Photos"), numeric=True),
        Column(say("Share of the true ones"), numeric=True),
    )
    rows = tuple(
        Row(
            (
                Cell(pair.truth),
                Cell(pair.predicted),
                Cell(wording.count(pair.count), pair.count),
                Cell(wording.percent(pair.share), pair.share),
            )
        )
        for pair in pairs
    )
    return Table(caption, columns, rows, tall=14)


def _figures(
    labels: Sequence[str],
    matrix: Sequence[Sequence[int]],
    title: str,
    told: MapWords,
    wording: Wording,
) -> Table:
    """For each class how many were named rightly, and what the others were taken for."""
    say = wording.say
    columns = (
        Column(say("True name")),
        Column(say("Photos"), numeric=True),
        Column(told.hit, numeric=True),
        Column(say("Taken for")),
    )
    rows = []
    for i, row in enumerate(matrix):
        others = sorted(((count, j) for j, count in enumerate(row) if count and j != i), reverse=True)
        taken = ", ".join(f"{labels[j]} ({wording.count(count)})" for count, j in others)
        rows.append((labels[i], wording.count(sum(row)), wording.count(row[i]), taken))
    return Table(title, columns, text_rows(rows), hidden_caption=True)


def _keys(told: MapWords) -> tuple[Key, ...]:
    words = {"hit": told.hit, "miss": told.miss}
    keys = []
    for kind, text in words.items():
        drawing = Drawing(LEVELS * 12, 12, kind="swatch", fluid=False)
        for step in range(1, LEVELS + 1):
            drawing.add("rect", kind=f"{kind} l{step}", x=(step - 1) * 12, y=0, width=12, height=12)
        keys.append(Key(drawing.markup(), text))
    return tuple(keys)


def _pattern(matrix: Sequence[Sequence[int]], title: str, description: str) -> Drawing:
    """A map without names: a path of squares for each colour, many classes summed into one square."""
    factor = math.ceil(len(matrix) / _MOST_CELLS)
    side = math.ceil(len(matrix) / factor)
    sums: dict[tuple[int, int], int] = {}
    totals = [0] * side
    for i, row in enumerate(matrix):
        totals[i // factor] += sum(row)
        for j, count in enumerate(row):
            if count:
                place = (i // factor, j // factor)
                sums[place] = sums.get(place, 0) + count
    squares: dict[str, list[str]] = {}
    for (i, j), count in sorted(sums.items()):
        squares.setdefault(f"{kind_of(i, j)} l{level(count / totals[i])}", []).append(f"M{j} {i}h1v1h-1z")
    drawing = Drawing(side, side, title=title, description=description, kind="plot pattern")
    drawing.add("rect", kind="field", x=0, y=0, width=side, height=side)
    for kind, steps in squares.items():
        drawing.add("path", kind=kind, d="".join(steps))
    return drawing
