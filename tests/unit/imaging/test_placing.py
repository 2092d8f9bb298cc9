"""Where labels stand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from taxolens.imaging.placing import Area, Size, cornered, placed

SIZES = st.tuples(st.integers(20, 400), st.integers(20, 400))
LABELS = st.tuples(st.integers(1, 60), st.integers(1, 20))


@st.composite
def pictures(draw: st.DrawFn) -> tuple[Size, list[Area], list[Size]]:
    size = draw(SIZES)
    boxes = []
    for _ in range(draw(st.integers(0, 25))):
        left, top = draw(st.integers(0, size[0] - 1)), draw(st.integers(0, size[1] - 1))
        boxes.append((left, top, draw(st.integers(left, size[0] - 1)), draw(st.integers(top, size[1] - 1))))
    return size, boxes, [draw(LABELS) for _ in boxes]


def meet(one: Area, other: Area) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


@given(pictures())
def test_labels_never_leave_the_picture_nor_meet(picture: tuple[Size, list[Area], list[Size]]) -> None:
    size, boxes, labels = picture
    taken: list[Area] = [(0, 0, 9, 9)]
    for label, place in zip(labels, placed(labels, boxes, size, taken), strict=True):
        if place is None:
            continue
        left, top, right, bottom = place.area
        assert 0 <= left <= right < size[0]
        assert 0 <= top <= bottom < size[1]
        assert (right - left + 1, bottom - top + 1) == label
        assert not any(meet(place.area, other) for other in taken)
        taken.append(place.area)


@given(pictures())
def test_what_is_said_to_hide_nothing_hides_nothing(picture: tuple[Size, list[Area], list[Size]]) -> None:
    size, boxes, labels = picture
    for place in placed(labels, boxes, size):
        if place is not None:
            assert (place.hides == 0) == (not any(meet(place.area, box) for box in boxes))


@given(pictures())
def test_places_are_the_same_each_time(picture: tuple[Size, list[Area], list[Size]]) -> None:
    size, boxes, labels = picture
    assert list(placed(labels, boxes, size)) == list(placed(labels, boxes, size))


@given(st.integers(0, 300), st.integers(0, 300), st.integers(1, 100), st.integers(1, 100))
def test_the_label_of_a_single_box_touches_it_and_hides_nothing_where_there_is_room(
    left: int, top: int, width: int, height: int
) -> None:
    box = (left, top, left + width - 1, top + height - 1)
    (place,) = placed([(40, 12)], [box], (400, 400))
    assert place is not None
    assert place.hides == 0
    assert not place.apart
    wider = (box[0] - 1, box[1] - 1, box[2] + 1, box[3] + 1)
    assert meet(place.area, wider)


def test_the_label_of_a_box_over_all_of_a_picture_stands_in_it_at_an_edge() -> None:
    (place,) = placed([(40, 12)], [(0, 0, 399, 299)], (400, 300))
    assert place is not None
    assert place.area == (0, 0, 39, 11)


def test_a_label_that_finds_no_room_beside_its_box_stands_apart() -> None:
    box = (100, 100, 104, 104)
    places = placed([(30, 12)] * 20, [box] * 20, (300, 300))
    assert any(place is not None and place.apart for place in places)


def test_a_label_larger_than_the_picture_has_no_place() -> None:
    assert list(placed([(500, 12)], [(10, 10, 20, 20)], (100, 100))) == [None]


def test_a_label_about_the_picture_takes_the_corner_in_which_nothing_is() -> None:
    size = (200, 100)
    assert cornered((50, 10), [], size, [], 5).area == (0, 5, 49, 14)
    assert cornered((50, 10), [(0, 0, 80, 50)], size, [], 5).area == (150, 5, 199, 14)
    assert cornered((50, 10), [(0, 0, 199, 50)], size, [], 5).area == (0, 90, 49, 99)
    assert cornered((50, 10), [], size, [(0, 0, 60, 20)], 5).area == (150, 5, 199, 14)
