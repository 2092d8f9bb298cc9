"""Reliability diagram: does a score of 90 % mean right nine times in ten?

Murphy and Winkler, "Reliability of subjective probability forecasts of precipitation and temperature", 1977.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from taxolens.report.chart import Chart, Frame, Plot
from taxolens.report.scale import Scale
from taxolens.report.table import Column, Table, text_rows
from taxolens.report.wording import Wording

_STRIP_TOP = 292.0
_STRIP_BOTTOM = 340.0
_FEW = 10


@dataclass(frozen=True, slots=True)
class ScoreBin:
    """Images whose score fell between `low` and `high`: mean score, share right, how many."""

    low: float
    high: float
    confidence: float
    accuracy: float
    count: int


def reliability_chart(
    bins: Sequence[ScoreBin],
    wording: Wording,
    *,
    title: str,
    reading: str,
    unit: str | None = None,
    axes: tuple[str, str] | None = None,
) -> Chart:
    """Share right against the score, the count of images of each bin beneath.

    Args:
        unit: what is counted; None: photos.
        axes: what is measured from left to right, and upwards; None: scores and answers.
    """
    say = wording.say
    unit = unit or say("Photos")
    across, upwards = axes or (say("Score of the answer"), say("Answers that are right"))
    sound = [b for b in bins if b.count > 0 and math.isfinite(b.accuracy) and math.isfinite(b.confidence)]
    ticks = (0.0, 0.25, 0.5, 0.75, 1.0)
    x_scale = Scale(0.0, 1.0, ticks, lambda v: wording.percent(v, 0), across)
    y_scale = Scale(0.0, 1.0, ticks, lambda v: wording.percent(v, 0), upwards)
    description = say("Answers counted: {n}").format(n=wording.count(sum(b.count for b in sound)))
    plot = Plot(
        x_scale,
        y_scale,
        title=title,
        description=description,
        frame=Frame(bottom=240.0),
        height=_STRIP_BOTTOM + 16,
    )
    for each in sound:
        _draw_bin(plot, each, wording)
    plot.path([(0.0, 0.0), (1.0, 1.0)], kind="ideal")
    for each in sound:
        plot.dot(each.confidence, each.accuracy, kind="dot s0", radius=3.4 if each.count >= _FEW else 2.2)
    _draw_counts(plot, sound, wording, unit)
    return Chart(title, reading, plot.markup(), _figures(sound, title, wording, unit))


def _draw_bin(plot: Plot, each: ScoreBin, wording: Wording) -> None:
    left, right, top = plot.x(each.low) + 0.8, plot.x(each.high) - 0.8, plot.y(each.accuracy)
    kind = "column" if each.count >= _FEW else "column few"
    height = plot.frame.bottom - top
    bar = plot.add("rect", kind=kind, x=left, y=top, width=max(right - left, 1.0), height=height)
    plot.explain(bar, " · ".join(_words(each, wording)))


def _draw_counts(plot: Plot, bins: Sequence[ScoreBin], wording: Wording, unit: str) -> None:
    """The strip of counts, its columns hanging on the diagram's own scale of scores."""
    most = max((b.count for b in bins), default=1)
    frame = plot.frame
    plot.add("line", kind="base", x1=frame.left, x2=frame.right, y1=_STRIP_BOTTOM, y2=_STRIP_BOTTOM)
    plot.add("text", unit, kind="tick", x=frame.left - 8, y=_STRIP_BOTTOM, text_anchor="end")
    for each in bins:
        left, right = plot.x(each.low) + 0.8, plot.x(each.high) - 0.8
        height = max((_STRIP_BOTTOM - _STRIP_TOP - 12) * each.count / most, 1.0)
        top = _STRIP_BOTTOM - height
        plot.add("rect", kind="counts", x=left, y=top, width=max(right - left, 1.0), height=height)
        text = wording.count(each.count)
        plot.add("text", text, kind="tiny", x=(left + right) / 2, y=top - 3, text_anchor="middle")


def _words(each: ScoreBin, wording: Wording) -> tuple[str, str, str, str]:
    return (
        wording.percent_range(each.low, each.high, 0),
        wording.percent(each.confidence),
        wording.percent(each.accuracy),
        wording.count(each.count),
    )


def _figures(bins: Sequence[ScoreBin], title: str, wording: Wording, unit: str) -> Table:
    say = wording.say
    columns = (
        Column(say("Score between")),
        Column(say("Mean score"), numeric=True),
        Column(say("Right"), numeric=True),
        Column(unit, numeric=True),
    )
    return Table(title, columns, text_rows([_words(each, wording) for each in bins]), hidden_caption=True)
