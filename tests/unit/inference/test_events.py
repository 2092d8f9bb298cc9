from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.errors import UsageError
from taxolens.core.records import UNSURE, Status
from taxolens.formats.corrections import Correction
from taxolens.formats.result import Event
from taxolens.inference.context import Placed
from taxolens.inference.decision import DecisionRule, rule_of
from taxolens.inference.events import EventRule, events_of, independent
from taxolens.inference.row import Boxes, Fault, Row, Stamp
from tests.unit.inference.test_cascade import DETECTOR, SURE
from tests.unit.inference.test_cascade import RULE as CASCADE
from tests.unit.inference.test_cascade import seen as boxed

RULE = DecisionRule(("lynx", "fox", "nothing"), frozenset({"nothing"}), 0.52)
START = datetime(2026, 1, 1, 12)


def photo(number: int, *scores: float) -> Placed:
    stamp = Stamp(f"{number}.jpg", 1, 1)
    if scores:
        row = Row(stamp, scores=np.asarray(scores, dtype=np.float32))
    else:
        row = Row(stamp, fault=Fault("damaged", ""))
    return Placed(row, START + timedelta(seconds=number), None, "0.jpg")


def event(*photos: Placed, corrections: dict[str, str] | None = None, temperature: float = 1.0) -> Event:
    said = {name: Correction(label) for name, label in (corrections or {}).items()}
    (found,) = events_of(photos, EventRule(temperature), lambda site: RULE, said.get).values()
    return found


def test_photos_that_lean_the_same_way_are_surer_together_than_apart() -> None:
    found = event(photo(0, 0.5, 0.1, 0.4), photo(1, 0.5, 0.4, 0.1))
    assert (found.label, found.status, found.count) == ("lynx", Status.OK, 1)
    assert found.score == pytest.approx(0.5 / (0.5 + 0.2 + 0.2))
    assert (found.start, found.end) == (START, START + timedelta(seconds=1))


def test_blank_frames_do_not_silence_the_animal_and_all_blank_is_blank() -> None:
    blank = (0.05, 0.05, 0.9)
    found = event(*(photo(i, *blank) for i in range(5)), photo(5, 0.1, 0.8, 0.1))
    assert (found.label, found.count) == ("fox", 1)
    empty = event(photo(0, *blank), photo(1, *blank))
    assert (empty.label, empty.status, empty.count) == ("nothing", Status.BLANK, 0)


def test_frames_that_failed_say_nothing_and_an_event_of_them_has_failed() -> None:
    assert event(photo(0), photo(1, 0.9, 0.05, 0.05)).label == "lynx"
    assert event(photo(0), photo(1)).status is Status.FAILED


def test_people_count_before_the_model() -> None:
    photos = (photo(0, 0.9, 0.05, 0.05), photo(1, 0.9, 0.05, 0.05), photo(2, 0.1, 0.1, 0.8))
    assert event(*photos, corrections={"1.jpg": "wolf"}).label == "wolf"
    assert event(*photos, corrections={"0.jpg": "nothing"}).label == "lynx"
    assert event(*photos, corrections={f"{i}.jpg": "nothing" for i in range(3)}).status is Status.BLANK


def test_a_temperature_above_one_makes_events_less_sure() -> None:
    photos = (photo(0, 0.8, 0.1, 0.1), photo(1, 0.8, 0.1, 0.1))
    assert event(*photos, temperature=2.0).score < event(*photos).score
    with pytest.raises(UsageError, match="temperature 0"):
        EventRule(0)


@given(st.permutations(range(4)))
def test_the_order_of_photos_does_not_matter(order: list[int]) -> None:
    scores = ((0.5, 0.3, 0.2), (0.2, 0.6, 0.2), (0.1, 0.1, 0.8), (0.7, 0.2, 0.1))
    found = event(*(photo(i, *scores[i]) for i in order))
    assert found.label == event(*(photo(i, *scores[i]) for i in range(4))).label


def seen(name: str, label: str, minute: int, minutes: int = 1, count: int = 1) -> Event:
    start = START + timedelta(minutes=minute)
    return Event(name, label, 0.9, Status.OK, count, start, start + timedelta(minutes=minutes))


def test_close_events_of_one_species_are_one_event_with_the_most_animals() -> None:
    events = [
        seen("a", "fox", 0, 5, 2),
        seen("b", "lynx", 10),
        seen("c", "fox", 20, 5, 4),
        seen("d", "fox", 60),
    ]
    joined = independent({one.name: one for one in events}, timedelta(minutes=30))
    assert [joined[name].name for name in "abcd"] == ["a", "b", "a", "d"]
    assert (joined["c"].count, joined["a"].end) == (4, START + timedelta(minutes=25))


def test_what_is_unsure_or_has_no_time_stays_alone() -> None:
    nameless = Event("x", "fox", 0.9, Status.OK, 1)
    events = [seen("a", UNSURE, 0), seen("b", UNSURE, 1), nameless]
    joined = independent({one.name: one for one in events}, timedelta(minutes=30))
    assert [joined[name].name for name in "abx"] == ["a", "b", "x"]


def of_boxes(*photos: Boxes, rule: DecisionRule = CASCADE) -> Event:
    placed = [
        Placed(Row(Stamp(f"{number}.jpg", 1, 1), boxes=boxes), START, None, "0.jpg")
        for number, boxes in enumerate(photos)
    ]
    (found,) = events_of(placed, EventRule(), lambda site: rule, lambda name: None).values()
    return found


def test_people_and_things_are_not_counted_as_animals() -> None:
    herder = boxed(("animal", 0.9, SURE), ("person", 0.9, SURE), ("vehicle", 0.9, SURE), ("stone", 0.9, SURE))
    animal = boxed(*[("animal", 0.9, SURE)] * 2)
    assert (of_boxes(herder).count, of_boxes(herder, animal).count) == (1, 2)
    people = boxed(*[("person", 0.9, SURE)] * 3)
    assert (of_boxes(people).label, of_boxes(people).count) == ("person", 3)


def test_a_thing_in_every_photo_does_not_outvote_the_animal_in_one() -> None:
    stone, both = boxed(("stone", 0.9, SURE)), boxed(("stone", 0.9, SURE), ("animal", 0.9, SURE))
    found = of_boxes(*[stone] * 5, both)
    assert (found.label, found.count) == ("lynx", 1)
    assert (of_boxes(stone, stone).label, of_boxes(stone, stone).count) == ("stone", 1)


def test_a_detector_alone_says_by_its_roles_what_is_an_animal() -> None:
    rule = rule_of(DETECTOR, top_k=1, threshold=None)
    herder = boxed(("animal", 0.9, SURE), ("person", 0.9, SURE), ("stone", 0.9, SURE), ("stone", 0.9, SURE))
    found = of_boxes(*[boxed(("stone", 0.9, SURE))] * 5, boxed(("animal", 0.9, SURE)), rule=rule)
    assert (found.label, found.count, of_boxes(herder, rule=rule).count) == ("animal", 1, 1)
