"""Every operation that moves pixels, against a painted rectangle."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from taxolens.core.geometry import Box
from taxolens.imaging.operations.apply import apply_steps
from taxolens.imaging.operations.operation import Operation
from taxolens.imaging.operations.parameter import Kind, Parameter
from taxolens.imaging.operations.picture import Picture
from taxolens.imaging.operations.registry import make_step, operations

ROOM = "taxolens.imaging.operations."
SPATIAL = [
    name
    for name in operations()
    if operations()[name].spatial and operations()[name].run.__module__.startswith(ROOM)
]


def parameter_names(name: str) -> set[str]:
    return {parameter.name for parameter in operations()[name].parameters}


# In these, upright edges stay upright: a box can be exact
UPRIGHT = {"resize", "letterbox", "crop", "mirror", "flip", "random-flip", "random-zoom"}
PAINT, GROUND = 250, 10
LONGEST = 240


def painted(width: int, height: int, left: int, top: int, right: int, bottom: int) -> Picture:
    """A bright rectangle on dark ground, with its box and its mask; nobody may write into it."""
    pixels = np.full((height, width, 3), GROUND, np.uint8)
    pixels[top:bottom, left:right] = PAINT
    mask = pixels[..., 0] == PAINT
    pixels.flags.writeable = False
    mask.flags.writeable = False
    box = Box(left / width, top / height, (right - left) / width, (bottom - top) / height)
    return Picture.of(pixels, [box], mask)


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    width, height = draw(st.integers(20, 150)), draw(st.integers(20, 150))
    left, top = draw(st.integers(0, width - 6)), draw(st.integers(0, height - 6))
    right, bottom = draw(st.integers(left + 6, width)), draw(st.integers(top + 6, height))
    return painted(width, height, left, top, right, bottom)


def values_of(operation: Operation) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries({each.name: value_of(each) for each in operation.parameters})


def value_of(parameter: Parameter) -> st.SearchStrategy[object]:
    if parameter.kind is Kind.INT:
        return st.integers(int(parameter.low), min(LONGEST, int(parameter.high)))
    if parameter.kind is Kind.FLOAT:
        return st.floats(parameter.low, parameter.high)
    if parameter.kind is Kind.CHOICE:
        return st.sampled_from(parameter.choices)
    return st.booleans() if parameter.kind is Kind.BOOL else st.just((100, 100, 100))


def extent(bright: np.ndarray) -> np.ndarray | None:
    """Left, top, right, bottom of true pixels, in pixel edges."""
    rows, columns = np.flatnonzero(bright.any(axis=1)), np.flatnonzero(bright.any(axis=0))
    if not len(rows):
        return None
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], float)


def mirrored_ghosts(step_values: dict[str, object]) -> bool:
    """Whether the object may be seen a second time beyond the frame."""
    return step_values.get("border") in ("reflect", "edge")


@pytest.mark.parametrize("name", SPATIAL)
@settings(max_examples=40)
@given(data=st.data())
def test_the_box_still_covers_the_painted_object(name: str, data: st.DataObject) -> None:
    picture = data.draw(pictures())
    values = data.draw(values_of(operations()[name]))
    after = apply_steps(picture, [make_step(name, values)], data.draw(st.integers(0, 2**32)))
    assert after.mask is not None
    assert after.mask.shape == after.pixels.shape[:2]
    seen = after.mask if mirrored_ghosts(values) else after.pixels[..., 0] > (PAINT + GROUND) / 2
    where, by_mask = extent(seen), extent(after.mask)
    if not len(after.boxes) or where is None:
        return
    box = after.boxes[0]
    # what is squeezed to a line is nowhere bright
    assume((box[2:] - box[:2]).min() >= 3)
    limits = (after.width, after.height, after.width, after.height)
    assert (box >= 0).all() and (box <= limits).all()
    assert (box[:2] <= where[:2] + 1).all() and (box[2:] >= where[2:] - 1).all()
    if name in UPRIGHT:
        assert np.abs(box - where).max() <= 1
    assume(by_mask is not None)
    assert np.abs(by_mask - where).max() <= 1.01


@pytest.mark.parametrize("name", [name for name in SPATIAL if name not in UPRIGHT])
@settings(max_examples=40)
@given(data=st.data())
def test_the_box_of_a_turned_object_is_its_bounding_box(name: str, data: st.DataObject) -> None:
    picture = painted(
        160, 130, 60, 50, 60 + data.draw(st.integers(12, 40)), 50 + data.draw(st.integers(12, 40))
    )
    values: dict[str, object] = data.draw(values_of(operations()[name]))
    if "border" in values:
        values["border"] = "colour"
    after = apply_steps(picture, [make_step(name, values)], data.draw(st.integers(0, 2**32)))
    # a quarter of the paint counts too: the tip of a corner does not fill its pixel
    where = extent(after.pixels[..., 0] > (110 if "border" in values else 70))
    assume(where is not None and len(after.boxes) == 1)
    assert np.abs(after.boxes[0] - where).max() <= 2


@pytest.mark.parametrize("name", SPATIAL)
@settings(max_examples=40)
@given(data=st.data())
def test_pixel_centres_and_edges_are_not_mixed_up(name: str, data: st.DataObject) -> None:
    """The mean place of the object stays in the middle of what it covers: half a pixel off would show."""
    picture = painted(150, 150, 65, 65, 85, 85)
    values: dict[str, object] = data.draw(values_of(operations()[name]))
    if "border" in values:
        values["border"], values["colour"] = "colour", (GROUND, GROUND, GROUND)
    if name in ("letterbox", "resize"):
        values |= {"width": data.draw(st.integers(60, 240)), "height": data.draw(st.integers(60, 240))}
        values |= {"filter": "bilinear"} | (
            {"colour": (GROUND, GROUND, GROUND)} if name == "letterbox" else {}
        )
    after = apply_steps(picture, [make_step(name, values)], data.draw(st.integers(0, 2**32)))
    assume(len(after.boxes) == 1 and after.visible[0] > 0.999)
    weight = after.pixels[..., 0].astype(float) - GROUND
    across = (weight.sum(axis=0) @ (np.arange(after.width) + 0.5)) / weight.sum()
    down = (weight.sum(axis=1) @ (np.arange(after.height) + 0.5)) / weight.sum()
    left, top, right, bottom = after.boxes[0]
    # a perspective and a wave take the mean a little away from the middle of the box
    slack = 0.25 if name not in ("random-perspective", "random-distortion") else 0.1 * (right - left)
    assert across == pytest.approx((left + right) / 2, abs=slack)
    assert down == pytest.approx((top + bottom) / 2, abs=slack)


@pytest.mark.parametrize("name", SPATIAL)
@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (700, 2), (3, 3), (33, 1)])
def test_the_smallest_and_the_longest_photos_survive(name: str, shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    picture = Picture.of(pixels, [Box(0, 0, 1, 1)], np.ones(shape, bool))
    for seed in range(3):
        after = apply_steps(picture, [make_step(name, {})], seed)
        assert after.pixels.dtype == np.uint8
        assert min(after.pixels.shape[:2]) >= 1
        assert after.mask is not None and after.mask.shape == after.pixels.shape[:2]


@pytest.mark.parametrize("name", ["rotate", "random-shear", "random-perspective", "random-distortion"])
def test_a_panorama_longer_than_opencv_can_count_survives(name: str) -> None:
    pixels = np.zeros((4, 33_000, 3), np.uint8)
    pixels[1:3, 10_000:20_000] = 255
    picture = Picture.of(
        pixels, [Box(10_000 / 33_000, 0.25, 10_000 / 33_000, 0.5)], np.zeros((4, 33_000), np.bool_)
    )
    values = {"angle": 0.01, "expand": False} if name == "rotate" else {"strength": 0.01}
    after = apply_steps(picture, [make_step(name, values)], 3)
    assert after.pixels.shape == pixels.shape
    columns = np.flatnonzero(after.pixels[..., 0].max(axis=0) > 127)
    assert after.boxes[0, [0, 2]] == pytest.approx([columns[0], columns[-1] + 1], abs=10)


@pytest.mark.parametrize("name", SPATIAL)
def test_a_photo_without_boxes_and_mask_stays_without(name: str) -> None:
    picture = dataclasses.replace(painted(40, 30, 5, 5, 20, 20), mask=None).keep_boxes(np.array([False]))
    after = apply_steps(picture, [make_step(name, {})], 1)
    assert after.boxes.shape == (0, 4) and after.rows.shape == (0,) and after.mask is None


@given(quarters=st.sampled_from([-270, -180, -90, 0, 90, 180, 270, 360]), picture=pictures())
def test_quarter_turns_are_exact(quarters: int, picture: Picture) -> None:
    after = apply_steps(picture, [make_step("rotate", {"angle": quarters})])
    assert np.array_equal(after.pixels, np.rot90(picture.pixels, quarters // 90))
    where = extent(after.pixels[..., 0] == PAINT)
    assert where is not None and after.boxes[0] == pytest.approx(where)


@given(picture=pictures())
def test_mirroring_twice_gives_the_photo_back(picture: Picture) -> None:
    for name in ("mirror", "flip"):
        after = apply_steps(picture, [make_step(name, {})] * 2)
        assert np.array_equal(after.pixels, picture.pixels)
        assert after.boxes == pytest.approx(picture.boxes)


@pytest.mark.parametrize("name", [name for name in SPATIAL if "strength" in parameter_names(name)])
@given(picture=pictures())
def test_no_strength_changes_nothing(name: str, picture: Picture) -> None:
    after = apply_steps(picture, [make_step(name, {"strength": 0})], 5)
    assert np.array_equal(after.pixels, picture.pixels)
    assert after.boxes == pytest.approx(picture.boxes)
    assert np.array_equal(after.mask, picture.mask)
