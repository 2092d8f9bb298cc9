from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.errors import UsageError
from taxolens.core.geometry import Box
from taxolens.imaging.region import CropRule, region

SIDES = st.integers(1, 6000)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x, y = draw(st.floats(0, 1)), draw(st.floats(0, 1))
    return Box(x, y, draw(st.floats(0, 1)) * (1 - x), draw(st.floats(0, 1)) * (1 - y))


RULES = st.builds(CropRule, st.floats(0, 5), st.integers(1, 400), st.booleans())


@given(box=boxes(), size=st.tuples(SIDES, SIDES), rule=RULES)
def test_a_crop_holds_its_box_and_lies_in_the_photo(box: Box, size: tuple[int, int], rule: CropRule) -> None:
    part = region(box, size, rule)
    assert (
        part.x >= 0 and part.y >= 0 and part.x + part.width <= 1 + 1e-9 and part.y + part.height <= 1 + 1e-9
    )
    assert part.x <= box.x and part.x + part.width >= box.x + box.width - 1e-9
    assert part.y <= box.y and part.y + part.height >= box.y + box.height - 1e-9


@given(box=boxes(), size=st.tuples(SIDES, SIDES), rule=RULES)
def test_a_crop_has_its_pixels_as_far_as_the_photo_has_them(
    box: Box, size: tuple[int, int], rule: CropRule
) -> None:
    part = region(box, size, rule)
    assert part.width * size[0] >= min(rule.pixels, size[0]) - 1e-6
    assert part.height * size[1] >= min(rule.pixels, size[1]) - 1e-6


@given(box=boxes(), side=st.integers(100, 4000))
def test_a_square_crop_of_a_square_photo_is_square(box: Box, side: int) -> None:
    part = region(box, (side, side), CropRule())
    assert part.width == pytest.approx(part.height, abs=1e-9)


def test_the_margin_is_a_share_of_the_box_on_each_side() -> None:
    part = region(Box(0.4, 0.4, 0.2, 0.1), (1000, 1000), CropRule(margin=0.5, pixels=1, square=False))
    assert (part.x, part.y, part.width, part.height) == pytest.approx((0.3, 0.35, 0.4, 0.2))


def test_what_would_stick_out_is_moved_into_the_photo() -> None:
    part = region(Box(0.9, 0.0, 0.1, 0.2), (1000, 500), CropRule(margin=0.0, pixels=1))
    assert (part.x, part.y, part.width, part.height) == pytest.approx((0.9, 0.0, 0.1, 0.2))
    part = region(Box(0.95, 0.0, 0.05, 0.2), (1000, 500), CropRule(margin=0.0, pixels=200))
    assert (part.x, part.y, part.width, part.height) == pytest.approx((0.8, 0.0, 0.2, 0.4))


@pytest.mark.parametrize("fields", [{"margin": -0.1}, {"margin": 6}, {"pixels": 0}, {"least": 1.5}])
def test_a_rule_that_cannot_be_meant_is_refused(fields: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        CropRule(**fields)  # type: ignore[arg-type]
