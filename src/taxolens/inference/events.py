"""What the photos of one event say together: pure, by numbered rules.

1. What people said counts before what the model says: the event is what they named most often; blanks only
   where they said nothing else and left no photo to the model.
2. A photo whose best class means that nothing is there says nothing about the animal of the others: it counts
   only where all photos of the event are such.
   So does one in which a detector found nothing; of one in which it found something, each box counts, those with the
   role `other` only where there is nothing else: a bench stands in all photos of an event.
3. The others count the same: the mean of the logarithms of their probabilities is divided by the event
   temperature and turned into probabilities again, and these are decided like those of a photo.
4. Counted are the boxes of that photo which has most of the kind that the event is: animals, people or vehicles.
5. Events of one species at one site that are closer in time than the independence interval are one event.

The rules follow Dussert et al. 2024 (doi 10.1002/rse2.412). The temperature is 1 where nothing else is said: the
value that fits best changes from data to data, and fitted to some it made others worse.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import UsageError
from taxolens.core.records import UNSURE, Status
from taxolens.core.taxonomy import Role, usual_role
from taxolens.formats.corrections import Correction
from taxolens.formats.result import Event
from taxolens.inference.cascade import decide_cascade, padded
from taxolens.inference.context import Placed
from taxolens.inference.decision import DecisionRule, decide, without
from taxolens.inference.finds import BLANK, decide_boxes
from taxolens.inference.mean_log import MeanLog
from taxolens.inference.row import Boxes

TEMPERATURE = 1.0


@dataclass(frozen=True, slots=True)
class EventRule:
    """How events are decided.

    Attributes:
        temperature: what the mean logarithms are divided by, above 0.
        independence: events of one species at one site that are closer than this are one; None: each
            sequence is an event.
    """

    temperature: float = TEMPERATURE
    independence: timedelta | None = None

    def __post_init__(self) -> None:
        if not 0 < self.temperature < float("inf"):
            raise UsageError(
                "The event temperature {temperature} is not possible. Give a number above 0; 1 is usual.",
                temperature=self.temperature,
            )


def events_of(
    found: Iterable[Placed],
    event_rule: EventRule,
    rule_at: Callable[[str | None], DecisionRule],
    corrected: Callable[[str], Correction | None],
) -> dict[str, Event]:
    """The events of rows of one folder, by the name of their sequence, in the order in which they begin.

    Args:
        rule_at: what decides at a site.
        corrected: what people said of a photo.
    """
    gathered: dict[str, _Gathered] = {}
    for one in found:
        name = sequence_of(one)
        if name not in gathered:
            gathered[name] = _Gathered(name, rule_at(one.site))
        gathered[name].add(one, corrected(one.row.stamp.name))
    return {name: photos.event(event_rule.temperature) for name, photos in gathered.items()}


def sequence_of(found: Placed) -> str:
    """The name of a photo's sequence; one that belongs to none is one of its own."""
    return found.sequence or found.row.stamp.name


def independent(events: Mapping[str, Event], interval: timedelta) -> dict[str, Event]:
    """Events of one site, where those of one species that are closer than the interval are one (rule 5).

    Closeness is from the last photo of one to the first of the next. Events without times, blank ones and those
    that are unsure stay alone.
    """
    chains: dict[str, list[list[str]]] = {}
    timed = [(event.start, name) for name, event in events.items() if _can_chain(event) and event.start]
    for start, name in sorted(timed):
        of_species = chains.setdefault(events[name].label, [])
        end = events[of_species[-1][-1]].end if of_species else None
        if end is not None and start - end < interval:
            of_species[-1].append(name)
        else:
            of_species.append([name])
    joined = {
        name: _joined([events[other] for other in chain])
        for of_species in chains.values()
        for chain in of_species
        for name in chain
    }
    return {**events, **joined}


def _can_chain(event: Event) -> bool:
    return event.status is Status.OK and event.label != UNSURE


def _joined(events: Sequence[Event]) -> Event:
    """One event in place of several of one species, in the order of their times."""
    return replace(
        events[0],
        score=max(event.score for event in events),
        count=max(event.count for event in events),
        end=max((event.end for event in events if event.end), default=None),
    )


@dataclass(slots=True)
class _Gathered:
    """What is known of one event so far."""

    name: str
    rule: DecisionRule
    animals: MeanLog = field(default_factory=MeanLog)
    things: MeanLog = field(default_factory=MeanLog)
    blanks: MeanLog = field(default_factory=MeanLog)
    emptiest: float | None = None
    said: Counter[str] = field(default_factory=Counter)
    shown: Counter[tuple[str, Role | None]] = field(default_factory=Counter)
    start: datetime | None = None
    end: datetime | None = None

    def add(self, found: Placed, correction: Correction | None) -> None:
        if found.taken is not None:
            self.start = min(self.start or found.taken, found.taken)
            self.end = max(self.end or found.taken, found.taken)
        name, scores = found.row.stamp.name, found.row.scores
        if correction is not None:
            self.said[correction.label] += 1
            role = role_of(correction.label, self.rule)
            self.shown[name, role] += not is_blank(correction.label, self.rule)
        elif found.row.boxes is not None:
            self._add_boxes(name, found.row.boxes, scores)
        elif scores is not None:
            best = self.rule.labels[int(without(scores, self.rule).argmax())]
            (self.blanks if best in self.rule.blanks else self.animals).add(scores)
            self.shown[name, role_of(best, self.rule)] += 1

    def _add_boxes(self, name: str, boxes: Boxes, whole: NDArray[np.float32] | None) -> None:
        cascade = self.rule.cascade is not None
        answers = (
            decide_cascade(name, boxes, whole, self.rule) if cascade else decide_boxes(name, boxes, self.rule)
        )
        for said, find in answers:
            role = role_of(said.top1, self.rule)
            if find is None and said.status is Status.OK and whole is not None:
                self.animals.add(padded(whole, self.rule))
                self.shown[name, role] += 1
            elif find is None:
                self.emptiest = min(self.emptiest or 1.0, said.score)
            else:
                (self.things if role is Role.OTHER else self.animals).add(find.distribution)
                self.shown[name, role] += 1

    def event(self, temperature: float) -> Event:
        """The decision (rules 1 to 3)."""
        named = [label for label, _ in self.said.most_common() if not is_blank(label, self.rule)]
        kinds = (self.animals, self.things, self.blanks)
        seen = next((kind for one in kinds if (kind := one.probabilities(temperature)) is not None), None)
        if named or (self.said and seen is None):
            return self._event(named[0] if named else next(iter(self.said)), 1.0)
        if seen is None and self.emptiest is not None:
            return self._event(BLANK, self.emptiest, Status.BLANK)
        if seen is None:
            return Event(self.name, "", 0.0, Status.FAILED, 0, self.start, self.end)
        said = decide(self.name, seen, self.rule)
        return self._event(said.label, said.score, said.status)

    def _event(self, label: str, score: float, status: Status | None = None) -> Event:
        if status is None:
            status = Status.BLANK if is_blank(label, self.rule) else Status.OK
        count = 0 if status is Status.BLANK else self._most(role_of(label, self.rule))
        return Event(self.name, label, score, status, count, self.start, self.end, self.rule.rank_of(label))

    def _most(self, role: Role | None) -> int:
        """Of one kind in one photo (rule 4); of any kind where the photos show none of it."""
        of_kind = [count for (_, one), count in self.shown.items() if one is role]
        return max(of_kind, default=0) or max(self.shown.values(), default=0)


def role_of(label: str, rule: DecisionRule) -> Role | None:
    """What a label stands for; None: an animal."""
    if rule.roles and label in rule.labels:
        return rule.roles[rule.labels.index(label)]
    return usual_role(label)


def is_blank(label: str, rule: DecisionRule) -> bool:
    """Whether a label, also one that is no class of the model, means that nothing is there."""
    return label in rule.blanks or (label not in rule.labels and usual_role(label) is Role.BLANK)
