from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from taxolens.report.scale import decimals, fitted

SOUND = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 6))


def write(value: float, step: float) -> str:
    return f"{value:.{decimals(step)}f}"


@given(st.lists(SOUND, max_size=20))
def test_a_scale_holds_every_value_and_its_ticks_differ(values: list[float]) -> None:
    scale = fitted(values, write)
    assert scale.low < scale.high
    slack = 1e-6 * (scale.high - scale.low)
    assert all(scale.low - slack <= value <= scale.high + slack for value in values)
    assert all(scale.low - slack <= tick <= scale.high + slack for tick in scale.ticks)
    texts = [scale.write(tick) for tick in scale.ticks]
    assert 2 <= len(texts) <= 8
    assert len(set(texts)) == len(texts)


def test_values_that_are_not_finite_are_left_out() -> None:
    scale = fitted([float("nan"), 1.0, float("inf"), 2.0], write)
    assert (scale.low, scale.high) == (1.0, 2.0)


def test_a_scale_of_shares_stays_within_all_and_nothing() -> None:
    scale = fitted([1.0, 1.0], write, floor=0.0, ceiling=1.0)
    assert 0.0 <= scale.low < scale.high == 1.0
    assert scale.ticks


def test_a_place_beyond_the_ends_is_held_at_the_end() -> None:
    scale = fitted([0.0, 10.0], write)
    assert scale.share(-5.0) == 0.0
    assert scale.share(99.0) == 1.0
    assert scale.share(5.0) == 0.5
