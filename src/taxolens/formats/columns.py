"""The columns of results as a table, which CSV, XLSX and Parquet share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from taxolens.core.geometry import Box
from taxolens.core.records import Score
from taxolens.formats.moment import clock_was_reset
from taxolens.formats.result import Result

Value = str | float | int | datetime | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: its heading.
        kind: what its cells hold where they are not empty (None): str, float, int or datetime (local time).
        value: the cell of a result.
    """

    name: str
    kind: type[str] | type[float] | type[int] | type[datetime]
    value: Callable[[Result], Value]


def columns(top_k: int) -> tuple[Column, ...]:
    """The fixed columns, the candidates, a pair for each further label up to `top_k`, then event, correction and
    what is known of the clock, of the frame and of how many there are."""
    further = (column for rank in range(2, top_k + 1) for column in _ranked(rank))
    return (*_FIXED, Column("candidates", str, _candidates), *further, *_LAST)


def _ranked(rank: int) -> tuple[Column, Column]:
    def nth(result: Result) -> Score | None:
        ranking = result.prediction.ranking
        return ranking[rank - 1] if rank <= len(ranking) else None

    def label(result: Result) -> Value:
        score = nth(result)
        return score.label if score else ""

    def number(result: Result) -> Value:
        score = nth(result)
        return score.score if score else None

    return Column(f"top{rank}", str, label), Column(f"top{rank}_score", float, number)


def _edge(name: str) -> Column:
    edge = attrgetter(name)

    def value(result: Result) -> Value:
        box: Box | None = result.prediction.box
        number: float | None = edge(box) if box else None
        return number

    return Column(name, float, value)


def _score(result: Result) -> Value:
    said = result.prediction
    return said.score if said.ranking else None


def _candidates(result: Result) -> Value:
    return "|".join(result.prediction.candidates)


def _failure(result: Result) -> Value:
    failure = result.prediction.failure
    return f"{failure.code}: {failure.reason}" if failure else ""


def _clock(result: Result) -> Value:
    return "reset" if result.taken is not None and clock_was_reset(result.taken) else ""


def _utc_offset(result: Result) -> Value:
    """As EXIF and ISO 8601 write it: +02:00."""
    minutes = result.utc_offset
    if minutes is None:
        return ""
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


_FIXED = (
    Column("file", str, lambda result: result.prediction.name),
    Column("datetime", datetime, lambda result: result.taken),
    Column("site", str, lambda result: result.site or ""),
    Column("sequence", str, lambda result: result.sequence or ""),
    Column("label", str, lambda result: result.prediction.label),
    Column("score", float, _score),
    *_ranked(1),
    *map(_edge, ("x", "y", "width", "height")),
    Column("detector_score", float, lambda result: result.detector_score),
    Column("status", str, lambda result: result.prediction.status.value),
    Column("failure", str, _failure),
)
_LAST = (
    Column("rank", str, lambda result: result.rank or ""),
    Column("event", str, lambda result: result.event.name if result.event else ""),
    Column("event_label", str, lambda result: result.event.label if result.event else ""),
    Column("event_score", float, lambda result: result.event.score if result.event else None),
    Column("event_count", int, lambda result: result.event.count if result.event else None),
    Column("corrected_by", str, lambda result: result.corrected_by or ""),
    Column("utc_offset", str, _utc_offset),
    Column("clock", str, _clock),
    Column("frame", int, lambda result: result.frame),
    Column("frame_seconds", float, lambda result: result.frame_seconds),
    Column("count", int, lambda result: result.count),
    Column("number", int, lambda result: result.number),
)
COLUMNS = tuple(column.name for column in _FIXED)
"""Headings of the columns that every table begins with."""
