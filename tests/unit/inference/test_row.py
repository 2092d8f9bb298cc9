from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from taxolens.inference.row import Boxes, Fault, Row, Stamp, line_to_row, row_to_line

STAMPS = st.builds(
    Stamp,
    # File names that are no text arrive as lone surrogates.
    st.text(st.characters() | st.characters(categories=["Cs"]), min_size=1),
    st.integers(0, 2**63),
    st.integers(-(2**62), 2**62),
)
TAKEN = st.none() | st.datetimes().map(lambda taken: taken.isoformat(timespec="seconds"))
OFFSET = st.none() | st.integers(-720, 840)
SCORES = arrays.arrays(np.float32, st.integers(1, 9), elements=st.floats(0, 1, width=32))


@given(stamp=STAMPS, taken=TAKEN, scores=SCORES, utc_offset=OFFSET)
def test_scores_come_back_bit_by_bit(
    stamp: Stamp, taken: str | None, scores: np.ndarray, utc_offset: int | None
) -> None:
    line = row_to_line(Row(stamp, taken, scores=scores, utc_offset=utc_offset))
    assert b"\n" not in line
    back = line_to_row(line)
    assert (back.stamp, back.taken, back.fault, back.utc_offset) == (stamp, taken, None, utc_offset)
    assert back.scores is not None
    assert back.scores.tobytes() == scores.tobytes()


@given(stamp=STAMPS, taken=TAKEN, code=st.text(), reason=st.text(), utc_offset=OFFSET)
def test_faults_come_back(
    stamp: Stamp, taken: str | None, code: str, reason: str, utc_offset: int | None
) -> None:
    row = Row(stamp, taken, fault=Fault(code, reason), utc_offset=utc_offset)
    assert line_to_row(row_to_line(row)) == row


@given(one=STAMPS, other=STAMPS)
def test_every_state_has_its_own_key(one: Stamp, other: Stamp) -> None:
    assert len(one.key()) == 16
    assert (one.key() == other.key()) == (one == other)


@pytest.mark.parametrize(
    "change",
    [{"size": 2}, {"mtime_ns": 6}, {"name": "b"}, {"name": "a\x005"}],
    ids=lambda change: str(change),
)
def test_a_change_of_any_part_is_another_state(change: dict[str, object]) -> None:
    stamp = {"name": "a", "size": 1, "mtime_ns": 5}
    assert Stamp(**stamp).key() != Stamp(**{**stamp, **change}).key()  # type: ignore[arg-type]


GOOD = {"file": "a", "size": 1, "mtime_ns": 1, "scores": "AAAAAA=="}


@pytest.mark.parametrize(
    "document",
    [
        [],
        "text",
        {},
        {**GOOD, "scores": "!"},
        {**GOOD, "scores": "AAA="},
        {**GOOD, "scores": 4},
        {"file": "a"},
    ],
    ids=str,
)
def test_what_is_no_row_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match="."):
        line_to_row(json.dumps(document).encode())


@given(stamp=STAMPS, count=st.integers(0, 4), classes=st.integers(1, 5), seed=st.integers(0, 99))
def test_boxes_come_back_bit_by_bit(stamp: Stamp, count: int, classes: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    boxes = Boxes(
        random.random((count, 4), dtype=np.float32), random.random((count, classes), dtype=np.float32)
    )
    back = line_to_row(row_to_line(Row(stamp, boxes=boxes)))
    assert (back.scores, back.fault) == (None, None) and back.boxes is not None
    assert len(back.boxes) == count
    assert back.boxes.places.tobytes() == boxes.places.tobytes()
    assert back.boxes.scores.tobytes() == boxes.scores.tobytes()
    assert not count or back.boxes.scores.shape == (count, classes)


@pytest.mark.parametrize("boxes", [["AAAAAA=="], ["AAAA", "AAAA"], [], ["AACAPw==", ""], [1, 2]])
def test_boxes_that_cannot_be_meant_are_no_row(boxes: list[object]) -> None:
    line = json.dumps({"file": "a", "size": 1, "mtime_ns": 5, "boxes": boxes}).encode()
    with pytest.raises(ValueError):
        line_to_row(line)


@given(
    stamp=STAMPS,
    count=st.integers(0, 4),
    asked=st.integers(0, 4),
    looked=st.booleans(),
    seed=st.integers(0, 99),
)
def test_what_a_cascade_saw_comes_back_bit_by_bit(
    stamp: Stamp, count: int, asked: int, looked: bool, seed: int
) -> None:
    random = np.random.default_rng(seed)
    places, scores = random.random((count, 4), dtype=np.float32), random.random((count, 2), dtype=np.float32)
    named = random.random((min(asked, count), 3), dtype=np.float32)
    whole = random.random(3, dtype=np.float32) if looked else None
    back = line_to_row(row_to_line(Row(stamp, scores=whole, boxes=Boxes(places, scores, named))))
    assert back.boxes is not None and back.boxes.named is not None
    assert len(back.boxes.named) == len(named) and back.boxes.named.tobytes() == named.tobytes()
    assert (back.scores is None) == (whole is None)
    assert whole is None or (back.scores is not None and back.scores.tobytes() == whole.tobytes())


@pytest.mark.parametrize("named", [[2, "AAAAAA=="], [1, "AAA="], [-1, ""], [0, "AAAAAA=="], [1], "AAAA"])
def test_names_of_boxes_that_cannot_be_meant_are_no_row(named: object) -> None:
    place, score = "AAAAAAAAAAAAAAAAAAAAAA==", "AAAAAA=="
    document = {"file": "a", "size": 1, "mtime_ns": 5, "boxes": [place, score], "named": named}
    with pytest.raises(ValueError):
        line_to_row(json.dumps(document).encode())
