from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from taxolens.core.geometry import Box
from taxolens.imaging import drawing
from taxolens.imaging.drawing import COLOURS, Mark, drawn


def grey(width: int = 600, height: int = 400) -> Image.Image:
    return Image.new("RGB", (width, height), (90, 90, 90))


def changed(picture: Image.Image) -> np.ndarray:  # type: ignore[type-arg]
    return np.any(np.asarray(picture) != 90, axis=2)


def test_a_frame_runs_around_the_box_and_leaves_what_is_in_it() -> None:
    seen = changed(drawn(grey(), [Mark("fox 93 %", Box(0.25, 0.25, 0.5, 0.5))]))
    assert seen[100:300, 149].all()
    assert seen[299 + 2, 160:440].all()
    assert not seen[104:296, 154:446].any()


def test_a_text_stands_above_its_box() -> None:
    picture = drawn(grey(), [Mark("fox 93 %", Box(0.25, 0.25, 0.5, 0.5))])
    seen = changed(picture)
    assert seen[86:96, 155:190].all()
    assert len(np.unique(np.asarray(picture)[86:96, 155:190].reshape(-1, 3), axis=0)) > 5


def test_the_text_of_a_box_at_the_top_stands_below_it_or_in_it() -> None:
    below = changed(drawn(grey(), [Mark("fox", Box(0.25, 0, 0.5, 0.5))]))
    assert below[203:210, 152:170].all()
    inside = changed(drawn(grey(), [Mark("fox", Box(0, 0, 1, 1))]))
    assert inside[3:10, 3:20].all()


def test_texts_do_not_hide_each_other_as_long_as_there_is_room() -> None:
    box = Box(0.3, 0.5, 0.3, 0.3)
    alone = changed(drawn(grey(), [Mark("fox", box)])).sum()
    three = changed(drawn(grey(), [Mark("fox", box), Mark("fox", box), Mark("fox", box)])).sum()
    assert three > alone + 2 * 10 * 20


def test_a_text_without_a_box_leaves_the_line_of_the_camera_free() -> None:
    seen = changed(drawn(grey(), [Mark("fox 93 %")]))
    assert seen[20:28, 2:30].all()
    assert not seen[:16].any()
    assert not seen[200:].any()


@settings(max_examples=40)
@given(
    st.lists(st.tuples(*[st.floats(0, 1)] * 4), max_size=4),
    st.integers(1, 300),
    st.integers(1, 300),
    st.text(max_size=80),
)
def test_anything_can_be_drawn_on_a_photo_of_any_size(
    boxes: list[tuple[float, ...]], width: int, height: int, text: str
) -> None:
    marks = [
        Mark(text.replace("\n", " "), Box(x, y, w * (1 - x), h * (1 - y)), number)
        for number, (x, y, w, h) in enumerate(boxes)
    ]
    assert drawn(grey(width, height), marks).size == (width, height)


def colour_at(picture: Image.Image, x: int, y: int) -> tuple[int, ...]:
    return tuple(np.asarray(picture)[y, x].tolist())


def test_the_frame_of_an_unsure_box_is_broken() -> None:
    box = Box(0.25, 0.25, 0.5, 0.5)
    sure, unsure = (changed(drawn(grey(), [Mark("", box, dashed=dashed)])) for dashed in (False, True))
    assert sure[302, 152:448].all()
    assert 0.3 < unsure[302, 152:448].mean() < 0.7


def test_a_number_stands_before_the_text() -> None:
    box = Box(0.25, 0.25, 0.5, 0.5)
    without, with_number = (
        changed(drawn(grey(), [Mark("fox 93 %", box, number=number)]))[85:90].sum() for number in (None, 7)
    )
    assert with_number > without


def test_where_texts_have_no_room_boxes_have_numbers_and_colours_a_key() -> None:
    """A hundred boxes side by side: a text is longer than the room of several."""
    marks = [
        Mark(
            "springtail 93 %",
            Box(x / 10, 0.1 + y * 0.09, 0.03, 0.03),
            number=1 + 10 * y + x,
            name="springtail",
        )
        for x in range(10)
        for y in range(10)
    ]
    picture = drawn(grey(900, 900), marks)
    seen = changed(picture)
    for mark in marks:
        assert mark.box is not None
        left, top = round(mark.box.x * 900), round(mark.box.y * 900)
        assert not seen[top + 2 : top + 24, left + 2 : left + 24].any()
    key = seen[round(900 * 0.045) + 2, 2:60]
    assert key.all()
    assert colour_at(picture, 2, round(900 * 0.045) + 2) == COLOURS[0]


def test_the_key_counts_the_boxes_of_each_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(drawing, "_write", lambda pen, label, area: written.append(label.text))
    crowd = [
        Mark(f"{name} 93 %", Box(x / 40, 0.5, 0.02, 0.02), colour, number=1 + x, name=name)
        for x in range(36)
        for colour, name in [(x % 2, ("mite", "springtail")[x % 2])]
    ]
    drawn(grey(), crowd)
    assert written == [*map(str, range(1, 37)), "mite: 18", "springtail: 18"]


def test_the_photo_itself_stays_as_it_is() -> None:
    photo = grey()
    drawn(photo, [Mark("fox", Box(0, 0, 1, 1))])
    assert not changed(photo).any()
