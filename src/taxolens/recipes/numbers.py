"""Numbers that a recipe may hold."""

from __future__ import annotations

from taxolens.core.errors import UsageError


def check_share(name: str, value: float) -> None:
    """Refuses a share that cannot be meant.

    Raises:
        UsageError: it is not above 0 and below 1.
    """
    if not 0 < value < 1:
        raise UsageError(
            "{name} is a share above 0 and below 1, such as 0.95, not {value}.", name=name, value=value
        )


def check_count(name: str, value: int) -> None:
    """Refuses a count that cannot be meant.

    Raises:
        UsageError: it is negative.
    """
    if value < 0:
        raise UsageError("{name} is a whole number from 0, not {value}.", name=name, value=value)


def check_gap(gap: float) -> None:
    """Refuses a gap between photos of one event that cannot be meant.

    Raises:
        UsageError: it is negative or no number.
    """
    if not gap >= 0:
        raise UsageError(
            "The gap {gap} is not possible. Give seconds (exif) or steps (filename), 0 or more.", gap=gap
        )


def check_within(name: str, value: float | None, low: float, high: float) -> None:
    """Refuses a value outside its range; None is left to others.

    Raises:
        UsageError: it is lower or higher.
    """
    if value is not None and not low <= value <= high:
        raise UsageError(
            "{name} lies from {low:g} to {high:g}, not at {value:g}.",
            name=name,
            low=low,
            high=high,
            value=value,
        )
