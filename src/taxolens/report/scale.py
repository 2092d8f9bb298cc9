"""From values to places in a drawing, with round figures along the way."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_MOST_DECIMALS = 9


@dataclass(frozen=True, slots=True)
class Scale:
    """One axis.

    Attributes:
        low: value at its beginning.
        high: value at its end, larger than `low`.
        ticks: values that are marked.
        write: how a value is written.
        title: what is measured.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    write: Callable[[float], str]
    title: str = ""

    def share(self, value: float) -> float:
        """Where a value lies between the ends, 0..1; values beyond them are held at the end."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)


def round_step(span: float, wanted: int) -> float:
    """The round step (1, 2, 2.5 or 5 times a power of ten) that cuts `span` into at most `wanted`."""
    rough = span / max(wanted, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in _STEPS if step * power >= rough * (1 - 1e-9))


def fitted(
    values: Iterable[float],
    write: Callable[[float, float], str],
    *,
    title: str = "",
    wanted: int = 5,
    floor: float | None = None,
    ceiling: float | None = None,
    least: float = 0.0,
) -> Scale:
    """A scale around all finite values, its ends round.

    Args:
        write: writes a value, given the step between ticks.
        wanted: about how many ticks.
        floor: value that the scale never goes below, and begins with where there is room.
        ceiling: value that the scale never goes beyond.
        least: step between ticks that is never gone below.
    """
    finite = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    if high - low < 1e-9 * max(1.0, abs(high)):
        low, high = low - (abs(low) * 0.1 or 0.5), high + (abs(high) * 0.1 or 0.5)
    step = max(round_step(high - low, wanted), least)
    low, high = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    low = max(low, floor) if floor is not None else low
    high = min(high, ceiling) if ceiling is not None else high
    if high <= low:
        low, high = (high - step, high) if ceiling is not None else (low, low + step)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    ticks = tuple(number * step for number in range(first, last + 1))
    return Scale(low, high, ticks, lambda value: write(value, step), title)


def decimals(step: float) -> int:
    """How many decimals tell ticks `step` apart from each other."""
    for digits in range(_MOST_DECIMALS):
        scaled = step * 10**digits
        if round(scaled) >= 1 and abs(scaled - round(scaled)) <= 1e-6 * scaled:
            return digits
    return _MOST_DECIMALS
