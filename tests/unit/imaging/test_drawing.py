from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from taxolens.core.geometry import Box
from taxolens.imaging import drawing
from taxolens.imaging.drawing import Mark, drawable, drawn


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


def test_letters_that_the_font_lacks_are_written_plainer() -> None:
    assert drawable("Fox, 93 %") == "Fox, 93 %"
    assert drawable("Écureuil") in ("Écureuil", "Ecureuil")
    assert drawable("\U0001f98a") == "?"


def test_accents_need_no_font_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    for known in (drawing._font, drawing._font_file, drawing._has_glyph):
        known.cache_clear()
    monkeypatch.setattr(drawing, "_FONTS", ())
    assert drawable("Écureuil, jeleń 狼") == "Ecureuil, jelen ?"
    for known in (drawing._font, drawing._font_file, drawing._has_glyph):
        known.cache_clear()
