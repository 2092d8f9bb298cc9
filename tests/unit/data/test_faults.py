"""Photos that hardly show anything."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from taxolens.core.geometry import Box
from taxolens.core.records import Annotation, Image
from taxolens.data.faults import find_faults
from taxolens.data.looks import Looks

N = 50


def _looks(n: int = N, **changed: dict[int, float]) -> Looks:
    """n ordinary photos that vary, but for some rows of some columns."""
    random = np.random.default_rng(0)
    zeros = np.zeros(n, np.float32)
    looks = Looks(
        kept=np.arange(n),
        failures=(),
        widths=np.full(n, 640, np.int32),
        heights=np.full(n, 480, np.int32),
        brightness=zeros + 0.5,
        contrast=zeros + 0.2,
        sharpness=np.exp(random.normal(np.log(0.02), 0.5, n)).astype(np.float32),
        saturation=zeros + 0.3,
        dark=zeros + 0.05,
        bright=zeros + 0.01,
        day=np.ones(n, np.int8),
        phash=np.arange(n, dtype=np.uint64),
        dhash=np.arange(n, dtype=np.uint64),
        border=np.zeros((n, 8, 3), np.uint8),
        labels=(),
        means=MappingProxyType({}),
    )
    for name, values in changed.items():
        for row, value in values.items():
            getattr(looks, name)[row] = value
    return looks


def _images(n: int = N) -> list[Image]:
    return [Image(Path(f"{i}"), f"{i}") for i in range(n)]


def _codes(looks: Looks) -> list[tuple[int, str]]:
    return [(one.index, one.code) for one in find_faults(_images(len(looks)), looks)]


def test_ordinary_photos_have_no_fault() -> None:
    assert _codes(_looks()) == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"widths": {3: 31}}, "tiny"),
        ({"widths": {3: 4000}}, "odd_aspect"),
        ({"dark": {3: 0.95}}, "dark"),
        ({"bright": {3: 0.95}}, "over_exposed"),
        ({"contrast": {3: 0.001}}, "flat"),
        ({"sharpness": {3: 0.0002}}, "blurred"),
    ],
)
def test_each_fault_is_found_with_its_value_and_limit(
    changed: dict[str, dict[int, float]], code: str
) -> None:
    found = [one for one in find_faults(_images(), _looks(**changed)) if one.code == code]
    assert [one.index for one in found] == [3]
    above = code in ("odd_aspect", "dark", "over_exposed")
    assert (found[0].value > found[0].limit) is above
    assert found[0].reason


def test_the_worst_comes_first() -> None:
    assert _codes(_looks(sharpness={9: 3e-4, 4: 1e-4})) == [(4, "blurred"), (9, "blurred")]


@pytest.mark.parametrize(
    ("column", "value"), [("dark", 0.93), ("bright", 0.93), ("contrast", 0.012), ("sharpness", 4e-4)]
)
def test_a_set_that_is_so_as_a_whole_is_not_listed(column: str, value: float) -> None:
    looks = _looks()
    getattr(looks, column)[:] *= value / np.median(getattr(looks, column))
    assert _codes(looks) == []


def test_in_a_dark_set_the_one_that_shows_nothing_is_still_found() -> None:
    looks = _looks(dark=dict.fromkeys(range(N), 0.93))
    looks.dark[5] = 1.0
    assert (5, "dark") in _codes(looks)


def test_a_photo_somewhat_softer_than_very_sharp_ones_is_not_blurred() -> None:
    looks = _looks()
    looks.sharpness[:] = 0.3
    looks.sharpness[7] = 0.01
    assert _codes(looks) == []


def test_a_black_photo_is_not_called_blurred_too() -> None:
    assert _codes(_looks(dark={2: 1.0}, sharpness={2: 0.0})) == [(2, "dark")]


def test_night_and_day_in_one_set_do_not_hide_a_blurred_photo() -> None:
    looks = _looks()
    looks.sharpness[:25] = 0.05
    looks.sharpness[25:] = 0.003
    looks.sharpness[30] = 0.0002
    assert _codes(looks) == [(30, "blurred")]


def _boxed(*boxes: tuple[str, Box]) -> list[str]:
    image = Image(Path("x"), "x", annotations=tuple(Annotation(label, box) for label, box in boxes))
    looks = replace(_looks(1), sharpness=np.full(1, 0.02, np.float32))
    return [one.code for one in find_faults([image], looks)]


def test_boxes_without_extent_are_found() -> None:
    assert _boxed(("bee", Box(0.2, 0.2, 0.0, 0.3))) == ["box_empty"]
    assert _boxed(("bee", Box(0.2, 0.2, 0.001, 0.3))) == ["box_empty"]  # two thirds of a pixel
    assert _boxed(("bee", Box(0.2, 0.2, 0.1, 0.3))) == []


def test_boxes_drawn_twice_are_found_once_for_each_copy() -> None:
    one, nearly, other = Box(0.2, 0.2, 0.3, 0.3), Box(0.201, 0.2, 0.3, 0.3), Box(0.25, 0.25, 0.3, 0.3)
    assert _boxed(("bee", one), ("bee", nearly), ("bee", other)) == ["box_twice"]
    assert _boxed(("bee", one), ("bee", one), ("bee", one)) == ["box_twice"] * 2
    assert _boxed(("bee", one), ("fly", one)) == []


def test_images_and_looks_must_be_of_the_same_photos() -> None:
    with pytest.raises(ValueError, match="3 images and 2 looks"):
        find_faults(_images(3), _looks(2))


def test_no_photos_have_no_faults() -> None:
    assert find_faults([], _looks(0)) == ()


def test_ten_thousand_boxes_in_a_column_are_looked_at_in_seconds() -> None:
    column = [("bee", Box(0.1, i / 20_000, 0.5, 1e-5)) for i in range(10_000)]
    started = time.perf_counter()
    assert "box_twice" in _boxed(*column, ("bee", column[5000][1]))
    assert time.perf_counter() - started < 25  # every box with every other takes minutes
