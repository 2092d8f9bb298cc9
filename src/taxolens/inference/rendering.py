"""Stored rows to results: the second half of an identification, and all of a decision made anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from types import MappingProxyType

from taxolens.core.geometry import WHOLE_IMAGE
from taxolens.core.records import Failure, Prediction, Status
from taxolens.formats.corrections import Correction
from taxolens.formats.result import Clip, Event, Result
from taxolens.inference.answered import Place
from taxolens.inference.cascade import decide_cascade
from taxolens.inference.context import Context, Placed, folder_of, placed, site_of
from taxolens.inference.decision import DecisionRule, decide, failed
from taxolens.inference.events import EventRule, events_of, independent, is_blank, sequence_of
from taxolens.inference.finds import Find, decide_boxes
from taxolens.inference.row import Fault, Row
from taxolens.inference.shelf import Rows

_CATEGORIES = ("animal", "person", "vehicle")
"""Classes of detectors that name no organism, only its kind."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """How stored rows become results.

    Attributes:
        rule: what decides beside the scores.
        root: the photo, or the folder that was searched.
        context: how site and sequence are found.
        excluded_at: site -> classes that no answer there may be, in place of the rule's own.
        corrections: name of a photo, as a table spells it -> what a person says.
        events: how events are decided; None: they are not.
    """

    rule: DecisionRule
    root: Path
    context: Context = field(default_factory=Context)
    excluded_at: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    corrections: Mapping[str, Correction] = field(default_factory=lambda: MappingProxyType({}))
    events: EventRule | None = None


def results(places: Iterable[Place], rows: Rows, how: Rendering) -> Iterator[Result]:
    """The answers of stored rows, in the order of their places, one at a time; no model is run.

    A photo has one, or one for each box that a detector found in it.

    Where events are asked for, each row is read up to five times, and the places and events of one site are
    held in memory (of one folder where sites are not known).
    """
    renderer = _Renderer(rows, how)
    if how.events is None:
        for found in placed(places, rows, how.context):
            yield from renderer.results(found, None)
        return
    for _, station in groupby(places, key=renderer.station):
        held = list(station)
        events = renderer.events(held, how.events)
        for found in placed(held, rows, how.context):
            yield from renderer.results(found, events[sequence_of(found)])


def spelt(name: str) -> str:
    """A name as a table of results spells it: bytes that are no text become `\\udc..`."""
    return name if name.isascii() else name.encode("utf-8", "backslashreplace").decode("utf-8")


class _Renderer:
    """Keeps what is the same for all rows."""

    def __init__(self, rows: Rows, how: Rendering) -> None:
        self._rows = rows
        self._how = how
        self._base = how.root if how.root.is_dir() else how.root.parent
        self._rules: dict[str | None, DecisionRule] = {None: how.rule}

    def station(self, place: Place) -> str:
        """What photos are grouped by to find events: the site, else the folder."""
        row = self._rows.row(place)
        return site_of(row, self._how.context) or folder_of(row)

    def events(self, places: list[Place], event_rule: EventRule) -> dict[str, Event]:
        """The events of one station by the name of their sequence, which begins with its folder."""
        events: dict[str, Event] = {}
        for _, own in groupby(places, key=lambda place: folder_of(self._rows.row(place))):
            found = placed(own, self._rows, self._how.context)
            events |= events_of(found, event_rule, self._rule_at, self._correction)
        interval = event_rule.independence
        return events if interval is None else independent(events, interval)

    def results(self, found: Placed, event: Event | None) -> Iterator[Result]:
        """One row as a result, or as one for each box."""
        row, rule = found.row, self._rule_at(found.site)
        correction, looked = self._correction(row.stamp.name), row.looked
        answers = list(self._answers(row, rule, correction))
        counts = Counter(said.label for said, find in answers if find)
        for number, (said, find) in enumerate(answers, start=1):
            yield Result(
                said,
                taken=found.taken,
                site=found.site,
                sequence=found.sequence,
                detector_score=find.confidence if find else None,
                event=event,
                rank=None if correction else rule.rank_of(said.label),
                corrected_by=correction.by if correction else None,
                camera=row.camera,
                category=_category(said, find),
                utc_offset=row.utc_offset,
                number=number if said.box not in (None, WHOLE_IMAGE) else None,
                clip=Clip(looked.frame_rate, looked.frames) if looked else None,
                frame=looked.best if looked else None,
                frame_seconds=looked.seconds if looked else None,
                count=counts[said.label] if find else None,
            )

    def _answers(
        self, row: Row, rule: DecisionRule, correction: Correction | None
    ) -> Iterator[tuple[Prediction, Find | None]]:
        """What is said of a photo or of each of its boxes, with what people say of it."""
        name = row.stamp.name
        said: Iterable[tuple[Prediction, Find | None]]
        if row.boxes is not None and rule.cascade is not None:
            said = decide_cascade(name, row.boxes, row.scores, rule)
        elif row.boxes is not None:
            said = decide_boxes(name, row.boxes, rule)
        elif row.scores is not None:
            said = [(decide(name, row.scores, rule), None)]
        else:
            fault = row.fault or Fault("unreadable", "")
            said = [(failed(Failure(self._base / name, name, fault.code, fault.reason)), None)]
        for one, find in said:
            if correction is None:
                yield one, find
            elif not is_blank(correction.label, rule):
                yield _corrected(one, correction, rule), find
            else:
                yield _corrected(replace(one, box=None), correction, rule), None
                return

    def _correction(self, name: str) -> Correction | None:
        return self._how.corrections.get(spelt(name)) if self._how.corrections else None

    def _rule_at(self, site: str | None) -> DecisionRule:
        if site not in self._rules:
            excluded = self._how.excluded_at.get(site or "")
            rule = self._how.rule
            self._rules[site] = rule if excluded is None else replace(rule, excluded=excluded)
        return self._rules[site]


def _category(said: Prediction, find: Find | None) -> str | None:
    if find is None:
        return None
    return find.category or (said.top1 if said.top1 in _CATEGORIES else None)


def _corrected(said: Prediction, correction: Correction, rule: DecisionRule) -> Prediction:
    """What a person says is sure; what the model said stays in the ranking."""
    status = Status.BLANK if is_blank(correction.label, rule) else Status.OK
    return replace(said, label=correction.label, score=1.0, status=status, failure=None)
