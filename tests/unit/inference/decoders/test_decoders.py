from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from taxolens.core.errors import ModelError, UsageError
from taxolens.inference.decoders.candidates import Output
from taxolens.inference.decoders.grid import cells, grid, strides_for
from taxolens.inference.decoders.registry import DECODERS
from taxolens.inference.suppression import suppress
from tests.unit.inference.raw_outputs import cell_table, written

SIDES = st.sampled_from([(128, 128), (160, 96), (96, 224)])
"""Width and height."""


@st.composite
def boxes(draw: st.DrawFn, width: int, height: int, count: int) -> np.ndarray:
    """[count, 4]: boxes of 24 to 88 pixels around a place in the input; they may reach beyond its edge."""
    found = []
    for _ in range(count):
        x, y = draw(st.floats(20, width - 20)), draw(st.floats(20, height - 20))
        half = draw(st.floats(12, 44)), draw(st.floats(12, 44))
        found.append((x - half[0], y - half[1], x + half[0], y + half[1]))
    return np.array(found, np.float32).reshape(-1, 4)


@pytest.mark.parametrize("family", DECODERS)
@given(data=st.data(), sides=SIDES, count=st.integers(0, 5), classes=st.integers(1, 6))
def test_what_a_family_writes_is_read_as_it_was_meant(
    family: str, data: st.DataObject, sides: tuple[int, int], count: int, classes: int
) -> None:
    corners = data.draw(boxes(*sides, count))
    scores = data.draw(
        arrays.arrays(np.float32, (count, classes), elements=st.floats(0.25, 1, width=32), fill=st.nothing())
    )
    # Rows with the same box are one thing to RT-DETR.
    assume(family != "rt-detr" or len(np.unique(corners, axis=0)) == count)
    raw = written(family, corners, scores, *sides)
    found = DECODERS[family].decode(Output(raw, *sides, classes), least=0.2)
    assert len(found) == count
    order = [int(np.abs(found.corners - one / np.tile(sides, 2)).sum(axis=1).argmin()) for one in corners]
    np.testing.assert_allclose(found.corners[order] * np.tile(sides, 2), corners, atol=0.02)
    if len(set(order)) < count:
        return
    if DECODERS[family].all_classes:
        np.testing.assert_allclose(found.scores[order], scores, atol=1e-5)
    else:
        np.testing.assert_allclose(found.confidences[order], scores.max(axis=1, initial=0), atol=1e-6)
        assert (found.scores > 0).sum() == count


@pytest.mark.parametrize("family", DECODERS)
def test_candidates_that_are_less_sure_than_asked_are_left_out(family: str) -> None:
    corners = np.array([[10, 10, 40, 40], [50, 50, 90, 90]], np.float32)
    scores = np.array([[0.3, 0.1], [0.2, 0.8]], np.float32)
    output = Output(written(family, corners, scores, 128, 128), 128, 128, 2)
    assert len(DECODERS[family].decode(output, least=0.31)) == 1
    assert len(DECODERS[family].decode(output, least=0.81)) == 0


@pytest.mark.parametrize("family", DECODERS)
def test_another_number_of_classes_than_the_card_names_is_told_in_one_sentence(family: str) -> None:
    raw = written(
        family, np.array([[9, 9, 60, 60]], np.float32), np.array([[0, 0, 0.9]], np.float32), 128, 128
    )
    with pytest.raises(ModelError, match=r"2 classes") as caught:
        DECODERS[family].decode(Output(raw, 128, 128, 2), least=0.1)
    assert "models describe" in str(caught.value)


@pytest.mark.parametrize("family", DECODERS)
@pytest.mark.parametrize("shape", [(0, 0), (1,), (7, 7), (2, 3, 4), (100_000, 3)])
def test_an_output_of_another_shape_is_told_in_one_sentence(family: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match="does not fit its decoder"):
        DECODERS[family].decode(Output(np.zeros(shape, np.float32), 128, 128, 4), least=0.1)


def test_the_output_of_yolov8_may_be_turned_over() -> None:
    corners, scores = np.array([[9, 9, 60, 60]], np.float32), np.array([[0.1, 0.9]], np.float32)
    raw = written("yolov8", corners, scores, 128, 128)
    one = DECODERS["yolov8"].decode(Output(raw, 128, 128, 2), least=0.5)
    other = DECODERS["yolov8"].decode(Output(raw.T, 128, 128, 2), least=0.5)
    np.testing.assert_array_equal(one.corners, other.corners)


def test_a_box_too_large_for_a_number_stays_a_number() -> None:
    raw = written("yolox", np.array([[9, 9, 60, 60]], np.float32), np.array([[0.9]], np.float32), 128, 128)
    raw[:, 2:4] = 1e30
    found = DECODERS["yolox"].decode(Output(raw, 128, 128, 1), least=0.5)
    assert np.isfinite(found.corners).all()


@pytest.mark.parametrize("family", ["yolov5", "yolov8"])
def test_a_hundred_thousand_candidates_are_thinned_in_seconds(family: str) -> None:
    random = np.random.default_rng(0)
    raw = random.random((100_000, 85 if family == "yolov5" else 84), dtype=np.float32)
    raw[:, :4] *= 640
    began = time.process_time()
    found = DECODERS[family].decode(Output(raw, 640, 640, 80), least=0.05)
    kept = suppress(found, 0.45)
    assert len(found) > 90_000 and len(kept) == 300
    assert time.process_time() - began < 10


def test_cells_are_counted_finest_first_and_row_by_row() -> None:
    for width, height in ((128, 96), (416, 416)):
        made, table = grid(width, height, (8, 16, 32)), cell_table(width, height)
        np.testing.assert_array_equal(made.corners, table[:, :2])
        np.testing.assert_array_equal(made.strides[:, 0], table[:, 2])


@pytest.mark.parametrize(
    ("count", "side", "strides"),
    [(3549, 416, (8, 16, 32)), (8400, 640, (8, 16, 32)), (2125, 320, (8, 16, 32, 64)), (8401, 640, None)],
)
def test_the_number_of_cells_tells_their_sides(
    count: int, side: int, strides: tuple[int, ...] | None
) -> None:
    assert strides_for(count, side, side) == strides
    assert strides is None or cells(side, side, strides) == count


def test_a_decoder_that_is_not_known_is_told_with_those_that_are() -> None:
    with pytest.raises(UsageError, match="Choose from: yolov8"):
        DECODERS["yolov9000"]
